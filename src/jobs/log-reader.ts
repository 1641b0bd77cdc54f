import { AppError, Trouble } from '../core/kernel/errors'
import type { Seq } from '../core/kernel/ids'
import type { Store } from '../core/kernel/ports'
import type { Catalogue } from '../core/log/catalogue'
import type { EventRecord, LogEvent } from '../core/log/events'

export interface LogReaderDeps {
  readonly catalogue: Catalogue
  readonly store: Pick<Store, 'reads'>
  /** Seq of the last event that was announced here. */
  readonly head: () => Seq
  readonly hydrate: (records: readonly EventRecord[]) => Promise<LogEvent[]>
  readonly report: (fault: unknown) => void
}

export interface LogPage {
  readonly events: readonly LogEvent[]
  /** Seq of the last event that was looked at. */
  readonly position: Seq
}

/** Reads the log for background work. Events of unknown types, and those that cannot be read, are reported and left out. */
export class LogReader {
  constructor(private readonly deps: LogReaderDeps) {}

  get head(): Seq {
    return this.deps.head()
  }

  /** Up to `limit` events after a position, oldest first, and none behind the head. */
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
      // One of them cannot be read: what is before it comes in smaller pages.
      if (limit > 1) return this.page(after, limit >> 1, reader)
      this.tell(after + 1, 'cannot be read', reader)
      return { events: [], position: after + 1 }
    }
  }

  /** One event; undefined if it cannot be read or what it is about is gone. */
  async event(seq: Seq, reader: string): Promise<LogEvent | undefined> {
    const { events } = await this.page(seq - 1, 1, reader)
    return events.find((event) => event.seq === seq)
  }

  private tell(seq: Seq, what: string, reader: string): void {
    this.deps.report(new Trouble(`event ${seq} of the log ${what}: ${reader} passes over it`))
  }
}

/** Whether the fault is in what is stored. A store that is away fails with an error of its own, and is asked again. */
function isUnreadable(fault: unknown): boolean {
  return !(fault instanceof AppError) && (fault instanceof SyntaxError || fault instanceof TypeError)
}
