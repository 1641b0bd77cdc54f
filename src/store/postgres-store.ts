import { background } from '../core/background'
import { AppError } from '../core/errors'
import type { LogEvent } from '../core/events'
import type { Secrets, Seq } from '../core/ids'
import { countIndependent, judgePost } from '../core/messages/judge-post'
import { type LogPosition, nthPosition, type PostPlan, placed } from '../core/messages/post-plan'
import type { PostOutcome, Reads, Store, Writes } from '../core/ports'
import type { Clock } from '../core/time'
import { Appending, writesOver } from './postgres-act'
import type { PostgresClient } from './postgres-client'
import { constraintOf, meaningOf, translate, wasSent } from './postgres-error'
import { handleOf, type PgDatabase } from './postgres-open'
import { findOutcome } from './postgres-outcome'
import { type Accepted, insertGroup, lookUp, needsLookUp, nothingFound } from './postgres-posts'
import type { PostgresSharedLog } from './postgres-shared-log'
import { findHead } from './queries/log'
import { type Act, GROUP_TEXT, GROUP_WORKS, type Post, type Work } from './works'

/** How often a group that another process got in the way of is judged and sent again. */
const MAX_ROUNDS = 20

/** A post that was judged and may be written. */
interface Judged extends Accepted {
  readonly post: Post
}

interface Refused {
  readonly post: Post
  readonly reason: AppError
}

/** Rights were changed by another process, and this one has not heard of it yet. */
class StaleRights extends Error {}

/**
 * This process's part in a Postgres store that any number of processes share. It writes on one connection, in the order
 * in which works came: posts that wait while a group is on its way go together in the next, each rare act in a
 * transaction of its own. Whoever writes locks the one row of log_head first, so that all writers of all processes
 * stand in one line: seq has no gaps, rises in the order of commits, and nobody waits for anybody in a circle.
 * What was judged by rights that another process has changed meanwhile is judged again.
 */
export class PostgresStore implements Store {
  private readonly queue: Work[] = []
  private draining = false
  private idle: (() => void) | undefined

  constructor(
    private readonly writer: PostgresClient<PgDatabase>,
    readonly reads: Reads,
    readonly shared: PostgresSharedLog,
    private readonly clock: Clock,
    private readonly secrets: Secrets,
    /** Told of faults that must fail nobody's request. */
    private readonly report: (fault: unknown) => void,
    /** Told how many works shared a commit, and how many milliseconds it took. */
    private readonly measure: (works: number, milliseconds: number) => void = () => {},
  ) {}

  post(plan: PostPlan): Promise<PostOutcome> {
    return new Promise((resolve, reject) => this.enqueue({ plan, resolve, reject }))
  }

  transact<Result>(run: (tx: Writes) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => this.enqueue({ plan: null, run, resolve, reject }))
  }

  onCommit(listener: (events: readonly LogEvent[]) => void): void {
    this.shared.onCommit(listener)
  }

  /** Waits for what is queued. */
  async settle(): Promise<void> {
    if (this.draining) await new Promise<void>((resolve) => (this.idle = resolve))
  }

  private enqueue(work: Work): void {
    this.queue.push(work)
    if (this.draining) return
    this.draining = true
    setImmediate(() => background(this.drain(), this.report))
  }

  private async drain(): Promise<void> {
    for (let first = this.queue[0]; first; first = this.queue[0])
      try {
        if (first.plan) await this.runGroup(this.takePosts())
        else {
          this.queue.shift()
          await this.runAct(first)
        }
      } catch (fault) {
        // The works behind it are done all the same.
        this.report(fault)
      }
    this.draining = false
    this.idle?.()
  }

  /** The posts at the front of the queue that fit in one group: none of them is about what another one writes. */
  private takePosts(): Post[] {
    const plans: PostPlan[] = []
    let text = 0
    for (const { plan } of this.queue) {
      if (!plan || plans.length === GROUP_WORKS || text >= GROUP_TEXT) break
      plans.push(plan)
      text += plan.bodyLength
    }
    // Up to the first act there are only posts.
    return this.queue.splice(0, countIndependent(plans)) as Post[]
  }

  private async runGroup(posts: readonly Post[]): Promise<void> {
    let group: readonly Judged[] = []
    try {
      for (let round = 0, left = posts; round < MAX_ROUNDS; round++) {
        const known = this.shared.position
        const judged = await this.judge(left)
        group = judged.group
        left = [...group.map(({ post }) => post), ...judged.refused.map(({ post }) => post)]
        // What another process allowed a moment ago is not refused: everything has to be known for that.
        if (judged.refused.length > 0) {
          await this.shared.check()
          if (this.shared.position !== known) continue
          for (const { post, reason } of judged.refused) post.reject(reason)
        }
        if (group.length === 0) return
        const started = this.clock.steady()
        const first = await this.send(group, known)
        if (first) {
          this.measure(group.length, this.clock.steady() - started)
          return this.publish(group, first)
        }
        left = group.map(({ post }) => post)
      }
      for (const { post } of group) post.reject(translate(Object.assign(new Error(), { code: '40001' })))
    } catch (error) {
      await this.afterFailure(posts, group, error)
    }
  }

  /** Undefined if the group has to be judged again. */
  private async send(group: readonly Judged[], known: Seq): Promise<LogPosition | undefined> {
    try {
      const first = await this.writer.run((_, sql) => insertGroup(sql, group, this.clock.now(), known))
      if (!first) await this.shared.check()
      return first
    } catch (error) {
      // Another process used a retry key between the look-up and the statement; the look-up finds it now.
      if (meaningOf(error) === 'duplicate' && constraintOf(error) === 'idempotency_key') return undefined
      if (meaningOf(error) === 'collision') return undefined
      throw error
    }
  }

  /** Who may be written, and who may not by what is known here. Those that were written before are answered. */
  private async judge(posts: readonly Post[]): Promise<{ group: Judged[]; refused: Refused[] }> {
    const plans = posts.map(({ plan }) => plan)
    const found = needsLookUp(plans) ? await this.writer.ask((_, sql) => lookUp(sql, plans)) : nothingFound
    const group: Judged[] = []
    const refused: Refused[] = []
    for (const post of posts) {
      const { plan } = post
      try {
        const judged = judgePost(plan, found)
        if (!judged.replayed) {
          group.push({ post, plan, draft: judged.draft })
          continue
        }
        // It is answered as it reads today, so what it made has to be known here.
        this.shared.reach(judged.seq).then(
          () => post.resolve(judged),
          (error) => post.reject(translate(error)),
        )
      } catch (reason) {
        // What has to be loaded first is not refused; it comes again.
        if (reason instanceof AppError) refused.push({ post, reason })
        else post.reject(reason)
      }
    }
    return { group, refused }
  }

  /**
   * Announces and answers. Where others have written before, that is announced first, which the writers need not wait
   * for: whoever reads, here or elsewhere, waits until what is committed is known (`fresh`).
   */
  private publish(group: readonly Judged[], first: LogPosition): void {
    const events = group.map(({ draft }, i) => placed(draft, nthPosition(first, i)))
    // What cannot be read before it is reported by whoever reads it; it is announced later.
    background(this.shared.announce(first.seq - 1, events), () => {})
    for (const [i, { post }] of group.entries()) {
      const event = events[i]
      if (event) post.resolve({ replayed: false, event })
    }
  }

  private async afterFailure(
    posts: readonly Post[],
    group: readonly Judged[],
    error: unknown,
  ): Promise<void> {
    const isOpen = (meaningOf(error) === 'lost' && wasSent(error)) || meaningOf(error) === 'duplicate'
    if (group.length > 0 && isOpen) return this.afterLoss(group, error)
    const failed = group.length > 0 ? group.map(({ post }) => post) : posts
    // Only the guilty one fails.
    if (failed.length > 1 && meaningOf(error) === 'other')
      for (const post of failed) await this.runGroup([post])
    else for (const post of failed) post.reject(translate(error))
  }

  /** The connection broke while a group was on its way: it was written as a whole, or not at all. */
  private async afterLoss(group: readonly Judged[], error: unknown): Promise<void> {
    const uuids = group.map(({ plan }) => plan.uuid)
    const places = await findOutcome(this.writer, this.clock, uuids)
    const [first] = group
    const place = first && places?.get(first.plan.uuid)
    if (place) return this.publish(group, place)
    const posts = group.map(({ post }) => post)
    // Its ids are the same, so it cannot be written twice.
    if (places && meaningOf(error) === 'lost') return this.runGroup(posts)
    for (const post of posts) post.reject(translate(error))
  }

  private async runAct(act: Act): Promise<void> {
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const started = this.clock.steady()
        const done = await this.transactOnce(act)
        if (!done) continue
        this.measure(1, this.clock.steady() - started)
        await this.makeKnown(done.base, done.events)
        background(
          this.answer(() => act.resolve(done.result)),
          this.report,
        )
        return
      }
      act.reject(translate(Object.assign(new Error(), { code: '40001' })))
    } catch (error) {
      act.reject(translate(error))
    }
  }

  /**
   * Announces an act, so that what comes next is judged by the new rights. It is committed: when the log cannot be read
   * now, the act is answered all the same, and what comes next waits until it can (`StaleRights`).
   */
  private async makeKnown(base: Seq, events: readonly LogEvent[]): Promise<void> {
    try {
      await this.shared.announce(base, events)
      await this.shared.reach(events.at(-1)?.seq ?? 0)
    } catch {
      // Reported where it was read.
    }
  }

  /** Undefined if the act has to be judged again. */
  private async transactOnce({ run }: Act) {
    try {
      return await this.writer.run((writer) =>
        writer.transaction(async (tx) => {
          const handle = handleOf(tx)
          await tx.execute('SELECT 1 FROM log_head FOR UPDATE')
          const head = await findHead(handle)
          if (!head) throw new Error('the log has no head')
          if (head.accessSeq > this.shared.position) throw new StaleRights()
          const log = new Appending(handle, this.clock, head)
          const result = await run(writesOver(handle, log, this.secrets))
          await log.writeHead()
          // The type of the result is that of whoever queued the work.
          return { result: result as never, base: head.seq, events: log.events }
        }),
      )
    } catch (error) {
      if (error instanceof StaleRights) await this.shared.check()
      else if (meaningOf(error) !== 'collision') throw error
      return undefined
    }
  }

  /** Answers whoever wrote what is announced by now. The next work need not wait for that. */
  private async answer(resolve: () => void): Promise<void> {
    await this.shared.carried()
    resolve()
  }
}
