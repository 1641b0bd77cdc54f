import { asc, gt, sql } from 'drizzle-orm'
import { type EventRecord, type EventType, eventTypes } from '../../core/events'
import type { Reads } from '../../core/ports'
import type { Handle } from '../database'

const known: ReadonlySet<string> = new Set(eventTypes)

export function logReads({ db, t }: Handle) {
  const page = db
    .select()
    .from(t.events)
    .where(gt(t.events.seq, sql.placeholder('after')))
    .orderBy(asc(t.events.seq))
    .limit(sql.placeholder('limit'))
    .prepare()
  return {
    async events(after, limit) {
      const rows = await page.execute({ after, limit })
      return rows.map(({ data, type, ...row }): EventRecord => {
        if (!known.has(type)) throw new Error(`the log holds an event of the unknown type ${type}`)
        return { ...row, type: type as EventType, facts: data }
      })
    },

    async epochs() {
      return db
        .select({ epoch: t.epochs.epoch, firstSeq: t.epochs.firstSeq })
        .from(t.epochs)
        .orderBy(asc(t.epochs.firstSeq))
    },

    async head() {
      const rows = await db.select({ seq: t.logHead.seq }).from(t.logHead)
      return rows[0]?.seq ?? 0
    },
  } satisfies Partial<Reads>
}
