import type { Seq, Uuid } from './ids'
import type { Micros } from './time'

/** The part of the store's ports that concerns approvals: questions that people decide. */

export const APPROVAL_STATES = ['pending', 'decided', 'expired', 'cancelled'] as const
export type ApprovalState = (typeof APPROVAL_STATES)[number]

export interface ApprovalOption {
  readonly id: string
  readonly label: string
}

export interface Decision {
  /** Id of the option. */
  readonly option: string
  /** Inner id of the account. */
  readonly by: number
  readonly at: Micros
  readonly note: string | null
}

/** What a message of kind approval asks, besides its body. */
export interface Approval {
  readonly uuid: Uuid
  readonly options: readonly ApprovalOption[]
  /** Inner ids of those who may decide; null = every person among the members who may post. */
  readonly approvers: readonly number[] | null
  readonly expiresAt: Micros
  /** As stored: one that has expired may still be pending. */
  readonly state: ApprovalState
  readonly decision: Decision | null
}

/** What is stored beside the message of an approval, by which approvals are found. It outlives the text of the message. */
export interface ApprovalRow {
  /** Of its message. */
  readonly seq: Seq
  readonly uuid: Uuid
  readonly channelId: number
  /** The account that asks. */
  readonly accountId: number
  /** The root of its thread, which may be its message itself. */
  readonly rootSeq: Seq
  /** Whether it names those who may decide. */
  readonly isNamed: boolean
  readonly state: ApprovalState
  readonly createdAt: Micros
  readonly expiresAt: Micros
  readonly endedAt: Micros | null
  readonly decidedBy: number | null
  /** The message that tells the decision. */
  readonly replySeq: Seq | null
}

export interface ApprovalFilter {
  readonly channelId?: number
  /** The account that asks. */
  readonly accountId?: number
  /** A state as it is at a time. */
  readonly state?: ApprovalState
  readonly at: Micros
}

export interface ApprovalReads {
  approval(by: { readonly uuid: Uuid } | { readonly seq: Seq }): Promise<ApprovalRow | undefined>
  /** An approval that an account asks for in a thread and that is pending at `now`. */
  pendingApproval(accountId: number, rootSeq: Seq, now: Micros): Promise<ApprovalRow | undefined>
  /** The approvals in these channels that are pending at `now`. */
  pendingApprovalsIn(channelIds: readonly number[], now: Micros): Promise<ApprovalRow[]>
  /** When the account asked for its `n`th latest approval, if that was after `since`. */
  nthApproval(accountId: number, since: Micros, n: number): Promise<Micros | undefined>
  /** Approvals with a seq below `before`, newest first, at most `limit`. */
  listApprovals(
    filter: ApprovalFilter,
    page: { readonly before: Seq; readonly limit: number },
  ): Promise<ApprovalRow[]>
  /** The approvals that an account asked for or decided, between two positions, oldest first, at most `limit`. */
  approvalsOf(
    accountId: number,
    page: { readonly after: Seq; readonly before: Seq; readonly limit: number },
  ): Promise<ApprovalRow[]>
  /** The approvals that an account decided, after a position, oldest first, at most `limit`. */
  approvalsDecidedBy(
    accountId: number,
    page: { readonly after: Seq; readonly limit: number },
  ): Promise<ApprovalRow[]>
  /** Those of these messages' approvals that have no recorded end. */
  openApprovals(messages: readonly Seq[]): Promise<ApprovalRow[]>
  /** When the first approval without a recorded end expires. */
  nextApprovalExpiry(): Promise<Micros | null>
  /** Approvals that have expired by `now` and have no recorded end, at most `limit`. */
  expiredApprovals(now: Micros, limit: number): Promise<ApprovalRow[]>
}

export interface ApprovalWrites {
  insertApproval(approval: ApprovalRow): Promise<void>
  /** Records the end of an approval. Items that asked for its decision count as acknowledged. */
  endApproval(
    seq: Seq,
    end: Pick<ApprovalRow, 'state' | 'decidedBy' | 'replySeq'> & { readonly endedAt: Micros },
  ): Promise<void>
  /** Sets when approvals without a recorded end expire. */
  moveApproval(seq: Seq, expiresAt: Micros): Promise<void>
}
