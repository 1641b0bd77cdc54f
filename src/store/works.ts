import type { PostPlan } from '../core/messages/post-plan'
import type { PostOutcome, Writes } from '../core/ports'

/** What waits for a store's writer: posts, which may share a commit, and acts. */
export type Work = Post | Act

/** A post as it was planned. The writer judges it, by its rows, in the order in which works came. */
export interface Post {
  readonly plan: PostPlan
  readonly resolve: (outcome: PostOutcome) => void
  readonly reject: (reason: unknown) => void
}

/** Anything else that writes: a function over the rows. */
export interface Act {
  readonly plan: null
  readonly run: (tx: Writes) => Promise<unknown>
  readonly resolve: (result: never) => void
  readonly reject: (reason: unknown) => void
}

/** A group ends at this many works, or at this much text, in characters; a store may end it earlier. */
export const GROUP_WORKS = 256
export const GROUP_TEXT = 1 << 20
