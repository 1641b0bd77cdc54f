import { background } from '../core/kernel/background'
import type { Leases } from '../core/kernel/ports'
import type { Clock } from '../core/kernel/time'
import type { Job } from './job'

/** The longest interval between checks of a job, because a setting may have changed its schedule. */
const LOOK_MILLISECONDS = 60_000
/** How long the shutdown waits for running jobs. */
const STOP_MILLISECONDS = 5000

export interface RunnerDeps {
  readonly leases: Leases
  readonly clock: Pick<Clock, 'steady'>
  readonly report: (fault: unknown, job: string) => void
}

/** A job and its state in the runner. */
interface Row {
  readonly job: Job
  running: Promise<void> | undefined
  /** Aborts the current run. */
  abort: AbortController
  failures: number
  /** By the steady clock. */
  notBefore: number
  leasedUntil: number
}

/**
 * Runs the background work of this process. Jobs are independent: a slow or failing one delays no other. A failed job
 * is reported and retried with growing delays. Of several processes, the one with the lease runs a job.
 */
export class Runner {
  private readonly rows = new Map<string, Row>()
  private timer: Timer | undefined
  private isWoken = false
  private state: 'new' | 'started' | 'stopped' = 'new'

  constructor(private readonly deps: RunnerDeps) {}

  /** Registers a job. Returns a function that removes it and aborts its run. */
  add(job: Job): () => void {
    if (this.rows.has(job.name)) throw new Error(`there are two jobs called ${job.name}`)
    const row: Row = {
      job,
      running: undefined,
      abort: new AbortController(),
      failures: 0,
      notBefore: Number.NEGATIVE_INFINITY,
      leasedUntil: Number.NEGATIVE_INFINITY,
    }
    this.rows.set(job.name, row)
    this.wake()
    return () => {
      row.abort.abort()
      this.rows.delete(job.name)
    }
  }

  start(): void {
    this.state = 'started'
    this.wake()
  }

  /** Checks all jobs in a later turn of the event loop, so that the caller continues first. */
  wake(): void {
    if (this.isWoken || this.state !== 'started') return
    this.isWoken = true
    setImmediate(() => {
      this.isWoken = false
      this.look()
    })
  }

  /** Call it after each commit. Does nothing unless a job follows the log. */
  committed(): void {
    for (const { job } of this.rows.values()) {
      if (job.followsLog) {
        this.wake()
        return
      }
    }
  }

  /** Runs the jobs that are due. Resolves when they have finished. */
  async check(): Promise<void> {
    this.look()
    await Promise.all([...this.rows.values()].map(({ running }) => running))
  }

  /** Aborts running jobs, runs those that must run at the end, and releases the leases. */
  async stop(): Promise<void> {
    this.state = 'stopped'
    clearTimeout(this.timer)
    const rows = [...this.rows.values()]
    for (const { abort } of rows) abort.abort()
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(patience.resolve, STOP_MILLISECONDS)
    await Promise.race([Promise.all(rows.map(({ running }) => running)), patience.promise])
    clearTimeout(timer)
    for (const row of rows) {
      if (row.job.runsAtEnd) await row.job.run(row.abort.signal).catch((fault) => this.failed(row, fault))
      if (row.job.lease?.isGivenBack) await this.release(row)
    }
  }

  private look(): void {
    if (this.state !== 'started') return
    clearTimeout(this.timer)
    let next = LOOK_MILLISECONDS
    for (const row of this.rows.values()) {
      if (row.running !== undefined) continue
      const wait = this.waitOf(row)
      if (wait === 0) this.begin(row)
      else if (wait !== undefined) next = Math.min(next, wait)
    }
    this.timer = setTimeout(() => this.look(), Math.max(1, Math.ceil(next)))
  }

  /** Milliseconds until a job is due or is checked again. */
  private waitOf({ job, notBefore }: Row): number | undefined {
    const wait = job.wait()
    if (wait === undefined) return undefined
    return Math.max(0, wait, notBefore - this.deps.clock.steady())
  }

  private begin(row: Row): void {
    row.abort = new AbortController()
    row.running = this.runWhileDue(row)
    background(
      row.running.finally(() => {
        row.running = undefined
        this.wake()
      }),
      (fault) => this.deps.report(fault, row.job.name),
    )
  }

  private async runWhileDue(row: Row): Promise<void> {
    do await this.run(row)
    while (!row.abort.signal.aborted && this.waitOf(row) === 0)
  }

  private async run(row: Row): Promise<void> {
    const { job } = row
    let renewal: Timer | undefined
    try {
      if (!(await this.isOurs(row))) {
        row.notBefore = this.deps.clock.steady() + (job.lease?.seconds ?? 0) * 1000
        job.elsewhere?.()
        return
      }
      if (job.lease)
        renewal = setInterval(() => background(this.renew(row), () => {}), (job.lease.seconds * 1000) / 3)
      await job.run(row.abort.signal)
      row.failures = 0
    } catch (fault) {
      // An aborted run did not fail.
      if (!row.abort.signal.aborted) this.failed(row, fault)
      // Another process may succeed.
      await this.release(row)
    } finally {
      clearInterval(renewal)
    }
  }

  private failed(row: Row, fault: unknown): void {
    const { job, failures } = row
    row.failures++
    row.notBefore = this.deps.clock.steady() + Math.min(job.retry.longest, job.retry.first * 2 ** failures)
    if (job.report) job.report(fault)
    else this.deps.report(fault, job.name)
  }

  /** Reports whether this process holds or can take the lease of a job; true for a job without one. */
  private async isOurs(row: Row): Promise<boolean> {
    const { lease } = row.job
    const remaining = row.leasedUntil - this.deps.clock.steady()
    return lease === undefined || remaining > (lease.seconds * 1000) / 3 || this.take(row)
  }

  /**
   * Ends a run whose lease is over, or was taken by another process, because this process was suspended or could not
   * reach the database.
   */
  private async renew(row: Row): Promise<void> {
    const isOver = () => row.leasedUntil <= this.deps.clock.steady()
    // A failed request is repeated while the lease lasts.
    if (isOver() || !(await this.take(row).catch(() => !isOver()))) row.abort.abort()
  }

  private async take(row: Row): Promise<boolean> {
    const { name, lease } = row.job
    if (!lease) return true
    const asked = this.deps.clock.steady()
    const isTaken = await this.deps.leases.lease(name, lease.seconds)
    row.leasedUntil = isTaken ? asked + lease.seconds * 1000 : Number.NEGATIVE_INFINITY
    return isTaken
  }

  private async release(row: Row): Promise<void> {
    if (row.leasedUntil === Number.NEGATIVE_INFINITY) return
    row.leasedUntil = Number.NEGATIVE_INFINITY
    // A lease that cannot be released expires soon.
    await this.deps.leases.release(row.job.name).catch(() => {})
  }
}
