import type { Seq } from '../core/kernel/ids'
import type { Found } from '../core/messages/judge-post'
import type { LogPosition, PostDraft, PostPlan } from '../core/messages/post-plan'
import type { Handle } from './database'
import type { LogHead } from './queries/log'

/** A post that was judged and may be written. */
export interface JudgedPost {
  readonly plan: PostPlan
  readonly draft: PostDraft
}

/** Posts to be written together. */
export interface Group {
  readonly posts: readonly JudgedPost[]
  /** Seq of the last event that was known when they were judged. */
  readonly known: Seq
}

/** The transaction in which acts run. */
export interface Transaction {
  readonly handle: Handle
  /** The head of the log in this transaction, after the posts of its group. */
  readonly head: LogHead
  /** The position of the first post of the group; undefined without posts. */
  readonly first: LogPosition | undefined
  /**
   * Returns the number of statements so far that may have written. Absent if a failed act always ends the transaction,
   * whether or not it wrote.
   */
  readonly writes?: () => number
}

/** The outcome of a group whose write ended with an error. */
export type Outcome =
  /** It is committed; only the response was lost. */
  | { readonly kind: 'written'; readonly first: LogPosition }
  /** Nothing is written, and a retry may succeed. */
  | { readonly kind: 'retry' }
  /** Nothing is written, and one of the writes caused the error: write them separately. `post` is its index, if known. */
  | { readonly kind: 'split'; readonly post?: number }
  /** The database caused the error, or the outcome cannot be determined. */
  | { readonly kind: 'failed' }

/** A database that one `GroupCommit` writes to, one group or one transaction of acts at a time. */
export interface Engine {
  /**
   * Whether acts share a commit with each other and with the posts before them. Otherwise each act has its own
   * commit.
   */
  readonly sharesCommits: boolean
  /** Looks up what these plans read, as committed now. */
  lookUp(plans: readonly PostPlan[]): Found | Promise<Found>
  /**
   * Writes posts and assigns their positions. Returns the first position, from which the others follow
   * (`nthPosition`), or undefined if nothing was written because the group has to be judged again.
   */
  write(group: Group): LogPosition | Promise<LogPosition | undefined>
  /**
   * Runs acts in one transaction, after the posts of the group, which has none unless `sharesCommits`. Commits with
   * the head that `run` returns, or throws what `run` throws. Returns undefined as `write` does.
   */
  transact<Result>(
    group: Group,
    run: (transaction: Transaction) => Promise<{ readonly head: LogHead; readonly result: Result }>,
  ): Promise<Result | undefined>
  /** Determines the outcome of a failed attempt to write these posts and the acts after them. */
  outcome(posts: readonly JudgedPost[], error: unknown): Promise<Outcome>
  /** Returns the core's error for an error of the driver. Returns any other error unchanged. */
  translate(error: unknown): unknown
}
