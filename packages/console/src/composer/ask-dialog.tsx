import { Plus, X } from 'lucide'
import { useState } from 'preact/hooks'
import { useConsole } from '../app/console'
import type { Place } from '../state'
import { visibleName } from '../text'
import { Button, Dialog, Field, IconButton, wordsOf } from '../ui'

interface AskDialogProps {
  readonly place: Place
  /** What stands in the field. */
  readonly question: string
  readonly onClose: () => void
}

const MOST_OPTIONS = 10

/** Seconds until a question expires. */
const EXPIRY = [
  [3600, '1 hour'],
  [28_800, '8 hours'],
  [86_400, '1 day'],
  [604_800, '1 week'],
] as const

/** Asks people for a decision: the question, the answers to choose from, who may decide, until when. */
export function AskDialog({ place, question: written, onClose }: AskDialogProps) {
  const app = useConsole()
  const me = app.store.me.value?.handle
  const people = (app.store.members.get(place.channel) ?? []).filter(
    ({ kind, role, handle }) => kind === 'human' && role !== 'read_only' && handle !== me,
  )
  const [question, setQuestion] = useState(written)
  const [options, setOptions] = useState<readonly string[]>(['Yes', 'No'])
  const [approvers, setApprovers] = useState<readonly string[]>([])
  const [ttl, setTtl] = useState<number>(86_400)
  const [problem, setProblem] = useState('')
  const given = options.map((option) => option.trim()).filter((option) => option !== '')

  const ask = async () => {
    if (question.trim() === '') return setProblem('Write the question.')
    if (given.length < 2) return setProblem('Give at least two answers.')
    if (new Set(given).size < given.length) return setProblem('Two answers are the same.')
    try {
      await app.acts.ask(place.channel, question.trim(), given, {
        ttl,
        ...(approvers.length === 0 ? {} : { approvers }),
        ...(place.thread === null ? {} : { replyTo: place.thread }),
      })
    } catch (error) {
      return setProblem(wordsOf(error).detail)
    }
    // What was written has been asked.
    if (question === written || written.trim() === question.trim()) app.drafts.change(place, { text: '' })
    onClose()
  }
  const name = (display: string | null, handle: string) => visibleName(display || handle)
  return (
    <Dialog
      title="Ask for a decision"
      onClose={onClose}
      acts={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" onPress={ask}>
            Ask
          </Button>
        </>
      }
    >
      <form class="ask" onSubmit={(event) => event.preventDefault()}>
        <label class="field">
          Question
          <textarea
            class="text"
            rows={2}
            value={question}
            onInput={({ currentTarget }) => setQuestion(currentTarget.value)}
          />
        </label>
        <fieldset>
          <legend>Answers</legend>
          {options.map((option, at) => (
            <Field
              // Answers have no name but their place.
              key={at}
              label={`Answer ${at + 1}`}
              value={option}
              maxLength={64}
              onInput={({ currentTarget }) =>
                setOptions(options.map((one, other) => (other === at ? currentTarget.value : one)))
              }
              after={
                options.length > 2 && (
                  <IconButton
                    icon={X}
                    label={`Remove answer ${at + 1}`}
                    onPress={() => setOptions(options.filter((_, other) => other !== at))}
                  />
                )
              }
            />
          ))}
          {options.length < MOST_OPTIONS && (
            <Button small look="plain" icon={Plus} onPress={() => setOptions([...options, ''])}>
              Add an answer
            </Button>
          )}
        </fieldset>
        <fieldset>
          <legend>Who may decide</legend>
          <p class="hint">
            {approvers.length === 0 ? 'Every person here. Choose some to narrow it.' : 'Only those chosen.'}
          </p>
          <div class="deciders">
            {people.map(({ handle, display_name }) => (
              <label key={handle}>
                <input
                  type="checkbox"
                  checked={approvers.includes(handle)}
                  onChange={({ currentTarget }) =>
                    setApprovers(
                      currentTarget.checked
                        ? [...approvers, handle]
                        : approvers.filter((one) => one !== handle),
                    )
                  }
                />
                {name(display_name, handle)}
              </label>
            ))}
          </div>
        </fieldset>
        <label class="field">
          Expires after
          <select value={ttl} onChange={({ currentTarget }) => setTtl(Number(currentTarget.value))}>
            {EXPIRY.map(([seconds, words]) => (
              <option key={seconds} value={seconds}>
                {words}
              </option>
            ))}
          </select>
        </label>
        {problem !== '' && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </form>
    </Dialog>
  )
}
