import type { FollowedRecord } from '../core/kernel/followers'
import type { Seq } from '../core/kernel/ids'
import type { Store } from '../core/kernel/ports'
import { type LogEvent, toRecord } from '../core/log/events'

/** Records that are kept at least: more than are committed between two pages of a follower, except after a rest. */
const CAPACITY = 4096

/**
 * What is stored of the newest events, in memory: the followers of the log read them one after another, and each would ask the
 * store for the same.
 */
export class RecentRecords {
  /** Without a gap, oldest first. */
  private records: FollowedRecord[] = []

  constructor(store: Pick<Store, 'onCommit' | 'shared'>) {
    store.onCommit((events) => {
      for (const event of events) this.add(followed(event))
    })
    // What was passed over is missing.
    store.shared?.onAdvance(() => {
      this.records = []
    })
  }

  /** Returns up to `limit` records after a position; undefined if the next one is not here. */
  after(seq: Seq, limit: number): readonly FollowedRecord[] | undefined {
    const [oldest] = this.records
    const start = oldest === undefined ? -1 : seq + 1 - oldest.seq
    if (start < 0 || start >= this.records.length) return undefined
    return this.records.slice(start, start + limit)
  }

  private add(record: FollowedRecord): void {
    const newest = this.records.at(-1)
    if (newest !== undefined && record.seq !== newest.seq + 1) this.records = []
    this.records.push(record)
    if (this.records.length > 2 * CAPACITY) this.records = this.records.slice(-CAPACITY)
  }
}

function followed(event: LogEvent): FollowedRecord {
  const record = toRecord(event)
  if (event.about !== 'message') return record
  return Object.assign(record, { isReply: event.message.message.replyTo !== null })
}
