import type { Seq } from './ids'
import type { Micros } from './time'

/** The part of the store's ports that concerns the erasure of an account. */

/** What becomes of the messages of an erased account. */
export type ErasureMode = 'anonymize' | 'delete_messages'

/** An erasure of which messages, reactions or mentions are still to be erased. */
export interface PendingErasure {
  readonly accountId: number
  /** The handle that the account had. */
  readonly handle: string
  readonly mode: ErasureMode
  /** Whether mentions of the handle in messages are replaced. */
  readonly redactsMentions: boolean
  /** Seq of the last message to examine. */
  readonly throughSeq: Seq
  /** Seq up to which messages were examined. */
  readonly position: Seq
  readonly deletedMessages: number
  readonly keptMessages: number
}

/** What a message has of an account. */
export interface Trace {
  readonly seq: Seq
  /** It is of this account, and not deleted. */
  readonly isOwn: boolean
  readonly hasReaction: boolean
  /** The account takes part in its thread, or chose whether to follow it. */
  readonly isInThread: boolean
  /** Its body contains the name. */
  readonly isNaming: boolean
}

export interface ErasureReads {
  /** The channels under a legal hold. */
  heldChannels(): Promise<number[]>
  /** Reports whether the account has a message after a position in one of these channels, deleted ones included. */
  hasMessageIn(accountId: number, channelIds: readonly number[], after: Seq): Promise<boolean>
  pendingErasures(): Promise<PendingErasure[]>
  pendingErasure(accountId: number): Promise<PendingErasure | undefined>
  /**
   * Examines up to `limit` messages after a position, and returns those that have something of the account. `name`: a
   * handle to find in bodies; some of those found may contain only a similar one. `last` is the last message examined,
   * undefined if there was none.
   */
  tracesOf(
    accountId: number,
    name: string | null,
    page: { readonly after: Seq; readonly through: Seq; readonly limit: number },
  ): Promise<{ readonly traces: Trace[]; readonly last: Seq | undefined }>
}

export interface ErasureWrites {
  /** Notes an erasure, so that it is resumed after a crash. Replaces the note of an earlier one. */
  beginErasure(erasure: PendingErasure): Promise<void>
  /** Moves the position of an erasure. Returns false and writes nothing if it is not that of `from`. */
  moveErasure(
    from: PendingErasure,
    to: Pick<PendingErasure, 'position' | 'deletedMessages' | 'keptMessages'>,
  ): Promise<boolean>
  /** Removes the note, unless it was moved or replaced. */
  endErasure(erasure: PendingErasure): Promise<void>
  /** Deletes the tokens, pair codes and push target of an account. Returns how many tokens were valid at `now`. */
  deleteCredentials(accountId: number, now: Micros): Promise<number>
  /** Removes the names of the account's tokens from the log. */
  eraseTokenNames(accountId: number): Promise<void>
  /**
   * Deletes the memberships of an account, except those in direct channels, which always have the same members. Those lose
   * their preferences and positions. Returns the channels of all.
   */
  deleteMembershipsOf(accountId: number): Promise<number[]>
  /**
   * Replaces a handle in the lists that name accounts: mention aliases, and scopes and `actors` of tokens and pair codes.
   * Returns the channels whose aliases changed.
   */
  replaceHandle(from: string, to: string): Promise<number[]>
  /** Ends the account's follows of these threads. If it no longer has replies, its part in them, too. */
  leaveThreads(accountId: number, roots: readonly Seq[], hasReplies: boolean): Promise<void>
  /** Deletes up to `limit` items of an account's inbox, and at the end its positions. Returns how many. */
  forgetInboxOf(accountId: number, limit: number): Promise<number>
  /** Deletes up to `limit` retry keys of an account, with their answers. Returns how many. */
  forgetKeysOf(accountId: number, limit: number): Promise<number>
}
