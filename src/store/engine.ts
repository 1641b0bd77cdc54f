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

/** Posts that are written together. */
export interface Group {
  readonly posts: readonly JudgedPost[]
  /** Seq of the last event that they were judged by. */
  readonly known: Seq
}

/** A transaction that acts run in. */
export interface Transaction {
  readonly handle: Handle
  /** Where the log stands in it, behind the posts of its group. */
  readonly head: LogHead
  /** The place of the first post of its group; undefined without posts. */
  readonly first: LogPosition | undefined
  /** Rows changed so far. Absent where the transaction ends with an act that fails, whether or not that wrote. */
  readonly changes?: () => number
}

/** What became of a group that failed on the way to the database. */
export type Outcome =
  /** It is committed. Only the answer was lost. */
  | { readonly kind: 'written'; readonly first: LogPosition }
  /** Nothing is written, and the same again may succeed. */
  | { readonly kind: 'again' }
  /** Nothing is written, and one of the works is at fault. */
  | { readonly kind: 'apart' }
  /** The database is at fault, or cannot say. */
  | { readonly kind: 'failed' }

/** A database that one `GroupCommit` writes to: one group or one transaction of acts at a time. */
export interface Engine {
  /** Whether acts share a commit with each other, and with the posts before them; otherwise each has its own. */
  readonly sharesCommits: boolean
  /** What these plans read, as it is committed now. */
  lookUp(plans: readonly PostPlan[]): Found | Promise<Found>
  /**
   * Writes posts, and gives them their places. Answers the first, from which the others follow (`nthPosition`); undefined
   * where nothing was written because the group has to be judged again.
   */
  write(group: Group): LogPosition | Promise<LogPosition | undefined>
  /**
   * Runs acts in one transaction, behind the posts of the group, which has none unless `sharesCommits`. Commits, with
   * the head that `run` answers, or throws what `run` throws. Undefined: as for `write`.
   */
  transact<Result>(
    group: Group,
    run: (transaction: Transaction) => Promise<{ readonly head: LogHead; readonly result: Result }>,
  ): Promise<Result | undefined>
  /** Finds out what became of posts, and of the acts behind them, of which the last attempt ended with an error. */
  outcome(posts: readonly JudgedPost[], error: unknown): Promise<Outcome>
  /** A driver's error in the words of the core; any other stays what it is. */
  translate(error: unknown): unknown
}
