import type { Notified } from '../inbox/notified'
import type { Reasons } from '../inbox/reasons'
import type { Seq } from './ids'
import type { PauseScope } from './pause-ports'
import type { Micros } from './time'

/** The part of the store's ports that concerns notifications. */

/** A range of an inbox; both ends are exclusive. */
export interface InboxRange {
  readonly after: Seq
  readonly before: Seq
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

/** What notified an account: the event with this seq, about this message. */
export interface Cause {
  readonly seq: Seq
  readonly messageSeq: Seq
  readonly channelId: number
}

/** A stored item of an inbox. */
export interface InboxRow extends Cause {
  readonly reasons: Reasons
  /** The place of its state in DELIVERY_STATES. */
  readonly state: number
  readonly stateAt: Micros | null
  readonly note: string | null
  /** Set if it has no row: it follows from a membership. */
  readonly isImplied?: true
  /** If it has no row: the members for whom the message is no broadcast. */
  readonly dormant?: readonly number[] | undefined
}

/** A message that notifies all members of its channel. */
export interface Broadcast {
  readonly seq: Seq
  readonly channelId: number
  readonly senderId: number
  /** The members that it does not notify. */
  readonly dormant?: readonly number[] | undefined
}

/** An approval that every person among the members may decide, who may post. */
export interface OpenRequest {
  /** Of its message. */
  readonly seq: Seq
  readonly channelId: number
  readonly senderId: number
  /** When it ended; null while it is pending. */
  readonly endedAt: Micros | null
}

/** How far an account has acknowledged its inbox. */
export interface InboxMark {
  readonly ackedSeq: Seq
  readonly ackedAt: Micros
  /** Up to here the items are marked as acknowledged, too, and their senders were told. */
  readonly settledSeq: Seq
}

export interface Consumer {
  readonly name: string
  readonly position: Seq
  readonly updatedAt: Micros
}

/** A change of the state of items. */
export interface StateChange {
  readonly state: number
  readonly at: Micros
  readonly note: string | null
}

export interface InboxReads {
  /** The stored items of an account in a range. */
  inboxRows(accountId: number, range: InboxRange): Promise<InboxRow[]>
  /** The stored items of an account that are about these messages. */
  inboxRowsOf(accountId: number, messages: readonly Seq[]): Promise<InboxRow[]>
  /** The accounts that have a stored item about a message. */
  notifiedOf(message: Seq): Promise<number[]>
  /** The messages in a range that notify all members of their channels. */
  broadcasts(range: InboxRange): Promise<Broadcast[]>
  /** The approvals in a range that name nobody. */
  openRequests(range: InboxRange): Promise<OpenRequest[]>
  /** Seq at which inboxes begin: later for a store that was imported, or is of an earlier version. */
  inboxFrom(): Promise<Seq>
  inboxMark(accountId: number): Promise<InboxMark | undefined>
  inboxMarks(accountIds: readonly number[]): Promise<ReadonlyMap<number, InboxMark>>
  /** The accounts whose items are not all marked that they have acknowledged. */
  unsettledInboxes(): Promise<number[]>
  /** The stored items about these messages. */
  itemsAbout(messages: readonly Seq[]): Promise<(InboxRow & { readonly accountId: number })[]>
  /** The consumers of an account, by name. */
  consumers(accountId: number): Promise<Consumer[]>
  /** The types of these events. */
  eventTypes(seqs: readonly Seq[]): Promise<ReadonlyMap<Seq, string>>
}

/** How many accounts that a message notified directly are in a state, its author excepted. */
export interface DeliveryCount {
  readonly messageSeq: Seq
  /** The place of the state in DELIVERY_STATES. */
  readonly state: number
  readonly count: number
}

/** Notifications of an account in a channel that wait for it. */
export interface Awaited {
  readonly accountId: number
  readonly channelId: number
  /** Seq of the event of the oldest of them. */
  readonly fromSeq: Seq
  /** Until when the account counts as reachable; null = it was not when this was last judged. */
  readonly reachableUntil: Micros | null
  /** When it is to be judged. */
  readonly dueAt: Micros
}

/** An item and the time of its event. */
export interface QueuedItem extends InboxRow {
  readonly at: Micros
}

/** When a message must be answered. */
export interface AckDeadline {
  readonly messageSeq: Seq
  readonly dueAt: Micros
}

export interface DeliveryReads {
  /** When the first of the awaited is due. */
  nextAwaited(): Promise<Micros | null>
  awaited(of: Pick<Awaited, 'accountId' | 'channelId'>): Promise<Awaited | undefined>
  /** The awaited that are due by `now`, at most `limit`, the earliest first. */
  dueAwaited(now: Micros, limit: number): Promise<Awaited[]>
  /**
   * The queued items of an account in a channel from a position on, oldest first, at most `limit`: those with a reason that
   * concerns it itself, about messages of others.
   */
  queuedItems(
    accountId: number,
    page: { readonly channelId: number; readonly from: Seq; readonly limit: number },
  ): Promise<QueuedItem[]>
  nextAckDeadline(): Promise<Micros | null>
  /** The messages whose deadline has passed by `now`, at most `limit`, the earliest first. */
  dueAckDeadlines(now: Micros, limit: number): Promise<Seq[]>
  /**
   * The accounts that a message notified with a reason that concerns them themselves, and that have neither acknowledged it, nor
   * reported a failure, nor replied or reacted to it.
   */
  unanswered(message: Seq): Promise<number[]>
  /** What became of these messages, as far as reasons that concern an account itself are meant. */
  deliveryCounts(messages: readonly Seq[]): Promise<DeliveryCount[]>
}

export interface DeliveryWrites {
  /** Stores what is awaited. What is known stays as it is. */
  addAwaited(rows: readonly Awaited[]): Promise<void>
  /** Changes a row. `reachableUntil` is only raised. */
  setAwaited(row: Awaited): Promise<void>
  deleteAwaited(row: Pick<Awaited, 'accountId' | 'channelId'>): Promise<void>
  /** Notes that a pause has ended then: the agents that it covered count as reachable until then. */
  resumeAwaited(scope: PauseScope, at: Micros): Promise<void>
  addAckDeadlines(rows: readonly AckDeadline[]): Promise<void>
  deleteAckDeadlines(messages: readonly Seq[]): Promise<void>
  /** Moves when all of this is due. */
  shiftAwaited(micros: number): Promise<void>
  shiftAckDeadlines(micros: number): Promise<void>
}

export interface InboxWrites {
  /** Stores the items of an event. */
  insertItems(cause: Cause, notified: readonly Notified[]): Promise<void>
  /** Sets the state of items of an account, and stores those that followed from a membership until now. */
  setItemStates(accountId: number, items: readonly InboxRow[], change: StateChange): Promise<void>
  setInboxMark(accountId: number, mark: Omit<InboxMark, 'settledSeq'>): Promise<void>
  setSettled(accountId: number, settledSeq: Seq): Promise<void>
  setConsumer(accountId: number, consumer: Consumer): Promise<void>
  deleteConsumer(accountId: number, name: string): Promise<boolean>
  /** Deletes the consumers that were not used since then, except `default`. */
  deleteIdleConsumers(before: Micros): Promise<void>
}
