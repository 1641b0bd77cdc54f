import { and, asc, gt, lte, ne, sql } from 'drizzle-orm'
import { type EventRecord, type EventType, eventTypes } from '../../core/events'
import type { Reads } from '../../core/ports'
import type { Handle, Tables } from '../database'

const known: ReadonlySet<string> = new Set(eventTypes)

export function logReads({ db, t }: Handle) {
  const page = db
    .select()
    .from(t.events)
    .where(gt(t.events.seq, sql.placeholder('after')))
    .orderBy(asc(t.events.seq))
    .limit(sql.placeholder('limit'))
    .prepare()
  const acts = db
    .select()
    .from(t.events)
    .where(
      and(
        gt(t.events.seq, sql.placeholder('after')),
        lte(t.events.seq, sql.placeholder('upTo')),
        ne(t.events.type, 'message.created'),
      ),
    )
    .orderBy(asc(t.events.seq))
    .limit(sql.placeholder('limit'))
    .prepare()
  return {
    async acts(after, upTo, limit) {
      return (await acts.execute({ after, upTo, limit })).map(toEventRecord)
    },

    async events(after, limit) {
      const rows = await page.execute({ after, limit })
      return rows.map(toEventRecord)
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

function toEventRecord({ data, type, ...row }: Tables['events']['$inferSelect']): EventRecord {
  if (!known.has(type)) throw new Error(`the log holds an event of the unknown type ${type}`)
  return { ...row, type: type as EventType, facts: data }
}
