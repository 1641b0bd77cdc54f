import { and, asc, desc, gt, lte, notInArray, sql } from 'drizzle-orm'
import type { Seq } from '../../core/kernel/ids'
import type { Reads } from '../../core/kernel/ports'
import type { Micros } from '../../core/kernel/time'
import type { EventRecord } from '../../core/log/events'
import type { Handle, Tables } from '../database'
import { rowInsert } from './row-inserts'

export function logReads({ db, t, dialect, common }: Handle) {
  const page = db
    .select()
    .from(t.events)
    .where(gt(t.events.seq, sql.placeholder('after')))
    .orderBy(asc(t.events.seq))
    .limit(sql.placeholder('limit'))
    .prepare()
  const at = common.lazily(() =>
    db
      .select()
      .from(t.events)
      .where(dialect.amongNumbers(t.events.seq, sql.placeholder('seqs')))
      .orderBy(asc(t.events.seq))
      .prepare(),
  )
  const epochs = common.lazily(() =>
    db
      .select({ epoch: t.epochs.epoch, firstSeq: t.epochs.firstSeq, mx: t.epochs.mx })
      .from(t.epochs)
      .orderBy(asc(t.epochs.firstSeq))
      .prepare(),
  )
  return {
    async eventsAt(seqs) {
      if (seqs.length === 0) return []
      const rows = await at().execute({ seqs: JSON.stringify(seqs) })
      return rows.map(toEventRecord)
    },

    async eventsExcept(types, after, upTo, limit) {
      const rows = await db
        .select()
        .from(t.events)
        .where(and(gt(t.events.seq, after), lte(t.events.seq, upTo), notInArray(t.events.type, [...types])))
        .orderBy(asc(t.events.seq))
        .limit(limit)
      return rows.map(toEventRecord)
    },

    async events(after, limit) {
      const rows = await page.execute({ after, limit })
      return rows.map(toEventRecord)
    },

    async epochs() {
      return epochs().execute()
    },

    async head() {
      return (await findHead({ db, t }))?.seq ?? 0
    },
  } satisfies Partial<Reads>
}

/** Returns what inserts events. */
export function eventInsert(handle: Handle) {
  const insert = rowInsert(handle, handle.t.events, {
    columns: {
      ...{ seq: 'number', at: 'instant', type: 'text', channelId: 'number' },
      ...{ subject: 'number', actorId: 'number', data: 'json' },
    },
  })
  return (records: readonly EventRecord[]): Promise<void> =>
    insert(
      records.map(({ seq, at, type, channelId, subject, actorId, facts }) => [
        ...[seq, at, type, channelId, subject, actorId],
        facts === null ? null : JSON.stringify(facts),
      ]),
    )
}

/** The head of the log. */
export interface LogHead {
  readonly seq: Seq
  /** Seq of the last change of rights. */
  readonly accessSeq: Seq
  readonly lastAt: Micros
}

/**
 * Returns the head of the log: the newest event, or the row of log_head if that is further. On Postgres the row is
 * only a lower bound, because posts do not update it. Undefined for a log that has not begun.
 */
export async function findHead({ db, t }: Pick<Handle, 'db' | 't'>): Promise<LogHead | undefined> {
  const [floor] = await db.select().from(t.logHead)
  // Read second, so that it includes what is committed in between.
  const [newest] = await db
    .select({ seq: t.events.seq, lastAt: t.events.at })
    .from(t.events)
    .orderBy(desc(t.events.seq))
    .limit(1)
  return floor && newest && newest.seq > floor.seq ? { ...floor, ...newest } : floor
}

/** Writes the head of the log as it is. This shows whether anything can be written. */
export async function touchHead({ db, t }: Handle): Promise<void> {
  await db.update(t.logHead).set({ seq: sql`${t.logHead.seq}` })
}

function toEventRecord({ data, ...row }: Tables['events']['$inferSelect']): EventRecord {
  return { ...row, facts: data }
}
