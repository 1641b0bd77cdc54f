import type { AccountKind, MessageKind } from './entities'
import type { Seq, Uuid } from './ids'
import type { Micros } from './time'

/** The part of the store's ports that concerns how far agents go without a person. */

/** An agent that a limit has stopped: in a thread, or by the run guard in a channel. */
export interface ChainBlock {
  readonly channelId: number
  /** Null: by the run guard. */
  readonly rootSeq: Seq | null
  readonly accountId: number
  /** Seq of its chain.blocked event. */
  readonly seq: Seq
  readonly at: Micros
  readonly limit: number
  readonly used: number
}

/** A block that no later reset of its thread has made void. */
export interface StoredBlock extends ChainBlock {
  readonly rootUuid: Uuid | null
  /** When the thread was posted in last; null without one. */
  readonly lastAt: Micros | null
}

/** Where Continue has begun the run of agents in a channel anew. */
export interface RunReset {
  readonly seq: Seq
  /** How many times the limit they may post since then. */
  readonly times: number
}

/** A message, as the run guard counts it. */
export interface RunMessage {
  readonly seq: Seq
  readonly at: Micros
  readonly senderId: number
  readonly senderKind: AccountKind
  readonly kind: MessageKind
  readonly isUnattended: boolean
}

export interface ChainReads {
  /**
   * The blocks in a channel, oldest first: those of one thread, those of the run guard (`channel`), or all. Examines the
   * newest 200.
   */
  chainBlocks(channelId: number, of: Seq | 'channel' | 'all'): Promise<StoredBlock[]>
  /** Those of these channels that have a block, void ones included. */
  channelsWithBlocks(channelIds: readonly number[]): Promise<number[]>
  runReset(channelId: number): Promise<RunReset | undefined>
  /** The messages of a channel before a position, deleted ones included, newest first, at most `limit`. */
  runMessages(
    channelId: number,
    page: { readonly before: Seq; readonly limit: number },
  ): Promise<RunMessage[]>
}

export interface ChainWrites {
  /** Stores a block in place of an earlier one of the same account and place. */
  putBlock(block: ChainBlock): Promise<void>
  /** Begins the budgets of a thread anew: `times` the limit for each agent. */
  resetThread(root: Seq, reset: RunReset): Promise<void>
  resetRun(channelId: number, reset: RunReset): Promise<void>
  forgetBlocksOf(accountId: number): Promise<void>
}
