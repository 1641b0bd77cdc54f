import type { Seq, Uuid } from './ids'
import type { Micros } from './time'

/** The part of the store's ports that concerns tasks: messages that were sent over A2A. */

/** A message that was sent over A2A, without its text. */
export interface SentMessage {
  readonly seq: Seq
  readonly uuid: Uuid
  readonly channelId: number
  readonly senderId: number
  /** The root of its thread, which may be the message itself. */
  readonly rootSeq: Seq
  readonly createdAt: Micros
}

/** The first reply of an account to a message. */
export interface Answer {
  /** The message that is replied to. */
  readonly messageSeq: Seq
  readonly accountId: number
  readonly seq: Seq
  readonly at: Micros
}

export interface TaskReads {
  /** The newest messages that an account sent over A2A and that are not deleted, newest first. */
  sentTasks(accountId: number, limit: number): Promise<SentMessage[]>
  /**
   * The first reply of each account to each of these messages. A message of the thread that names no other one replies to
   * the root. Approvals and system messages are no replies.
   */
  answersTo(messages: readonly Pick<SentMessage, 'seq' | 'rootSeq'>[]): Promise<Answer[]>
}
