import { background } from '../core/kernel/background'
import { AppError } from '../core/kernel/errors'
import type { Secrets, Seq } from '../core/kernel/ids'
import type { PostOutcome, Writes } from '../core/kernel/ports'
import type { Clock } from '../core/kernel/time'
import type { Catalogue } from '../core/log/catalogue'
import type { LogEvent } from '../core/log/events'
import { countIndependent, type Found, judgePost } from '../core/messages/judge-post'
import { type LogPosition, nthPosition, type PostPlan, placed } from '../core/messages/post-plan'
import type { AnnouncedLog } from './announced-log'
import { Appender } from './appender'
import type { Engine, Group, JudgedPost, Outcome, Transaction } from './engine'
import {
  apart,
  GROUP_MILLISECONDS,
  GROUP_TEXT,
  GROUP_WORKS,
  type QueuedAct,
  type QueuedPost,
  type QueuedWrite,
} from './write-queue'

/** How often a group that another process got in the way of is judged and sent again. */
const MAX_ROUNDS = 20

/** A post with what it was judged to write. */
interface Judged extends JudgedPost {
  readonly post: QueuedPost
}

interface Refused {
  readonly post: QueuedPost
  readonly reason: AppError
}

/** Works on their way to one commit, as far as they are not answered yet. */
interface Attempt {
  posts: readonly QueuedPost[]
  acts: readonly QueuedAct[]
  /** The posts that were sent last; nothing is known of them until the engine answers. */
  sent: readonly Judged[]
  /** The act that failed after it wrote. */
  failed: QueuedAct | undefined
}

/** A commit: its events, and whoever waits for it. */
interface Written {
  /** Seq before the first event. */
  readonly base: Seq
  readonly events: readonly LogEvent[]
  /** The first events are these posts. */
  readonly posts: readonly Judged[]
  /** Answer the acts. */
  readonly answers: readonly (() => void)[]
}

export interface GroupCommitDeps {
  readonly catalogue: Catalogue
  readonly engine: Engine
  readonly log: AnnouncedLog
  readonly clock: Clock
  readonly secrets: Secrets
  /** Told of faults that must fail nobody's request. */
  readonly report: (fault: unknown) => void
  /** Told how many works shared a commit, and how many milliseconds it took. */
  readonly measure?: ((works: number, milliseconds: number) => void) | undefined
}

/**
 * The one way in which this process writes to its store. Works wait in a queue, and one group of them is on its way at a
 * time. Works that come meanwhile share the next commit, so that being durable costs one fsync, or one round trip, a
 * group. Posts are looked up and judged before the group is written; acts run inside its transaction and come last, so
 * no post is judged behind an act of its own group. An act that changes rights ends the group. Only after the commit is
 * anything announced, and only then answered.
 */
export class GroupCommit {
  private readonly queue: QueuedWrite[] = []
  private isRunning = false
  private idle: (() => void) | undefined
  private appender: Appender | undefined

  constructor(private readonly deps: GroupCommitDeps) {}

  post(plan: PostPlan): Promise<PostOutcome> {
    return new Promise((resolve, reject) => this.enqueue({ plan, resolve, reject }))
  }

  transact<Result>(run: (tx: Writes) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => this.enqueue({ plan: null, run, resolve, reject }))
  }

  /** Waits for what is queued. */
  async drain(): Promise<void> {
    if (this.isRunning) await new Promise<void>((resolve) => (this.idle = resolve))
  }

  private enqueue(work: QueuedWrite): void {
    this.queue.push(work)
    if (this.isRunning) return
    this.isRunning = true
    this.schedule()
  }

  private schedule(): void {
    setImmediate(() => background(this.runNext(), this.deps.report))
  }

  private async runNext(): Promise<void> {
    try {
      await this.run(this.takeGroup())
    } catch (fault) {
      // The works behind it are done all the same.
      this.deps.report(fault)
    }
    if (this.queue.length > 0) return this.schedule()
    this.isRunning = false
    this.idle?.()
  }

  /** Works from the front of the queue that fit in one group: posts that can be judged together, then acts. */
  private takeGroup(): QueuedWrite[] {
    const plans: PostPlan[] = []
    let text = 0
    for (const { plan } of this.queue) {
      if (!plan || plans.length === GROUP_WORKS || text >= GROUP_TEXT) break
      plans.push(plan)
      text += plan.bodyLength
    }
    let end = countIndependent(plans)
    const most = this.deps.engine.sharesCommits ? GROUP_WORKS : Math.max(end, 1)
    while (end < most && this.queue[end]?.plan === null) end++
    return this.queue.splice(0, end)
  }

  private async run(works: readonly QueuedWrite[]): Promise<void> {
    const posts = works.filter((work): work is QueuedPost => work.plan !== null)
    const acts = works.filter((work): work is QueuedAct => work.plan === null)
    const attempt: Attempt = { posts, acts, sent: [], failed: undefined }
    let written: Written | undefined
    try {
      written = await this.attempt(attempt)
    } catch (error) {
      return this.afterFailure(attempt, error)
    }
    if (written) return this.publish(written)
  }

  /** Judges and writes until no other process is in the way. Undefined if all works are answered by then. */
  private async attempt(attempt: Attempt): Promise<Written | undefined> {
    const { engine, log, clock, measure } = this.deps
    for (let round = 0; round < MAX_ROUNDS; round++) {
      attempt.sent = []
      const known = log.position
      const plans = attempt.posts.map(({ plan }) => plan)
      const { judged, refused } = this.judge(
        attempt,
        plans.length > 0 ? await engine.lookUp(plans) : undefined,
      )
      attempt.posts = postsOf(refused.length > 0 ? [...judged, ...refused] : judged)
      // What another process allowed a moment ago is not refused: everything has to be known for that.
      if (refused.length > 0) {
        await log.check()
        if (log.position !== known) continue
        for (const { post, reason } of refused) post.reject(engine.translate(reason))
        attempt.posts = postsOf(judged)
      }
      if (attempt.posts.length === 0 && attempt.acts.length === 0) return undefined
      const started = clock.steady()
      attempt.sent = judged
      const group = { posts: judged, known }
      const written =
        attempt.acts.length > 0
          ? await this.writeWithActs(attempt, group)
          : writtenAt(await engine.write(group), judged)
      if (written) {
        measure?.(written.posts.length + written.answers.length, clock.steady() - started)
        return written
      }
      await log.check()
    }
    const message = 'Other processes write to this store all the time; try again'
    const reason = new AppError('unavailable', 'unavailable', message, { retry_after: 2 })
    for (const work of [...attempt.posts, ...attempt.acts]) work.reject(reason)
    return undefined
  }

  /** Which posts may be written, and which may not by what is known here. Those that were written before are answered. */
  private judge(attempt: Attempt, found: Found | undefined): { judged: Judged[]; refused: Refused[] } {
    const { engine, clock } = this.deps
    const judged: Judged[] = []
    const refused: Refused[] = []
    const { posts } = attempt
    if (!found) return { judged, refused }
    const deadline = clock.steady() + GROUP_MILLISECONDS
    for (const [i, post] of posts.entries()) {
      if (i > 0 && clock.steady() > deadline) {
        this.queue.unshift(...posts.slice(i), ...attempt.acts)
        attempt.acts = []
        break
      }
      try {
        const { plan } = post
        const judgement = judgePost(plan, found)
        if (judgement.replayed) this.answerAgain(post, judgement)
        else judged.push({ post, plan, draft: judgement.draft })
      } catch (reason) {
        // What has to be loaded first is not refused; it comes again.
        if (reason instanceof AppError) refused.push({ post, reason })
        else post.reject(engine.translate(reason))
      }
    }
    return { judged, refused }
  }

  /** A request that was made before is answered as its message reads today, so that has to be known here. */
  private answerAgain(post: QueuedPost, outcome: PostOutcome & { replayed: true }): void {
    const { engine, log } = this.deps
    log.waitFor(outcome.seq).then(
      () => post.resolve(outcome),
      (error) => post.reject(engine.translate(error)),
    )
  }

  /** Undefined if the group has to be judged again. */
  private async writeWithActs(attempt: Attempt, group: Group): Promise<Written | undefined> {
    const { sent: posts, acts } = attempt
    const written = await this.deps.engine.transact(group, async (transaction) => {
      const appender = this.appenderOf(transaction)
      const answers = await this.runActs(attempt, transaction, appender)
      const { first, head } = transaction
      const events = [...(first ? eventsOf(posts, first) : []), ...appender.events]
      const base = head.seq - posts.length
      return { head: appender.head, result: { base, events, posts, answers } satisfies Written }
    })
    // Those that did not run come first in the next group.
    if (written) this.queue.unshift(...acts.slice(written.answers.length))
    return written
  }

  /** Runs acts until one of them has changed rights, or time is up. Answers what answers those that ran. */
  private async runActs(attempt: Attempt, { changes }: Transaction, appender: Appender) {
    const { engine, clock } = this.deps
    const answers: (() => void)[] = []
    const deadline = clock.steady() + GROUP_MILLISECONDS
    for (const act of attempt.acts) {
      const before = changes?.()
      try {
        // The type of the result is that of whoever queued the work.
        const result = (await act.run(appender.writes)) as never
        answers.push(() => act.resolve(result))
      } catch (error) {
        if (before === undefined || changes?.() !== before) {
          attempt.failed = act
          throw error
        }
        answers.push(() => act.reject(engine.translate(error)))
      }
      if (appender.changedRights || clock.steady() > deadline) break
    }
    return answers
  }

  /** An engine that keeps its handle keeps the statements prepared over it. */
  private appenderOf({ handle, head }: Transaction): Appender {
    if (this.appender?.handle !== handle)
      this.appender = new Appender(this.deps.catalogue, handle, this.deps.clock, this.deps.secrets)
    this.appender.beginAt(head)
    return this.appender
  }

  /**
   * Announces and answers. Posts need not wait until what others have written before is announced, too: whoever reads,
   * here or elsewhere, waits until what is committed is known (`readBarrier`). Behind an act everybody waits, so that what comes
   * next is judged by the new rights.
   */
  private publish({ base, events, posts, answers }: Written): Promise<void> | undefined {
    const { log } = this.deps
    const announced = log.announce(base, events)
    for (let i = 0; i < posts.length; i++) {
      const event = events[i]
      if (event?.about === 'message') posts[i]?.post.resolve({ replayed: false, event })
    }
    if (answers.length > 0) return this.answerActs(answers, announced, base + events.length)
    // What cannot be read before it is reported by whoever reads it; it is announced later.
    background(announced, () => {})
    return undefined
  }

  private async answerActs(answers: Written['answers'], announced: Promise<void>, upTo: Seq): Promise<void> {
    try {
      await announced
      await this.deps.log.waitFor(upTo)
    } catch {
      // It is committed, so it is answered all the same. Reported where it was read.
    }
    background(this.answer(answers), this.deps.report)
  }

  /** Answers whoever wrote what is announced by now. The next group need not wait for that. */
  private async answer(answers: Written['answers']): Promise<void> {
    await this.deps.log.flushed()
    for (const answer of answers) answer()
  }

  /** A work at fault fails alone: the others are written without it. */
  private async afterFailure(attempt: Attempt, error: unknown): Promise<void> {
    const { posts, acts, sent, failed } = attempt
    const works = [...posts, ...acts]
    const outcome = await this.outcomeOf(sent, error)
    const written = outcome.kind === 'written' && writtenAt(outcome.first, sent)
    if (written) return this.publish(written)
    // Its ids are the same, so it cannot be written twice.
    if (outcome.kind === 'again') return this.run(works)
    if (outcome.kind === 'apart' && works.length > 1) {
      for (const part of apart(works, failed)) await this.run(part)
      return
    }
    const reason = this.deps.engine.translate(error)
    for (const work of works) work.reject(reason)
  }

  private async outcomeOf(posts: readonly JudgedPost[], error: unknown): Promise<Outcome> {
    try {
      return await this.deps.engine.outcome(posts, error)
    } catch (fault) {
      this.deps.report(fault)
      return { kind: 'failed' }
    }
  }
}

function postsOf(works: readonly (Judged | Refused)[]): QueuedPost[] {
  return works.map(({ post }) => post)
}

function writtenAt(first: LogPosition | undefined, posts: readonly Judged[]): Written | undefined {
  return first && { base: first.seq - 1, events: eventsOf(posts, first), posts, answers: [] }
}

function eventsOf(posts: readonly JudgedPost[], first: LogPosition): LogEvent[] {
  return posts.map(({ draft }, i) => placed(draft, nthPosition(first, i)))
}
