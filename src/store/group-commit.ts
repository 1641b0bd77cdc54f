import { background } from '../core/kernel/background'
import { AppError } from '../core/kernel/errors'
import type { Secrets, Seq } from '../core/kernel/ids'
import type { PostOutcome, Writes } from '../core/kernel/ports'
import type { Clock } from '../core/kernel/time'
import type { Catalogue } from '../core/log/catalogue'
import type { LogEvent } from '../core/log/events'
import type { Marks } from '../core/log/marks'
import { GroupFound } from '../core/messages/group-found'
import { type Found, judgePost } from '../core/messages/judge-post'
import { eventOfDraft, type LogPosition, nthPosition, type PostPlan } from '../core/messages/post-plan'
import type { AnnouncedLog } from './announced-log'
import { Appender } from './appender'
import type { Handle } from './database'
import type { Engine, Group, JudgedPost, Outcome, Transaction } from './engine'
import {
  type ActTransaction,
  GROUP_MILLISECONDS,
  GROUP_WRITES,
  QUEUED_MILLISECONDS,
  type QueuedAct,
  type QueuedPost,
  type QueuedWrite,
  split,
  takeGroup,
} from './write-queue'

/** How many times a group is judged and written again when other processes interfere. */
const MAX_ROUNDS = 100

/** A post with the draft that was decided for it. */
interface Judged extends JudgedPost {
  readonly post: QueuedPost
}

interface Refused {
  readonly post: QueuedPost
  readonly reason: AppError
}

/** The unanswered writes of one commit. */
interface Attempt {
  posts: readonly QueuedPost[]
  acts: readonly QueuedAct[]
  /** The posts sent to the engine last. Their outcome is unknown until the engine responds. */
  sent: readonly Judged[]
  /** The write that failed, if that is known. */
  failed: QueuedWrite | undefined
}

/** A commit: its events, and the writes to be answered. */
interface Written {
  /** Seq before the first event. */
  readonly base: Seq
  readonly events: readonly LogEvent[]
  readonly marks: Marks | undefined
  /** The posts, whose events come first. */
  readonly posts: readonly Judged[]
  /** Each resolves or rejects one act. */
  readonly answers: readonly (() => void)[]
  /** What the acts want to be called after the commit. */
  readonly effects: readonly (() => void)[]
}

export interface GroupCommitDeps {
  readonly catalogue: Catalogue
  readonly engine: Engine
  readonly log: AnnouncedLog
  readonly clock: Clock
  readonly secrets: Secrets
  /** Called with errors that must not fail a request. */
  readonly report: (fault: unknown) => void
  /** Called after every commit with the number of writes in it and its duration in milliseconds. */
  readonly measure?: ((writes: number, milliseconds: number) => void) | undefined
}

/**
 * The only path by which this process writes to its store. Writes wait in a queue, and one group is written at a
 * time. Those that arrive meanwhile share the next commit, so durability costs one fsync, or one round trip, per
 * group.
 * Posts are looked up and judged before the group is written. Acts run inside its transaction and come last, so a
 * post is never judged after an act of the same group. An act that changes rights, or what is in memory, ends the group.
 * Events are announced only after the commit, and writes are answered only after that.
 */
export class GroupCommit {
  private readonly queue: QueuedWrite[] = []
  private isRunning = false
  private idle: (() => void) | undefined
  private appender: Appender | undefined
  private expiry: Timer | undefined

  constructor(private readonly deps: GroupCommitDeps) {}

  post(plan: PostPlan): Promise<PostOutcome> {
    const since = performance.now()
    return new Promise((resolve, reject) => this.enqueue({ plan, since, resolve, reject }))
  }

  /** `isUrgent`: behind the next group of posts, or in it. What is first in the queue never waits for it. */
  transact<Result>(
    run: (tx: Writes) => Promise<Result>,
    { isUrgent } = { isUrgent: false },
  ): Promise<Result> {
    return this.act(({ writes }) => run(writes), isUrgent)
  }

  /** Runs an act that writes rows which are no part of the log, such as facts about the instance. */
  write<Result>(run: (handle: Handle) => Promise<Result>): Promise<Result> {
    return this.act(({ handle }) => run(handle))
  }

  /** Waits until the queue is empty. */
  async drain(): Promise<void> {
    if (this.isRunning) await new Promise<void>((resolve) => (this.idle = resolve))
  }

  private act<Result>(run: (tx: ActTransaction) => Promise<Result>, isUrgent = false): Promise<Result> {
    const since = performance.now()
    return new Promise((resolve, reject) => {
      this.enqueue({ plan: null, since, run, resolve, reject }, isUrgent)
    })
  }

  private enqueue(write: QueuedWrite, isUrgent = false): void {
    const mayWait = ({ plan }: QueuedWrite, i: number) => i > 0 && (plan === null || i >= GROUP_WRITES)
    const later = isUrgent ? this.queue.findIndex(mayWait) : -1
    if (later < 0) this.queue.push(write)
    else this.queue.splice(later, 0, write)
    this.expiry ??= this.expireIn(QUEUED_MILLISECONDS)
    if (this.isRunning) return
    this.isRunning = true
    this.schedule()
  }

  /** Refuses writes that have been in the queue for too long, because the database takes none. */
  private expireIn(milliseconds: number): Timer {
    const expire = () => {
      const now = performance.now()
      const isOld = ({ since }: QueuedWrite) => now - since >= QUEUED_MILLISECONDS
      const fresh = this.queue.findIndex((write) => !isOld(write))
      const message = 'The store takes no writes at present; nothing was written, try again'
      for (const write of this.queue.splice(0, fresh < 0 ? this.queue.length : fresh))
        write.reject(new AppError('unavailable', 'unavailable', message, { retry_after: 2 }))
      const [oldest] = this.queue
      this.expiry = oldest && this.expireIn(Math.max(0, oldest.since + QUEUED_MILLISECONDS - now) + 1)
    }
    return setTimeout(expire, milliseconds).unref()
  }

  private schedule(): void {
    setImmediate(() => background(this.runNext(), this.deps.report))
  }

  private async runNext(): Promise<void> {
    try {
      await this.run(takeGroup(this.queue, this.deps.engine.sharesCommits))
    } catch (fault) {
      // The next group runs all the same.
      this.deps.report(fault)
    }
    if (this.queue.length > 0) return this.schedule()
    this.isRunning = false
    this.idle?.()
  }

  private async run(writes: readonly QueuedWrite[]): Promise<void> {
    const posts = writes.filter((write): write is QueuedPost => write.plan !== null)
    const acts = writes.filter((write): write is QueuedAct => write.plan === null)
    const attempt: Attempt = { posts, acts, sent: [], failed: undefined }
    let written: Written | undefined
    try {
      written = await this.attempt(attempt)
    } catch (error) {
      return this.afterFailure(attempt, error)
    }
    if (written) return this.publish(written)
  }

  /**
   * Judges and writes, and repeats both while other processes interfere. Returns undefined if everything is answered
   * already.
   */
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
      // Another process may just have granted the right. Refuse only once everything committed is known here.
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
    for (const write of [...attempt.posts, ...attempt.acts]) write.reject(reason)
    return undefined
  }

  /** Judges posts by what is known here. Answers those that were already written under the same retry key. */
  private judge(attempt: Attempt, found: Found | undefined): { judged: Judged[]; refused: Refused[] } {
    const { engine, clock } = this.deps
    const judged: Judged[] = []
    const refused: Refused[] = []
    const { posts } = attempt
    if (!found) return { judged, refused }
    const group = new GroupFound(found, clock)
    const deadline = clock.steady() + GROUP_MILLISECONDS
    for (const [i, post] of posts.entries()) {
      if (i > 0 && clock.steady() > deadline) {
        this.queue.unshift(...posts.slice(i), ...attempt.acts)
        attempt.acts = []
        break
      }
      try {
        const { plan } = post
        const judgement = judgePost(plan, group)
        if (judgement.replayed) this.answerAgain(post, judgement)
        else {
          group.judged(judgement.draft)
          judged.push({ post, plan, draft: judgement.draft })
        }
      } catch (reason) {
        // An AppError refuses the post. Any other error rejects it at once; it may mean that the caller has to load
        // something and post again.
        if (reason instanceof AppError) refused.push({ post, reason })
        else post.reject(engine.translate(reason))
      }
    }
    return { judged, refused }
  }

  /**
   * Answers a repeated request. The response shows the message as it is now, so waits until the log is known here up
   * to it.
   */
  private answerAgain(post: QueuedPost, outcome: PostOutcome & { replayed: true }): void {
    const { engine, log } = this.deps
    log.waitFor(outcome.seq).then(
      () => post.resolve(outcome),
      (error) => post.reject(engine.translate(error)),
    )
  }

  /** Returns undefined if the group has to be judged again. */
  private async writeWithActs(attempt: Attempt, group: Group): Promise<Written | undefined> {
    const { sent: posts, acts } = attempt
    const written = await this.deps.engine.transact(group, async (transaction) => {
      const appender = this.appenderOf(transaction)
      const answers = await this.runActs(attempt, transaction, appender)
      const { first, head } = transaction
      const events = [...(first ? eventsOf(posts, first) : []), ...appender.events]
      const base = head.seq - posts.length
      const marks = appender.marks.take()
      const { head: last, effects } = appender
      return { head: last, result: { base, events, marks, posts, answers, effects } satisfies Written }
    })
    // Acts that did not run come first in the next group.
    if (written) this.queue.unshift(...acts.slice(written.answers.length))
    return written
  }

  /** Runs acts until one of them ends the group or the time is up. Returns the callbacks that answer those that ran. */
  private async runActs(attempt: Attempt, { writes }: Transaction, appender: Appender) {
    const { engine, clock } = this.deps
    const answers: (() => void)[] = []
    const deadline = clock.steady() + GROUP_MILLISECONDS
    for (const act of attempt.acts) {
      const before = writes?.()
      const effects = appender.effects.length
      attempt.failed = act
      try {
        // The caller that queued the act knows the type of its result.
        const result = (await act.run(appender)) as never
        answers.push(() => act.resolve(result))
      } catch (error) {
        if (before === undefined || writes?.() !== before) throw error
        appender.keepEffects(effects)
        answers.push(() => act.reject(engine.translate(error)))
      }
      attempt.failed = undefined
      if (appender.endsGroup || clock.steady() > deadline) break
    }
    return answers
  }

  /** Reuses the appender, and so its prepared statements, while the engine keeps its handle. */
  private appenderOf({ handle, head }: Transaction): Appender {
    if (this.appender?.handle !== handle)
      this.appender = new Appender(this.deps.catalogue, handle, this.deps.clock, this.deps.secrets)
    this.appender.beginAt(head)
    return this.appender
  }

  /**
   * Announces and answers. Posts are answered without waiting until earlier writes of other processes are announced,
   * because every reader waits for what is committed (`readBarrier`). After an act the next group waits until the act
   * is announced, so that it is judged by the new rights.
   */
  private publish(written: Written): Promise<void> | undefined {
    const { base, events, marks, posts } = written
    const announced = this.deps.log.announce(base, events, marks)
    for (let i = 0; i < posts.length; i++) {
      const event = events[i]
      if (event?.about === 'message') posts[i]?.post.resolve({ replayed: false, event })
    }
    if (written.answers.length > 0) return this.answerActs(written, announced)
    // The reader of the log reports the error, and the events are announced later.
    background(announced, () => {})
    return undefined
  }

  private async answerActs(written: Written, announced: Promise<void>): Promise<void> {
    const { base, events, answers, effects } = written
    try {
      await announced
      await this.deps.log.waitFor(base + events.length)
    } catch {
      // The act is committed, so it is answered. The reader of the log has reported the error.
    }
    for (const effect of effects) effect()
    background(this.answer(answers), this.deps.report)
  }

  /** Answers acts once streams have sent their events. The next group does not wait for that. */
  private async answer(answers: Written['answers']): Promise<void> {
    await this.deps.log.flushed()
    for (const answer of answers) answer()
  }

  /** Handles a failed attempt. If one write caused the error, the others are written without it. */
  private async afterFailure(attempt: Attempt, error: unknown): Promise<void> {
    const { posts, acts, sent, failed } = attempt
    const writes = [...posts, ...acts]
    const outcome = await this.outcomeOf(sent, error)
    const written = outcome.kind === 'written' && writtenAt(outcome.first, sent)
    if (written) return this.publish(written)
    // The ids are the same as before, so nothing can be written twice.
    if (outcome.kind === 'retry') return this.run(writes)
    if (outcome.kind === 'split' && writes.length > 1) {
      const guilty = outcome.post === undefined ? failed : sent[outcome.post]?.post
      for (const part of split(writes, guilty)) await this.run(part)
      return
    }
    const reason = this.deps.engine.translate(error)
    for (const write of writes) write.reject(reason)
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

function postsOf(writes: readonly (Judged | Refused)[]): QueuedPost[] {
  return writes.map(({ post }) => post)
}

function writtenAt(first: LogPosition | undefined, posts: readonly Judged[]): Written | undefined {
  return (
    first && {
      base: first.seq - 1,
      events: eventsOf(posts, first),
      marks: undefined,
      posts,
      answers: [],
      effects: [],
    }
  )
}

function eventsOf(posts: readonly JudgedPost[], first: LogPosition): LogEvent[] {
  return posts.map(({ draft }, i) => eventOfDraft(draft, nthPosition(first, i)))
}
