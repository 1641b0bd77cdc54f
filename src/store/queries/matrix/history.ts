import { and, asc, desc, eq, gt, gte, inArray, lte, notInArray, sql } from 'drizzle-orm'
import type { HistoryReads, ThreadReader, ThreadSummary } from '../../../core/matrix/history-ports'
import type { Handle } from '../../database'
import { lazily } from '../../lazily'
import { eventColumns } from './events'

/** What readers of rooms ask of their history. */
export function historyReads(handle: Handle): HistoryReads {
  const { db, t, dialect } = handle
  const events = t.matrixEvents
  const members = t.matrixMembers
  const log = t.matrixStateLog
  const columns = eventColumns(handle)
  const among = (column: Parameters<typeof dialect.amongNumbers>[0], ids: readonly number[]) =>
    dialect.amongNumbers(column, sql`${JSON.stringify(ids)}`)
  const changed = db
    .select({ channelId: t.events.channelId })
    .from(t.events)
    .where(and(gt(t.events.seq, sql.placeholder('after')), lte(t.events.seq, sql.placeholder('upTo'))))
    .groupBy(t.events.channelId)
    .prepare()
  const membershipsIn = db
    .select()
    .from(members)
    .where(
      and(
        eq(members.userId, sql.placeholder('user')),
        dialect.amongNumbers(members.channelId, sql.placeholder('channels')),
      ),
    )
    .prepare()
  const value = sql.placeholder
  const keyChanges = lazily(() =>
    db
      .select({ type: log.type, stateKey: log.stateKey, pos: log.pos, event: columns })
      .from(log)
      .leftJoin(events, and(eq(events.channelId, log.channelId), eq(events.pos, log.eventPos)))
      .where(
        and(eq(log.channelId, value('channel')), eq(log.type, value('type')), eq(log.stateKey, value('key'))),
      )
      .orderBy(asc(log.pos))
      .prepare(),
  )
  const relationTypes = lazily(() =>
    db
      .select({ pos: events.relPos, relType: events.relType })
      .from(events)
      .where(and(sql`${events.relPos} IS NOT NULL`, dialect.amongNumbers(events.relPos, value('positions'))))
      .groupBy(events.relPos, events.relType)
      .prepare(),
  )
  return {
    ...threadReads(handle),
    async relationTypes(positions) {
      if (positions.length === 0) return []
      const found = await relationTypes().execute({ positions: JSON.stringify(positions) })
      return found.flatMap(({ pos, relType }) => (pos === null || relType === null ? [] : [{ pos, relType }]))
    },

    async changedChannels(after, upTo) {
      const rows = await changed.execute({ after, upTo })
      return rows.flatMap(({ channelId }) => channelId ?? [])
    },

    async membershipsIn(userId, channelIds) {
      if (channelIds.length === 0) return []
      return membershipsIn.execute({ user: userId, channels: JSON.stringify(channelIds) })
    },

    // One statement for each key: for several keys in one, SQLite would examine all changes of the room.
    async keyChanges(channelId, keys) {
      const found = await Promise.all(
        keys.map(({ type, stateKey }) => keyChanges().execute({ channel: channelId, type, key: stateKey })),
      )
      return found.flat().map(({ event, ...row }) => ({ ...row, event: event ?? undefined }))
    },

    async firstMembers(channelId, memberships, not, limit) {
      return db
        .select()
        .from(members)
        .where(
          and(
            eq(members.channelId, channelId),
            inArray(members.membership, [...memberships]),
            notInArray(members.userId, [...not]),
          ),
        )
        .orderBy(asc(members.pos))
        .limit(limit)
    },

    async newestEdits(positions) {
      if (positions.length === 0) return new Map()
      const rows = await db
        .select({ of: events.relPos, event: columns })
        .from(events)
        .where(
          sql`${events.pos} IN (SELECT max(edit.pos) FROM matrix_events edit
            JOIN matrix_events original ON original.pos = edit.rel_pos AND original.channel_id = edit.channel_id
            WHERE edit.rel_pos IS NOT NULL AND ${among(sql`edit.rel_pos`, positions)} AND edit.rel_type = 'm.replace'
              AND edit.redacted_by IS NULL AND edit.state_key IS NULL AND original.redacted_by IS NULL
              AND edit.sender = original.sender AND edit.type = original.type AND coalesce(original.rel_type, '') <> 'm.replace'
            GROUP BY edit.rel_pos) AND ${events.relPos} IS NOT NULL AND ${among(events.relPos, positions)}`,
        )
      return new Map(rows.flatMap(({ of, event }) => (of === null ? [] : [[of, event] as const])))
    },

    async relatedToAny(positions, limit) {
      if (positions.length === 0) return []
      return db
        .select(columns)
        .from(events)
        .where(and(sql`${events.relPos} IS NOT NULL`, among(events.relPos, positions)))
        .orderBy(asc(events.pos))
        .limit(limit)
    },

    async eventsNear(channelId, { ts, direction, limit }) {
      const isLater = direction === 'f'
      return db
        .select(columns)
        .from(events)
        .where(and(eq(events.channelId, channelId), isLater ? gte(events.ts, ts) : lte(events.ts, ts)))
        .orderBy(...(isLater ? [asc(events.ts), asc(events.pos)] : [desc(events.ts), desc(events.pos)]))
        .limit(limit)
    },
  }
}

type ThreadReads = Pick<HistoryReads, 'threadsOf' | 'threadsIn'>

function threadReads({ db, t, dialect }: Handle): ThreadReads {
  const events = t.matrixEvents
  const isOwn = (userId: string) => sql`max(CASE WHEN ${events.sender} = ${userId} THEN 1 ELSE 0 END)`
  const replies = (userId: string) =>
    db
      .select({
        root: events.relPos,
        count: sql<number>`count(*)`.mapWith(Number),
        latest: sql<number>`max(${events.pos})`.mapWith(Number),
        participated: sql<number>`${isOwn(userId)}`.mapWith(Number),
      })
      .from(events)
  const counted = ({ ignored }: ThreadReader) =>
    and(
      sql`${events.relPos} IS NOT NULL`,
      eq(events.relType, 'm.thread'),
      sql`${events.redactedBy} IS NULL`,
      // One text, because the list may be longer than a statement may have values.
      ignored.length === 0
        ? undefined
        : sql`NOT (${dialect.amongTexts(events.sender, sql`${JSON.stringify(ignored)}`)})`,
    )
  const summaries = (rows: Awaited<ReturnType<typeof replies>>): ThreadSummary[] =>
    rows.flatMap(({ root, participated, ...row }) =>
      root === null ? [] : [{ ...row, root, participated: participated > 0 }],
    )
  return {
    async threadsOf(roots, reader) {
      if (roots.length === 0) return []
      const rows = await replies(reader.userId)
        .where(and(counted(reader), dialect.amongNumbers(events.relPos, sql`${JSON.stringify(roots)}`)))
        .groupBy(events.relPos)
      return summaries(rows)
    },

    async threadsIn(channelId, { before, limit, onlyOwn, ...reader }) {
      const isRootOwn = sql`${events.relPos} IN (SELECT root.pos FROM matrix_events root
        WHERE root.channel_id = ${channelId} AND root.sender = ${reader.userId} AND root.pos = ${events.relPos})`
      const own = onlyOwn
        ? sql`(${isOwn(reader.userId)} > 0 OR max(CASE WHEN ${isRootOwn} THEN 1 ELSE 0 END) > 0)`
        : sql`true`
      const rows = await replies(reader.userId)
        .where(and(eq(events.channelId, channelId), counted(reader)))
        .groupBy(events.relPos)
        .having(and(sql`max(${events.pos}) < ${before}`, own))
        .orderBy(desc(sql`max(${events.pos})`))
        .limit(limit)
      return summaries(rows)
    },
  }
}
