import type { Directory } from '../access/directory'
import type { Approval, ApprovalRow, ApprovalState } from '../kernel/approval-ports'
import type { Message, MessageView } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import type { Micros } from '../kernel/time'
import type { EventData } from '../log/events'
import { viewMessages } from '../messages/views'

/** An approval with the names shown to readers. What it asks is in its message, unless that is deleted. */
export interface ApprovalView {
  readonly uuid: Uuid
  readonly state: ApprovalState
  readonly expiresAt: Micros
  readonly message: MessageView
}

export type ConflictReason =
  | 'already_decided'
  | 'approval_expired'
  | 'approval_cancelled'
  | 'approval_pending'

/** A refusal with the approval that is the reason. */
export class ApprovalConflict extends AppError {
  constructor(
    reason: ConflictReason,
    message: string,
    readonly approval: ApprovalView,
  ) {
    super('conflict', reason, message)
  }
}

/** Returns a refusal with its fixed text and the approval. Synchronous over the directory. */
export function conflict(
  directory: Directory,
  { row, message }: { readonly row: ApprovalRow; readonly message: Message },
  reason: ConflictReason,
  now: Micros,
): ApprovalConflict {
  return new ApprovalConflict(reason, refusal(reason).message, viewApproval(directory, row, message, now))
}

export function invalidOptions(message: string): AppError {
  return new AppError('invalid', 'invalid_options', message)
}

/** Returns the state of an approval at a time. */
export function stateAt(
  { state, expiresAt }: Pick<Approval, 'state' | 'expiresAt'>,
  now: Micros,
): ApprovalState {
  return state === 'pending' && expiresAt <= now ? 'expired' : state
}

/** Returns an approval with its names, as it is at a time. Synchronous over the directory. */
export function viewApproval(
  directory: Directory,
  row: ApprovalRow,
  message: Message,
  now: Micros,
): ApprovalView {
  const [view] = viewMessages(directory, [message])
  if (!view) throw new Error('a message has one view')
  return { uuid: row.uuid, state: stateAt(row, now), expiresAt: row.expiresAt, message: view }
}

/** Facts of events about approvals, for the servers only: what is shown when the message is deleted. */
export type ApprovalFacts = { readonly approval_id: Uuid; readonly expires_at: Micros }

export function approvalFacts({ uuid, expiresAt }: Pick<ApprovalRow, 'uuid' | 'expiresAt'>): ApprovalFacts {
  return { approval_id: uuid, expires_at: expiresAt }
}

/** Returns the approval of an event about it. What it was when its message was deleted, the type of the event tells. */
export function approvalOf(type: string, message: MessageView, facts: EventData): ApprovalView | undefined {
  const { approval } = message.message
  if (approval) return { ...approval, message }
  const { approval_id: uuid, expires_at: expiresAt } = facts as Partial<ApprovalFacts>
  if (uuid === undefined || expiresAt === undefined) return undefined
  const state =
    type === 'approval.decided' ? 'decided' : type === 'approval.expired' ? 'expired' : 'cancelled'
  return { uuid, state, expiresAt, message }
}
