import type { Seq } from './ids'

/** The part of the store's ports that concerns activity: what accounts post, counted in time. */

/** What identifies a row of counts. */
export interface ActivityKey {
  /** Length of a stretch of time, in seconds. */
  readonly span: number
  /** Number of the row's part of time since 1970; a part has many stretches. */
  readonly part: number
  readonly channelId: number
  readonly accountId: number
}

/** The messages of an account in a channel, counted in stretches of time. */
export interface ActivityRow extends ActivityKey {
  readonly isAgent: boolean
  /** Seq of the last message. */
  readonly lastSeq: Seq
  /** Pairs of a stretch and its messages, one after the other. */
  readonly counts: readonly number[]
  /** What messages report: see core/activity/packed.ts. */
  readonly usage: readonly number[]
}

/** Counts of one length in some channels, from one part of time on. */
export interface ActivityRange {
  readonly span: number
  readonly fromPart: number
  readonly channelIds: readonly number[]
}

/** The open items of an account in some channels, besides those that follow from memberships. */
export interface OpenItems {
  readonly accountId: number
  /** Counted to a limit. */
  readonly pending: number
  readonly oldestSeq: Seq | null
  readonly hasUnreachable: boolean
}

export interface ActivityReads {
  /** The active agents that are members of these channels, at most `limit`. */
  agentsIn(channelIds: readonly number[], limit: number): Promise<number[]>
  activityIn(range: ActivityRange): Promise<ActivityRow[]>
  /** Rows of one length and part, of these channels and accounts: those that are asked for, and perhaps more. */
  activityAt(
    at: Pick<ActivityKey, 'span' | 'part'>,
    channelIds: readonly number[],
    accountIds: readonly number[],
  ): Promise<ActivityRow[]>
  /** Seq of the last message that each agent posted. */
  lastPosts(range: ActivityRange): Promise<ReadonlyMap<number, Seq>>
  openItems(accountIds: readonly number[], channelIds: readonly number[], limit: number): Promise<OpenItems[]>
  /** The pairs of an account and a message about which it has a stored item. */
  storedItems(
    accountIds: readonly number[],
    messages: readonly Seq[],
  ): Promise<{ readonly accountId: number; readonly messageSeq: Seq }[]>
}

export interface ActivityWrites {
  /** Stores rows, in place of those with the same key. */
  putActivity(rows: readonly ActivityRow[]): Promise<void>
  /** Deletes the rows of one length before a part of time. */
  forgetActivity(span: number, beforePart: number): Promise<void>
  forgetActivityOf(accountId: number): Promise<void>
}
