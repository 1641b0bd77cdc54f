import { type Approval, SynapseError } from '@synapse/client'
import { CircleCheck, CircleHelp, CircleSlash, Clock } from 'lucide'
import type { ComponentChildren } from 'preact'
import { useId, useRef, useState } from 'preact/hooks'
import { background } from '../background'
import { Countdown } from './countdown'
import { Icon } from './icon'
import { useSteady } from './steady'
import { Time } from './time'
import { wordsOf } from './words'

const HOUR_MS = 3_600_000

export interface ApprovalCardProps {
  readonly approval: Approval
  /** Whether the person here may decide it. */
  readonly canDecide: boolean
  readonly nameOf: (handle: string) => string
  /** Sends the decision: the id of an option, and a note. @throws SynapseError with `approval` if it is not open any more */
  readonly onDecide: (option: string, note: string | undefined) => Promise<unknown>
  /** The question as it is to be read; by default its plain text. */
  readonly children?: ComponentChildren
}

/**
 * A question to people, with its answers as equal buttons in the order of whoever asked. It never takes the focus, and takes no
 * press for half a second after it appeared or moved. One press decides; if another person was first, it shows what was decided.
 */
export function ApprovalCard({ approval: given, canDecide, nameOf, onDecide, children }: ApprovalCardProps) {
  const [answered, setAnswered] = useState<Approval>()
  // What an answer told before the event does.
  const approval = given.state === 'pending' && answered?.id === given.id ? answered : given
  const { state, question } = approval
  return (
    <fieldset class={`approval ${state}`} aria-label={question || 'A question that was deleted'}>
      <div class="approval-question">{children ?? question}</div>
      {state === 'pending' ? (
        <Pending
          approval={approval}
          canDecide={canDecide}
          nameOf={nameOf}
          onDecide={onDecide}
          onClosed={setAnswered}
        />
      ) : (
        <Outcome approval={approval} nameOf={nameOf} />
      )}
    </fieldset>
  )
}

interface PendingProps extends Omit<ApprovalCardProps, 'children'> {
  readonly onClosed: (approval: Approval) => void
}

function Pending({ approval, canDecide, nameOf, onDecide, onClosed }: PendingProps) {
  const { options, approvers, expires_at: end, requested_by } = approval
  const element = useRef<HTMLDivElement>(null)
  const isSteady = useSteady(element)
  const isSent = useRef(false)
  const [sent, setSent] = useState<string>()
  const [problem, setProblem] = useState('')
  const [note, setNote] = useState<string>()
  const noteId = useId()

  const press = async (option: string) => {
    if (isSent.current) return
    if (!isSteady()) {
      setProblem('The card had just appeared or moved. Press again.')
      return
    }
    isSent.current = true
    setSent(option)
    setProblem('')
    try {
      await onDecide(option, note?.trim() || undefined)
    } catch (error) {
      const closed = closedBy(error)
      if (closed) onClosed(closed)
      else setProblem(wordsOf(error).detail)
    } finally {
      isSent.current = false
      setSent(undefined)
    }
  }

  return (
    <div ref={element}>
      {canDecide ? (
        <div class="approval-options">
          {options.map(({ id, label }) => (
            <button
              key={id}
              type="button"
              class="button outline"
              aria-busy={sent === id || undefined}
              aria-disabled={sent === undefined ? undefined : true}
              onClick={() => background(press(id))}
            >
              {label}
            </button>
          ))}
          {note === undefined ? (
            <button type="button" class="button plain approval-note-open" onClick={() => setNote('')}>
              Add a note
            </button>
          ) : (
            <div class="approval-note">
              <label for={noteId} class="unseen">
                Note
              </label>
              <input
                id={noteId}
                value={note}
                placeholder="Note, sent with the decision"
                maxLength={1000}
                ref={(field) => {
                  if (field && note === '') field.focus({ preventScroll: true })
                }}
                onInput={({ currentTarget }) => setNote(currentTarget.value)}
              />
            </div>
          )}
        </div>
      ) : (
        <p class="approval-choices">{options.map(({ label }) => label).join(' · ')}</p>
      )}
      {problem !== '' && (
        <p class="approval-problem" role="alert">
          {problem}
        </p>
      )}
      <p class="approval-facts">
        <Icon of={CircleHelp} size={14} />
        <span>{deciders(approvers, requested_by, nameOf)}</span>
        <Icon of={Clock} size={14} />
        <span>
          {Date.parse(end) - Date.now() < HOUR_MS ? (
            <>
              Open for <Countdown until={end} />
            </>
          ) : (
            <>
              Open until <Time at={end} show="both" />
            </>
          )}
        </span>
      </p>
    </div>
  )
}

function Outcome({
  approval,
  nameOf,
}: {
  readonly approval: Approval
  readonly nameOf: (handle: string) => string
}) {
  const { state, decision } = approval
  if (state === 'decided' && decision)
    return (
      <>
        <p class="approval-outcome">
          <Icon of={CircleCheck} size={16} />
          <span>
            <b>{decision.label}</b>, by {nameOf(decision.by)} <Time at={decision.at} />
          </span>
        </p>
        {decision.note && <p class="approval-said">{decision.note}</p>}
      </>
    )
  return (
    <p class="approval-outcome">
      <Icon of={state === 'expired' ? Clock : CircleSlash} size={16} />
      <span>
        {state === 'expired' ? (
          <>
            Expired <Time at={approval.expires_at} show="both" /> without a decision
          </>
        ) : (
          'Cancelled'
        )}
      </span>
    </p>
  )
}

function deciders(
  approvers: readonly string[] | null,
  requester: string,
  nameOf: (handle: string) => string,
): string {
  const others = approvers?.filter((handle) => handle !== requester).map(nameOf)
  if (!others?.length) return 'Any person here may decide'
  const last = others.at(-1) ?? ''
  if (others.length === 1) return `${last} decides`
  return `${others.slice(0, -1).join(', ')} or ${last} decides`
}

/** The approval that a refusal shows: somebody was first, or it has ended. */
function closedBy(error: unknown): Approval | undefined {
  if (!(error instanceof SynapseError) || error.status !== 409) return undefined
  // The server puts the approval in these refusals.
  return error.body.approval as Approval | undefined
}
