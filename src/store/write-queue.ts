import type { PostOutcome, Writes } from '../core/kernel/ports'
import type { PostPlan } from '../core/messages/post-plan'

/** What waits for a store's writer: posts, which may share a commit, and acts. */
export type QueuedWrite = QueuedPost | QueuedAct

/** A post as it was planned. The writer judges it, by its rows, in the order in which works came. */
export interface QueuedPost {
  readonly plan: PostPlan
  readonly resolve: (outcome: PostOutcome) => void
  readonly reject: (reason: unknown) => void
}

/** Anything else that writes: a function over the rows. */
export interface QueuedAct {
  readonly plan: null
  readonly run: (tx: Writes) => Promise<unknown>
  readonly resolve: (result: never) => void
  readonly reject: (reason: unknown) => void
}

/** A group ends at this many works, or at this much text, in characters. */
export const GROUP_WORKS = 256
export const GROUP_TEXT = 1 << 20
/** Judging its posts, or running its acts, ends after this long at the latest, so that the event loop stays alive. */
export const GROUP_MILLISECONDS = 5

/**
 * Works that cannot be written together, in parts that may be: the one that failed comes alone and last. Where it is not
 * known which, two halves.
 */
export function apart(
  works: readonly QueuedWrite[],
  failed: QueuedWrite | undefined,
): (readonly QueuedWrite[])[] {
  if (failed) return [works.filter((work) => work !== failed), [failed]]
  const middle = works.length >> 1
  return [works.slice(0, middle), works.slice(middle)]
}
