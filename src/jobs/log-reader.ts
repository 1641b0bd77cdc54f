import { AppError, Trouble } from '../core/kernel/errors'
import type { FollowedRecord } from '../core/kernel/followers'
import type { Seq } from '../core/kernel/ids'
import type { Store } from '../core/kernel/ports'
import type { Pace } from '../core/kernel/turns'
import type { Catalogue } from '../core/log/catalogue'
import type { EventRecord, LogEvent } from '../core/log/events'
import type { RecentRecords } from './recent-records'

/** Records in memory that one page examines. */
const MOST_EXAMINED = 2000

export interface LogReaderDeps {
  readonly catalogue: Catalogue
  readonly store: Pick<Store, 'reads'>
  /** Seq of the last event announced here. */
  readonly head: () => Seq
  readonly hydrate: (records: readonly EventRecord[]) => Promise<LogEvent[]>
  readonly report: (fault: unknown) => void
  readonly pace: Pick<Pace, 'loop'>
  readonly recent?: RecentRecords
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

  /**
   * Returns up to `limit` events after a position that `isWanted`, oldest first, up to the head. A page may be short although
   * there are more.
   */
  async page(
    after: Seq,
    limit: number,
    reader: string,
    isWanted: (record: FollowedRecord) => boolean = () => true,
  ): Promise<LogPage> {
    try {
      const { head } = this
      const isKnown = ({ type }: EventRecord) => this.deps.catalogue.find(type) !== undefined
      const { store, recent } = this.deps
      // Those in memory that nobody wants cost next to nothing.
      const known = recent?.after(after, MOST_EXAMINED)
      const loop = this.deps.pace.loop()
      if (!known) await loop.turn()
      const records = known ?? (await store.reads.events(after, limit))
      if (!known) loop.did(records.length)
      const wanted: EventRecord[] = []
      let position: Seq | undefined
      for (const record of records) {
        if (record.seq > head || wanted.length === limit) break
        position = record.seq
        if (!isKnown(record)) this.tell(record.seq, 'is of an unknown type', reader)
        else if (isWanted(record)) wanted.push(record)
      }
      const events = wanted.length === 0 ? [] : await this.deps.hydrate(wanted)
      return { events, position: position ?? head }
    } catch (fault) {
      if (!isUnreadable(fault)) throw fault
      // One of the events is unreadable. Smaller pages return those before it.
      if (limit > 1) return this.page(after, limit >> 1, reader, isWanted)
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
