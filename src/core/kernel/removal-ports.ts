import type { Seq, Uuid } from './ids'
import type { KeyPage } from './ports'
import type { Micros } from './time'

/** The part of the store's ports that concerns the removal of many messages, and the export of all. */

/** A message that a purge has reached. */
export interface PurgeableMessage {
  readonly seq: Seq
  readonly at: Micros
  readonly isDeleted: boolean
  /** Length of its body. */
  readonly characters: number
  /** The last reply of its thread, deleted ones included; null if it is no root. */
  readonly lastReplySeq: Seq | null
}

/** A purge that was begun and is not finished. */
export interface PendingPurge {
  readonly channelId: number
  /** Seq of the last message to purge. */
  readonly throughSeq: Seq
}

/** A reaction of an account, with the message that it is to. */
export interface OwnReaction {
  readonly message: Uuid
  readonly channelId: number
  readonly emoji: string
  readonly at: Micros
}

export interface RemovalReads {
  /** The reactions of an account to these messages, in their order. */
  reactionsBy(accountId: number, messages: readonly Seq[]): Promise<OwnReaction[]>
  /** The messages of a channel between two positions, oldest first, at most `limit`. */
  purgeable(
    channelId: number,
    page: { readonly after: Seq; readonly through: Seq; readonly limit: number },
  ): Promise<PurgeableMessage[]>
  /** Counts the messages of a channel up to a position, except roots with a later reply. */
  countPurgeable(channelId: number, through: Seq): Promise<number>
  /** The newest message of a channel that is not among its `keep` newest ones, deleted ones left out; 0 if there is none. */
  newestBeyond(channelId: number, keep: number): Promise<Seq>
  pendingPurges(): Promise<PendingPurge[]>
}

export interface RemovalWrites {
  /** Notes a purge, so that it is resumed after a crash. It may extend one that is not finished. */
  beginPurge(purge: PendingPurge): Promise<void>
  /** Removes the note, unless the purge was extended beyond `throughSeq`. */
  endPurge(purge: PendingPurge): Promise<void>
  /**
   * Replaces messages by their tombstones, and deletes what belongs to them: their words in the index, reactions, and
   * stored answers that show them. Replies no longer count in their threads.
   */
  removeMessages(seqs: readonly Seq[], deletedAt: Micros): Promise<void>
  /** The roots, besides these messages, that have no reply but among them. */
  rootsEmptiedBy(replies: readonly Seq[]): Promise<Seq[]>
  /**
   * Deletes messages with everything that belongs to them, except attachments: reactions, stored answers that show them,
   * claims on them, their part in threads, and their events. `types` are the types of events about messages.
   */
  purgeMessages(seqs: readonly Seq[], types: readonly string[]): Promise<void>
  /**
   * Examines up to `limit` retry keys after an id and deletes those of messages that no longer exist. Returns the last
   * id examined, or undefined after the last key.
   */
  forgetKeysOfGone(page: KeyPage): Promise<number | undefined>
}
