import type { Seq } from '../core/kernel/ids'
import type { LogEvent } from '../core/log/events'

type Listener<What> = (what: What) => void

/** The log as this process announces it: what `GroupCommit` asks of it, whether other processes write to it or not. */
export interface AnnouncedLog {
  /** Seq of the last event that was announced: by everything up to it this process judges. */
  readonly position: Seq
  onCommit(listener: Listener<readonly LogEvent[]>): void
  /** Announces what was committed here after `base`. Resolves when it is out. */
  announce(base: Seq, events: readonly LogEvent[]): Promise<void>
  /** Resolves when everything that other processes have committed is announced here. @throws unavailable */
  check(): Promise<void>
  /** Resolves when the log up to `seq`, which is committed, is announced. Rejects when it cannot be read. */
  waitFor(seq: Seq): Promise<void>
  /** When streams have carried what was announced; undefined means now. */
  flushed(): Promise<void> | undefined
}

/** Tells listeners in the order in which they were registered. None of them can fail the others. */
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

/** The log of a store that only this process writes to: what is committed is announced at once. */
export class OwnLog implements AnnouncedLog {
  private readonly listeners: Listener<readonly LogEvent[]>[] = []

  constructor(
    public position: Seq,
    private readonly report: (fault: unknown) => void,
  ) {}

  onCommit(listener: Listener<readonly LogEvent[]>): void {
    this.listeners.push(listener)
  }

  announce(base: Seq, events: readonly LogEvent[]): Promise<void> {
    this.position = base + events.length
    if (events.length > 0) tell(this.listeners, events, this.report)
    return done
  }

  check(): Promise<void> {
    return done
  }

  waitFor(): Promise<void> {
    return done
  }

  flushed(): undefined {}
}
