import { background } from '../core/kernel/background'
import type { Leases } from '../core/kernel/ports'
import type { Clock } from '../core/kernel/time'
import type { Job } from './job'

/** Rows are asked at least so often, because a setting may have changed what they answer. */
const LOOK_MILLISECONDS = 60_000
/** How long the end of the process waits for rows that are running. */
const STOP_MILLISECONDS = 5000

export interface RunnerDeps {
  readonly leases: Leases
  readonly clock: Pick<Clock, 'steady'>
  readonly report: (fault: unknown, job: string) => void
}

/** A job, and what the runner knows of it. */
interface Row {
  readonly job: Job
  running: Promise<void> | undefined
  /** Ends the run that is under way. */
  abort: AbortController
  failures: number
  /** By the steady clock. */
  notBefore: number
  leasedUntil: number
}

/**
 * Runs all background work of this process: each row by itself, so that a slow or failing one holds up no other. A row
 * that fails is reported and tried again, later each time. Of several processes the one with the lease runs a row.
 */
export class Runner {
  private readonly rows = new Map<string, Row>()
  private timer: Timer | undefined
  private isWoken = false
  private state: 'new' | 'started' | 'stopped' = 'new'

  constructor(private readonly deps: RunnerDeps) {}

  /** Takes a row in; answers what takes it out again and ends its run. */
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

  /** Asks all rows in a later turn of the event loop, so that whoever calls goes on first. */
  wake(): void {
    if (this.isWoken || this.state !== 'started') return
    this.isWoken = true
    setImmediate(() => {
      this.isWoken = false
      this.look()
    })
  }

  /** To be called after each commit; does nothing unless a row follows the log. */
  committed(): void {
    for (const { job } of this.rows.values()) {
      if (job.followsLog) {
        this.wake()
        return
      }
    }
  }

  /** Runs what is due. Resolves when that has ended. */
  async check(): Promise<void> {
    this.look()
    await Promise.all([...this.rows.values()].map(({ running }) => running))
  }

  /** Ends the runs that are under way, writes down what is in memory, and gives leases back. */
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

  /** Milliseconds until a row runs or is asked again. */
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
      // What was ended is no failure.
      if (!row.abort.signal.aborted) this.failed(row, fault)
      // Another process may have more luck.
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

  /** Whether this process has the lease of a row, or can take it; a row without a lease is everybody's. */
  private async isOurs(row: Row): Promise<boolean> {
    const { lease } = row.job
    const remaining = row.leasedUntil - this.deps.clock.steady()
    return lease === undefined || remaining > (lease.seconds * 1000) / 3 || this.take(row)
  }

  /** Ends the run of a row whose lease another process has taken, because this one stood still. */
  private async renew(row: Row): Promise<void> {
    // Where it cannot be asked for, it is tried again before it is over.
    if (!(await this.take(row))) row.abort.abort()
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
    // One that cannot be given back is over soon.
    await this.deps.leases.release(row.job.name).catch(() => {})
  }
}
