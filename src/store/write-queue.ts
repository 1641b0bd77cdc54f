import type { PostOutcome, Writes } from '../core/kernel/ports'
import { countIndependent } from '../core/messages/judge-post'
import type { PostPlan } from '../core/messages/post-plan'
import type { Handle } from './database'

/** A write in the queue of a store's writer: a post, which may share a commit with others, or an act. */
export type QueuedWrite = QueuedPost | QueuedAct

/** A planned post. The writer judges posts in the order in which they were queued. */
export interface QueuedPost {
  readonly plan: PostPlan
  /** When it was queued, in milliseconds of `performance.now()`. */
  readonly since: number
  readonly resolve: (outcome: PostOutcome) => void
  readonly reject: (reason: unknown) => void
}

/** The transaction of an act: the writes of the core, and the tables. */
export interface ActTransaction {
  readonly writes: Writes
  readonly handle: Handle
}

/** Any other write: a function that runs inside a transaction. */
export interface QueuedAct {
  readonly plan: null
  readonly since: number
  readonly run: (transaction: ActTransaction) => Promise<unknown>
  readonly resolve: (result: never) => void
  readonly reject: (reason: unknown) => void
}

/** The largest group: the number of its writes, and the text of its posts in characters. */
export const GROUP_WRITES = 256
const GROUP_TEXT = 1 << 20
/**
 * The longest time for judging the posts of a group, and for running its acts, so that the event loop is not blocked.
 */
export const GROUP_MILLISECONDS = 5
/** A write is refused if it could not be sent to the database for this long. */
export const QUEUED_MILLISECONDS = 15_000

/**
 * Splits a group that failed into parts to be written one after another. The failed write, if known, is a part of its
 * own and comes last; otherwise the group is halved.
 */
export function split(
  writes: readonly QueuedWrite[],
  failed: QueuedWrite | undefined,
): (readonly QueuedWrite[])[] {
  if (failed) return [writes.filter((write) => write !== failed), [failed]]
  const middle = writes.length >> 1
  return [writes.slice(0, middle), writes.slice(middle)]
}

/**
 * Takes the longest prefix of the queue that fits in one group: posts that can be judged together, then acts. Unless acts
 * share commits, one stands alone.
 */
export function takeGroup(queue: QueuedWrite[], sharesCommits: boolean): QueuedWrite[] {
  const plans: PostPlan[] = []
  let text = 0
  for (const { plan } of queue) {
    if (!plan || plans.length === GROUP_WRITES || text >= GROUP_TEXT) break
    plans.push(plan)
    text += plan.bodyLength
  }
  let end = countIndependent(plans)
  const most = sharesCommits ? GROUP_WRITES : Math.max(end, 1)
  while (end < most && queue[end]?.plan === null) end++
  return queue.splice(0, end)
}
