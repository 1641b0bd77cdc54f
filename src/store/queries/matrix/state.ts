import { and, asc, eq, gt, inArray, lt, notInArray, type SQL, sql } from 'drizzle-orm'
import type { RoomReads, RoomWrites, StateFilter } from '../../../core/matrix/room-ports'
import type { Handle } from '../../database'
import { eventColumns } from './events'

type StateReads = Pick<RoomReads, 'stateNow' | 'stateAt' | 'stateChanges'>
type StateWrites = Pick<RoomWrites, 'setState'>

export function stateReads(handle: Handle): StateReads {
  const { db, t } = handle
  const events = t.matrixEvents
  const state = t.matrixState
  const log = t.matrixStateLog
  const columns = eventColumns(handle)
  const value = sql.placeholder
  const changes = db
    .select({ type: log.type, stateKey: log.stateKey, pos: log.pos, eventPos: log.eventPos })
    .from(log)
    .where(
      and(eq(log.channelId, value('channel')), gt(log.pos, value('after')), lt(log.pos, value('before'))),
    )
    .orderBy(asc(log.pos))
    .prepare()
  return {
    async stateNow(channelId, filter = {}) {
      return db
        .select(columns)
        .from(state)
        .innerJoin(events, and(eq(events.channelId, state.channelId), eq(events.pos, state.pos)))
        .where(and(eq(state.channelId, channelId), ...matching(state, filter)))
    },
    async stateAt(channelId, pos, filter = {}) {
      const newest = db
        .select({
          type: log.type,
          stateKey: log.stateKey,
          pos: sql<number>`max(${log.pos})`.as('newest_pos'),
        })
        .from(log)
        .where(and(eq(log.channelId, channelId), sql`${log.pos} <= ${pos}`, ...matching(log, filter)))
        .groupBy(log.type, log.stateKey)
        .as('newest')
      return db
        .select(columns)
        .from(newest)
        .innerJoin(
          log,
          and(
            eq(log.channelId, channelId),
            eq(log.type, newest.type),
            eq(log.stateKey, newest.stateKey),
            eq(log.pos, newest.pos),
          ),
        )
        .innerJoin(events, and(eq(events.channelId, channelId), eq(events.pos, log.eventPos)))
    },
    async stateChanges(channelId, { after, before }) {
      return changes.execute({ channel: channelId, after, before })
    },
  }
}

type Keyed =
  | Pick<Handle['t']['matrixState'], 'type' | 'stateKey'>
  | Pick<Handle['t']['matrixStateLog'], 'type' | 'stateKey'>

function matching({ type, stateKey }: Keyed, { types, notTypes, stateKeys }: StateFilter): SQL[] {
  const where: SQL[] = []
  if (types) where.push(inArray(type, [...types]))
  if (notTypes) where.push(notInArray(type, [...notTypes]))
  if (stateKeys) where.push(inArray(stateKey, [...stateKeys]))
  return where
}

export function stateWrites({ db, t, dialect }: Handle): StateWrites {
  const given = sql`(${dialect.table(['number', 'text', 'text', 'number'], sql.placeholder('rows'))}) AS given`
  const set = db
    .insert(t.matrixState)
    // The condition tells SQLite that ON CONFLICT is not that of a join.
    .select(sql`SELECT c0, c1, c2, c3 FROM ${given} WHERE true`)
    .onConflictDoUpdate({
      target: [t.matrixState.channelId, t.matrixState.type, t.matrixState.stateKey],
      set: { pos: sql`excluded.pos` },
    })
    .prepare()
  const note = db.insert(t.matrixStateLog).select(sql`SELECT c0, c1, c2, c3, c3 FROM ${given}`).prepare()
  return {
    async setState(rows) {
      if (rows.length === 0) return
      const all = rows.map(({ channelId, type, stateKey, pos }) => [channelId, type, stateKey, pos])
      // One statement may change a row once only.
      const last = new Map(all.map((row) => [row.slice(0, 3).join('\0'), row]))
      await note.execute({ rows: JSON.stringify(all) })
      await set.execute({ rows: JSON.stringify([...last.values()]) })
    },
  }
}
