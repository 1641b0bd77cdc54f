import type { Claim } from '@synapse/client'
import { useState } from 'preact/hooks'
import { Button } from './button'
import { clockOf } from './clock'
import { Dialog } from './dialog'
import { Field } from './field'
import { wordsOf } from './words'

/** What a person chose. `minutes` null: until somebody resumes. `channel` null: everywhere. */
export interface PauseChoice {
  readonly minutes: number | null
  readonly channel: string | null
  readonly note: string
}

export interface PauseDialogProps {
  /** How the agent is called; undefined for every agent. */
  readonly agent: string | undefined
  /** Where the person may pause, the usual place first; a slug of null is everywhere. Not empty. */
  readonly places: readonly { readonly slug: string | null; readonly label: string }[]
  /** What the agents hold. It goes on in a pause. */
  readonly claims: readonly Claim[]
  /** Whether the person may end a claim. */
  readonly canRelease: (claim: Claim) => boolean
  /** @throws SynapseError */
  readonly onRelease: (claim: Claim) => Promise<unknown>
  /** @throws SynapseError */
  readonly onPause: (choice: PauseChoice) => Promise<unknown>
  readonly onClose: () => void
}

const LENGTHS = [
  { minutes: 15, label: '15 minutes' },
  { minutes: 60, label: '1 hour' },
  { minutes: null, label: 'Until I resume' },
] as const

/** Asks for how long agents are stopped, and says what that does not stop. */
export function PauseDialog({
  agent,
  places,
  claims,
  canRelease,
  onRelease,
  onPause,
  onClose,
}: PauseDialogProps) {
  const [minutes, setMinutes] = useState<number | null>(15)
  const [place, setPlace] = useState(places[0]?.slug ?? null)
  const [note, setNote] = useState('')
  const [problem, setProblem] = useState('')
  const pause = async () => {
    setProblem('')
    try {
      await onPause({ minutes, channel: place, note: note.trim() })
      onClose()
    } catch (error) {
      setProblem(wordsOf(error).detail)
    }
  }
  const held = claims.filter(({ channel }) => place === null || channel === null || channel === place)
  return (
    <Dialog
      title={agent === undefined ? 'Pause agents' : `Pause ${agent}`}
      onClose={onClose}
      acts={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" onPress={pause}>
            Pause
          </Button>
        </>
      }
    >
      <fieldset class="choices">
        <legend>For how long</legend>
        {LENGTHS.map(({ minutes: value, label }) => (
          <label key={label}>
            <input
              type="radio"
              name="length"
              checked={minutes === value}
              onChange={() => setMinutes(value)}
            />
            {label}
          </label>
        ))}
      </fieldset>
      {places.length > 1 && (
        <label class="field">
          <span>Where</span>
          <select
            value={place ?? ''}
            onChange={({ currentTarget }) =>
              setPlace(currentTarget.value === '' ? null : currentTarget.value)
            }
          >
            {places.map(({ slug, label }) => (
              <option key={slug} value={slug ?? ''}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      <p class="pause-meaning">{meaningOf(agent, places.find(({ slug }) => slug === place)?.label ?? '')}</p>
      {held.length > 0 && (
        <div class="pause-claims">
          <p>{agent === undefined ? 'Their claims run on:' : 'Its claims run on:'}</p>
          <ul>
            {held.map((claim) => (
              <li key={claim.id}>
                <span>
                  {agent === undefined && <b>{claim.holder} </b>}
                  <code>{claim.resource}</code> until {clockOf(new Date(claim.expires_at), '24')}
                </span>
                {canRelease(claim) && (
                  <Button
                    small
                    aria-label={`Release ${claim.resource}`}
                    onPress={async () => {
                      try {
                        await onRelease(claim)
                      } catch (error) {
                        setProblem(wordsOf(error).detail)
                      }
                    }}
                  >
                    Release
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
      <Field
        label="Note"
        hint="Those who read the channel see it."
        value={note}
        maxLength={500}
        onInput={({ currentTarget }) => setNote(currentTarget.value)}
      />
      <p class="problem" role="alert">
        {problem}
      </p>
    </Dialog>
  )
}

function meaningOf(agent: string | undefined, label: string): string {
  const where = label === 'everywhere' ? label : `in ${label}`
  return agent === undefined
    ? `Posts of agents are refused ${where}, and what would wake them waits. Their processes go on.`
    : `Posts of ${agent} are refused ${where}, and what would wake it waits. Its process goes on.`
}
