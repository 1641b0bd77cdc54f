import { AppError, Trouble } from '../core/kernel/errors'
import type { Seq } from '../core/kernel/ids'
import type { Store } from '../core/kernel/ports'
import type { Catalogue } from '../core/log/catalogue'
import type { EventRecord, LogEvent } from '../core/log/events'

export interface LogReaderDeps {
  readonly catalogue: Catalogue
  readonly store: Pick<Store, 'reads'>
  /** Seq of the last event announced here. */
  readonly head: () => Seq
  readonly hydrate: (records: readonly EventRecord[]) => Promise<LogEvent[]>
  readonly report: (fault: unknown) => void
}

export interface LogPage {
  readonly events: readonly LogEvent[]
  /** Seq of the last event examined. */
  readonly position: Seq
}

/** Reads the log for background work. Reports and leaves out events of unknown types and unreadable ones. */
export class LogReader {
  constructor(private readonly deps: LogReaderDeps) {}

  get head(): Seq {
    return this.deps.head()
  }

  /** Returns up to `limit` events after a position, oldest first, up to the head. */
  async page(after: Seq, limit: number, reader: string): Promise<LogPage> {
    try {
      const { head } = this
      const isKnown = ({ type }: EventRecord) => this.deps.catalogue.find(type) !== undefined
      const read = await this.deps.store.reads.events(after, limit)
      const records = read.filter(({ seq }) => seq <= head)
      const position = records.at(-1)?.seq ?? head
      for (const record of records)
        if (!isKnown(record)) this.tell(record.seq, 'is of an unknown type', reader)
      return { events: await this.deps.hydrate(records.filter(isKnown)), position }
    } catch (fault) {
      if (!isUnreadable(fault)) throw fault
      // One of the events is unreadable. Smaller pages return those before it.
      if (limit > 1) return this.page(after, limit >> 1, reader)
      this.tell(after + 1, 'cannot be read', reader)
      return { events: [], position: after + 1 }
    }
  }

  /** Returns one event; undefined if it is unreadable or its subject is gone. */
  async event(seq: Seq, reader: string): Promise<LogEvent | undefined> {
    const { events } = await this.page(seq - 1, 1, reader)
    return events.find((event) => event.seq === seq)
  }

  private tell(seq: Seq, what: string, reader: string): void {
    this.deps.report(new Trouble(`event ${seq} of the log ${what}: ${reader} skips it`))
  }
}

/**
 * Reports whether the fault is in the stored data. An unavailable store fails with another error, and the read is
 * retried.
 */
function isUnreadable(fault: unknown): boolean {
  return !(fault instanceof AppError) && (fault instanceof SyntaxError || fault instanceof TypeError)
}
