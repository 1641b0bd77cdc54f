import type { Seq } from '../core/kernel/ids'
import type { LogEvent } from '../core/log/events'
import type { Marks } from '../core/log/marks'

type Listener<What> = (what: What) => void

/**
 * The log as this process announces it to its listeners. `GroupCommit` uses it, whether or not other processes write
 * to the same log.
 */
export interface AnnouncedLog {
  /** Seq of the last announced event. This process judges rights as of this position. */
  readonly position: Seq
  onCommit(listener: Listener<readonly LogEvent[]>): void
  onMarks(listener: Listener<Marks>): void
  /** Announces events and marks that this process committed after `base`. Resolves when they are announced. */
  announce(base: Seq, events: readonly LogEvent[], marks: Marks | undefined): Promise<void>
  /** Resolves when everything that other processes have committed so far is announced here. @throws unavailable */
  check(): Promise<void>
  /** Resolves when the log is announced up to `seq`, which must be committed. Rejects if the log cannot be read. */
  waitFor(seq: Seq): Promise<void>
  /** Resolves when streams have sent what was announced; undefined if they already have. */
  flushed(): Promise<void> | undefined
}

/** Calls listeners in the order of their registration. An error of one does not affect the others. */
export function tell<What>(
  listeners: readonly Listener<What>[],
  what: What,
  report: (fault: unknown) => void,
): void {
  for (const listener of listeners)
    try {
      listener(what)
    } catch (fault) {
      report(fault)
    }
}

const done = Promise.resolve()

interface Waiter {
  readonly seq: Seq
  resolve(): void
}

/**
 * The log of a store that only this process writes to. Commits are announced when the database has answered. A reader
 * may see them a moment earlier.
 */
export class OwnLog implements AnnouncedLog {
  private readonly listeners: Listener<readonly LogEvent[]>[] = []
  private readonly markListeners: Listener<Marks>[] = []
  private waiters: Waiter[] = []

  constructor(
    public position: Seq,
    private readonly report: (fault: unknown) => void,
  ) {}

  onCommit(listener: Listener<readonly LogEvent[]>): void {
    this.listeners.push(listener)
  }

  onMarks(listener: Listener<Marks>): void {
    this.markListeners.push(listener)
  }

  announce(base: Seq, events: readonly LogEvent[], marks: Marks | undefined): Promise<void> {
    this.position = base + events.length
    if (events.length > 0) tell(this.listeners, events, this.report)
    if (marks) tell(this.markListeners, marks, this.report)
    if (this.waiters.length > 0) this.wake()
    return done
  }

  check(): Promise<void> {
    return done
  }

  waitFor(seq: Seq): Promise<void> {
    if (seq <= this.position) return done
    return new Promise((resolve) => this.waiters.push({ seq, resolve }))
  }

  flushed(): undefined {}

  private wake(): void {
    const waiting = this.waiters
    this.waiters = waiting.filter(({ seq }) => seq > this.position)
    for (const { seq, resolve } of waiting) if (seq <= this.position) resolve()
  }
}
