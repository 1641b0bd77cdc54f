// With thousands of rooms, looking for one leaves other requests their turns. Rows are counted on SQLite.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { TURN_ROWS } from '../../src/core/kernel/turns'
import { CountedTurns } from '../support/counted-turns'
import { type World, world } from '../support/world'
import { acting } from './acting'
import { type MatrixClient, SERVER_NAME, signIn, V3 } from './homeserver'

const MANY = 1500
/** The rows that are left in a new turn, a slice that uses them up, and single rows of background work. */
const MOST = 2 * TURN_ROWS + 5
const isSqlite = process.env['SYNAPSE_TEST_STORE'] !== 'postgres'

let turns: CountedTurns
let w: World
let ada: MatrixClient
let space: string

/** Rows for each of many rooms that are like a model, with other ids. */
const forEach = (statement: string) =>
  w.sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY}) ${statement}`)

beforeAll(async () => {
  if (!isSqlite) return
  turns = new CountedTurns()
  w = await world({
    turns,
    settings: { SYNAPSE_MATRIX_SERVER_NAME: SERVER_NAME, SYNAPSE_LOG_LEVEL: 'warning' },
  })
  ada = await signIn(w, await w.human('ada'))
  const { newRoom } = acting(w)
  space = await newRoom(ada, { preset: 'public_chat', creation_content: { type: 'm.space' } })
  const model = await newRoom(ada, {
    preset: 'public_chat',
    visibility: 'public',
    name: 'many words',
    topic: 'words',
  })
  const idOf = async (room: string) => {
    const [row] = await w.sql<{ channel_id: number }>(
      'SELECT channel_id FROM matrix_rooms WHERE room_id = ?',
      room,
    )
    return row?.channel_id ?? 0
  }
  const [of, spaceId] = [await idOf(model), await idOf(space)]
  await forEach(`INSERT INTO channels (id, uuid, slug, name, kind, created_at)
    SELECT 100000 + i, randomblob(16), 'r' || i, 'r' || i, 'public', 1 FROM n`)
  await forEach(`INSERT INTO matrix_rooms (channel_id, room_id, version, born, federate, published, tip_event, depth, blocked)
    SELECT 100000 + i, '!r' || i || ':${SERVER_NAME}', version, born, federate, published, '$t' || i, depth, blocked
    FROM matrix_rooms, n WHERE channel_id = ${of}`)
  await forEach(
    `INSERT INTO matrix_state SELECT 100000 + i, type, state_key, pos FROM matrix_state, n WHERE channel_id = ${of}`,
  )
  await forEach(
    `INSERT INTO matrix_state_log SELECT 100000 + i, type, state_key, pos, event_pos FROM matrix_state_log, n WHERE channel_id = ${of}`,
  )
  await forEach(`INSERT INTO matrix_events (pos, channel_id, event_id, type, state_key, sender, ts, depth, flags, json)
    SELECT pos, 100000 + i, '$e' || pos || '_' || i, type, state_key, sender, ts, depth, flags, json
    FROM matrix_events, n WHERE channel_id = ${of}`)
  await forEach(`INSERT INTO matrix_members (user_id, channel_id, membership, pos, forgotten)
    SELECT user_id, 100000 + i, membership, pos, forgotten FROM matrix_members, n WHERE channel_id = ${of}`)
  const child = `json_object('type', 'm.space.child', 'sender', '${ada.userId}', 'state_key', '!r' || i || ':${SERVER_NAME}',
    'content', json('{"via":["${SERVER_NAME}"]}'), 'origin_server_ts', i, 'depth', 1)`
  await forEach(`INSERT INTO matrix_events (pos, channel_id, event_id, type, state_key, sender, ts, depth, flags, json)
    SELECT 1000000 + i, ${spaceId}, '$c' || i, 'm.space.child', '!r' || i || ':${SERVER_NAME}', '${ada.userId}', i, 1, 0, ${child} FROM n`)
  await forEach(
    `INSERT INTO matrix_state SELECT ${spaceId}, 'm.space.child', '!r' || i || ':${SERVER_NAME}', 1000000 + i FROM n`,
  )
})
beforeEach(() => turns?.clear())
afterAll(async () => {
  if (!isSqlite) return
  await w[Symbol.asyncDispose]()
  turns[Symbol.dispose]()
})

const few = () => expect(turns.most).toBeLessThanOrEqual(MOST)

test.skipIf(!isSqlite)('the directory', async () => {
  for (const filter of [{}, { generic_search_term: 'absent' }, { room_types: ['m.space'] }]) {
    const { status, body } = await ada.post<{ total_room_count_estimate: number }>(`${V3}/publicRooms`, {
      limit: 20,
      filter,
    })
    expect([status, body.total_room_count_estimate]).toEqual([200, MANY + 1])
    few()
  }
  // Almost all is read elsewhere.
  expect(turns.total).toBeLessThan(MOST)
})

test.skipIf(!isSqlite)('the tree of a space', async () => {
  const path = `/_matrix/client/v1/rooms/${encodeURIComponent(space)}/hierarchy?limit=100`
  let [rooms, next] = [0, '']
  for (;;) {
    const { body } = await ada.get<{ rooms: unknown[]; next_batch?: string }>(`${path}${next}`)
    rooms += body.rooms.length
    few()
    if (body.next_batch === undefined) break
    next = `&from=${body.next_batch}`
  }
  expect(rooms).toBe(MANY + 1)
  expect(turns.total).toBeGreaterThan(MANY)
})

test.skipIf(!isSqlite)('a search', async () => {
  const criteria = { search_term: 'words', filter: { limit: 5 } }
  const { status, body } = await ada.post<{ search_categories: { room_events: { count: number } } }>(
    `${V3}/search`,
    {
      search_categories: { room_events: criteria },
    },
  )
  expect(status).toBe(200)
  expect(body.search_categories.room_events.count).toBe(2 * (MANY + 1))
  few()
})
