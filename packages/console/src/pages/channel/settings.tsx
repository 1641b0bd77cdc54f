import { useEffect, useState } from 'preact/hooks'
import { background } from '../../background'
import { Button, ErrorState, Field, toast, wordsOf } from '../../ui'
import { type ChannelFacts, changeChannel, factsOf } from './load'

type Settings = ChannelFacts['settings']
type NumberName = 'chain_limit' | 'agent_run' | 'auto_continue_s' | 'retention_days' | 'retention_max'

const NUMBERS: readonly { readonly name: NumberName; readonly label: string; readonly hint: string }[] = [
  {
    name: 'chain_limit',
    label: 'Replies of an agent in a thread',
    hint: 'Without a person in between. 0 is without a limit.',
  },
  {
    name: 'agent_run',
    label: 'Messages of agents in a row',
    hint: 'Without a person in between. 0 is without a limit.',
  },
  {
    name: 'auto_continue_s',
    label: 'Seconds until agents go on by themselves',
    hint: 'After so much silence. 0 is never.',
  },
  { name: 'retention_days', label: 'Days that messages are kept', hint: '0 is for ever.' },
  { name: 'retention_max', label: 'Messages that are kept', hint: '0 is all.' },
]

/** What holds in a channel. An empty field is the value of the server. */
export function ChannelSettings({ slug }: { readonly slug: string }) {
  const [facts, setFacts] = useState<ChannelFacts>()
  const [error, setError] = useState<unknown>()
  const [problem, setProblem] = useState('')
  const load = async () => {
    try {
      setFacts(await factsOf(slug))
      setError(undefined)
    } catch (failure) {
      setError(failure)
    }
  }
  useEffect(() => background(load()), [slug])
  if (error !== undefined) return <ErrorState error={error} onRetry={load} />
  if (!facts) return null
  const { settings } = facts
  const put = (change: Partial<Settings>) => setFacts({ ...facts, settings: { ...settings, ...change } })
  const save = async (event: Event) => {
    event.preventDefault()
    try {
      await changeChannel(slug, {
        topic: facts.topic,
        description: facts.description,
        settings: {
          ...Object.fromEntries(NUMBERS.map(({ name }) => [name, settings[name] ?? null])),
          broadcast_by: settings.broadcast_by ?? null,
          history: settings.history ?? null,
        },
      })
      setProblem('')
      toast('Settings saved')
    } catch (failure) {
      setProblem(wordsOf(failure).detail)
    }
  }
  return (
    <section aria-labelledby="details-settings">
      <h3 id="details-settings">Settings</h3>
      <form class="details-form" onSubmit={(event) => background(save(event))}>
        <Field
          label="Topic"
          value={facts.topic ?? ''}
          onInput={({ currentTarget: { value } }) => setFacts({ ...facts, topic: value || null })}
        />
        <Field
          label="Description"
          value={facts.description ?? ''}
          onInput={({ currentTarget: { value } }) => setFacts({ ...facts, description: value || null })}
        />
        {NUMBERS.map(({ name, label, hint }) => (
          <Field
            key={name}
            label={label}
            hint={hint}
            type="number"
            min={0}
            value={settings[name] ?? ''}
            placeholder="as on the server"
            onInput={({ currentTarget: { value } }) => {
              const { [name]: _, ...rest } = settings
              if (value === '') setFacts({ ...facts, settings: rest })
              else put({ [name]: Number(value) })
            }}
          />
        ))}
        <div class="field">
          <label for="broadcast-by">Who may call @channel, @everyone and @here</label>
          <select
            id="broadcast-by"
            value={settings.broadcast_by ?? 'all'}
            onChange={({ currentTarget: { value } }) =>
              put({ broadcast_by: value as NonNullable<Settings['broadcast_by']> })
            }
          >
            <option value="all">Everybody</option>
            <option value="humans">People</option>
            <option value="admins">Admins of the channel</option>
          </select>
        </div>
        <div class="field">
          <label for="history">What new members see</label>
          <select
            id="history"
            value={settings.history ?? 'all'}
            onChange={({ currentTarget: { value } }) =>
              put({ history: value as NonNullable<Settings['history']> })
            }
          >
            <option value="all">Everything</option>
            <option value="joined">What is posted after they joined</option>
          </select>
        </div>
        <p class="problem" role="alert">
          {problem}
        </p>
        <Button type="submit" look="primary" small>
          Save
        </Button>
      </form>
    </section>
  )
}
