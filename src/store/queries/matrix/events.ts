import { and, asc, desc, eq, getTableColumns, gt, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import { EVENTS_PER_ROW, type OpenMarks } from '../../../core/log/marks'
import type { EventReads, EventWrites, StoredEvent } from '../../../core/matrix/event-ports'
import type { ColumnType, Handle } from '../../database'
import { rowInsert } from '../row-inserts'

/** The columns of an event that readers get, by the names of the ports. */
export function eventColumns({ t }: Pick<Handle, 't'>) {
  const { id: _, sigs: __, ...columns } = getTableColumns(t.matrixEvents)
  return columns
}

export function eventReads(handle: Handle): EventReads {
  const { db, t, dialect } = handle
  const events = t.matrixEvents
  const columns = eventColumns(handle)
  const value = sql.placeholder
  const select = () => db.select(columns).from(events)
  const atPositions = select()
    .where(and(eq(events.channelId, value('channel')), dialect.amongNumbers(events.pos, value('positions'))))
    .prepare()
  const byId = select()
    .where(eq(events.eventId, value('eventId')))
    .prepare()
  const byIds = select()
    .where(dialect.amongTexts(events.eventId, value('eventIds')))
    .prepare()
  const between = (order: 'asc' | 'desc') =>
    select()
      .where(
        and(
          eq(events.channelId, value('channel')),
          gt(events.pos, value('after')),
          lt(events.pos, value('before')),
        ),
      )
      .orderBy(order === 'asc' ? asc(events.pos) : desc(events.pos))
      .limit(value('limit'))
      .prepare()
  const pages = { asc: between('asc'), desc: between('desc') }
  const owned = select()
    .innerJoin(
      sql`(${dialect.table(['number', 'number'], value('rows'))}) AS given`,
      sql`${events.channelId} = given.c0 AND ${events.pos} >= given.c1 AND ${events.pos} < given.c1 + ${sql.raw(String(EVENTS_PER_ROW))}`,
    )
    .orderBy(asc(events.pos))
    .prepare()
  return {
    async event(by) {
      if ('eventId' in by) return (await byId.execute({ eventId: by.eventId }))[0]
      const [found] = await select().where(and(eq(events.channelId, by.channelId), eq(events.pos, by.pos)))
      return found
    },
    async eventsByIds(eventIds) {
      if (eventIds.length === 0) return []
      return byIds.execute({ eventIds: JSON.stringify(eventIds) })
    },
    async eventsAtPositions(channelId, positions) {
      if (positions.length === 0) return []
      return atPositions.execute({ channel: channelId, positions: JSON.stringify(positions) })
    },
    eventsBetween(channelId, { after, before, order, limit }) {
      return Promise.resolve(pages[order].execute({ channel: channelId, after, before, limit }))
    },
    async eventsRelatedTo(pos, { after, before, order, limit, relType }) {
      const where: SQL[] = [eq(events.relPos, pos), gt(events.pos, after), lt(events.pos, before)]
      if (relType !== undefined) where.push(eq(events.relType, relType))
      return select()
        .where(and(...where))
        .orderBy(order === 'asc' ? asc(events.pos) : desc(events.pos))
        .limit(limit)
    },
    async relatedEvents(pos, relType) {
      return select()
        .where(and(eq(events.relPos, pos), eq(events.relType, relType)))
        .orderBy(asc(events.pos))
    },
    async hasReacted(pos, { key, sender }) {
      const [found] = await db
        .select({ pos: events.pos })
        .from(events)
        .where(
          and(
            eq(events.relPos, pos),
            eq(events.relType, 'm.annotation'),
            eq(events.relKey, key),
            eq(events.sender, sender),
            isNull(events.redactedBy),
          ),
        )
        .limit(1)
      return found !== undefined
    },
    async newestRelated(relType, positions) {
      if (positions.length === 0) return []
      // The index of relations finds the newest one of each.
      const found = await db
        .select({ relPos: sql<number>`given.value`.mapWith(Number), eventId: events.eventId })
        .from(sql`(${dialect.numbers(sql`${JSON.stringify(positions)}`)}) AS given`)
        .innerJoin(
          events,
          sql`${events.relPos} = given.value AND ${events.relType} = ${relType} AND ${events.pos} = (
            SELECT max(newest.pos) FROM matrix_events newest
            WHERE newest.rel_pos = given.value AND newest.rel_type = ${relType})`,
        )
      return found
    },
    async eventsSentBy(channelId, sender, { after, limit }) {
      return select()
        .where(
          and(
            eq(events.channelId, channelId),
            gt(events.pos, after),
            eq(events.sender, sender),
            isNull(events.stateKey),
            isNull(events.redactedBy),
          ),
        )
        .orderBy(asc(events.pos))
        .limit(limit)
    },
    countEventsOf: (userId) =>
      db.$count(
        events,
        and(
          isNull(events.redactedBy),
          or(
            and(eq(events.sender, userId), isNull(events.stateKey)),
            and(eq(events.type, 'm.room.member'), eq(events.stateKey, userId)),
          ),
        ),
      ),
    async eventsOwnedBy(rows) {
      if (rows.length === 0) return []
      const given = rows.map(({ channelId, seq }) => [channelId, seq * EVENTS_PER_ROW])
      const found = await owned.execute({ rows: JSON.stringify(given) })
      return found as unknown as StoredEvent[]
    },
  }
}

/** The columns of an insert with the types of their values, in the order of the table. */
const INSERTED = {
  pos: 'number',
  channelId: 'number',
  eventId: 'text',
  type: 'text',
  stateKey: 'text',
  sender: 'text',
  ts: 'number',
  depth: 'number',
  relPos: 'number',
  relType: 'text',
  relKey: 'text',
  threadPos: 'number',
  redactedBy: 'number',
  sentAs: 'text',
  flags: 'number',
  json: 'text',
} as const satisfies Record<keyof StoredEvent, ColumnType>
const NAMES = Object.keys(INSERTED) as (keyof StoredEvent)[]

export function eventWrites(handle: Handle, marks: OpenMarks): EventWrites {
  const { db, t, dialect } = handle
  const events = t.matrixEvents
  const insert = rowInsert(handle, events, { columns: INSERTED })
  return {
    insertEvents: (given) => insert(given.map((event) => NAMES.map((name) => event[name]))),
    async redactEvents(given) {
      if (given.length === 0) return
      const rows = given.map(({ channelId, pos, json, redactedBy }) => [channelId, pos, json, redactedBy])
      const table = dialect.table(['number', 'number', 'text', 'number'], sql`${JSON.stringify(rows)}`)
      await db
        .update(events)
        .set({ json: sql`given.c2`, redactedBy: sql`given.c3`, sigs: null })
        .from(sql`(${table}) AS given`)
        .where(sql`${events.channelId} = given.c0 AND ${events.pos} = given.c1`)
    },
    async deleteOrphans(channelId, before) {
      marks.note([`x${channelId}`])
      await db
        .delete(events)
        .where(
          and(
            eq(events.channelId, channelId),
            lt(events.pos, before),
            isNull(events.stateKey),
            sql`NOT EXISTS (SELECT 1 FROM events owner WHERE owner.seq = ${events.pos} / ${EVENTS_PER_ROW})`,
          ),
        )
    },
  }
}
