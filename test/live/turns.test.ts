import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { TURN_ROWS } from '../../src/core/kernel/turns'
import { CountedTurns } from '../support/counted-turns'
import { fill } from '../support/fill'
import { lengthenAudit } from '../support/long-audit'
import { EventStream, LiveSocket } from '../support/sockets'
import { type Person, type Room, type World, world } from '../support/world'

/** More than one page, slice or turn of anything. */
const MANY = 1500
/** The rows that are left in a new turn, a slice that uses them up, and single rows of background work. */
const MOST = 2 * TURN_ROWS + 5

let turns: CountedTurns
let w: World
let ann: Person
let room: Room

beforeAll(async () => {
  turns = new CountedTurns()
  w = await world({ turns, settings: { SYNAPSE_LOG_LEVEL: 'warning' } })
  room = await w.channel('room')
  await w.channel('quiet')
  ann = await w.agent('ann', { channels: { room: 'member', quiet: 'member' } })
  await w.stop()
  await fill(w, { channel: 'room', sender: 'ann', count: MANY })
  await lengthenAudit(w, MANY)
  await w.restart()
  // Its rows would be counted.
  await w.indexed()
})
beforeEach(() => turns.clear())
afterAll(async () => {
  await w[Symbol.asyncDispose]()
  turns[Symbol.dispose]()
})

/** At most so many rows were read on the serving thread. */
function expectElsewhere(rows: number): void {
  if (w.database.kind === 'sqlite') expect(turns.total).toBeLessThanOrEqual(rows)
}

/** Rows are counted on SQLite. On Postgres each statement waits for the network anyway. */
function expectTurns(rows: number): void {
  if (w.database.kind !== 'sqlite') return
  expect(turns.total).toBeGreaterThanOrEqual(rows)
  expect(turns.most).toBeLessThanOrEqual(MOST)
}

const lastBody = `room ${MANY - 1}`
const sse = (query: string) => EventStream.open(w.url, ann.credential, { query })

/** Checks that all messages arrived in order. */
function expectAll(events: readonly { readonly seq: number; readonly message?: unknown }[]): void {
  const messages = events.filter(({ message }) => message !== undefined)
  expect(messages.map(({ message }) => (message as { body: string }).body)).toEqual(
    Array.from({ length: MANY }, (_, i) => `room ${i}`),
  )
}

async function readAll(stream: EventStream): Promise<void> {
  await stream.arrivals.next(
    ({ data }) => data?.includes(`"body":"${lastBody}"`) ?? false,
    'the last message',
  )
  expectAll(stream.events)
}

describe('other requests are handled while a reader catches up', () => {
  test('an event stream leaves turns for other requests', async () => {
    using stream = await sse('?since=oldest&channel=room')
    await readAll(stream)
    expectTurns(2 * MANY)
  })

  test('a WebSocket leaves turns for other requests', async () => {
    using socket = await LiveSocket.open(w.url, ann.credential)
    await socket.subscribe(['room'], { since: 'oldest' })
    await socket.arrivals.next(
      (frame) => (frame.message as { body?: string } | undefined)?.body === lastBody,
      'the last message',
    )
    expectAll(socket.events)
    expectTurns(2 * MANY)
  })

  test('ten streams of one token share the turns of one reader', async () => {
    using opened = new DisposableStack()
    const open = async () => opened.use(await sse('?since=oldest&channel=room'))
    const streams = await Promise.all(Array.from({ length: 10 }, open))
    for (const stream of streams) await readAll(stream)
    expectTurns(MANY)
  })

  test('a stream whose filter matches nothing leaves turns for other requests', async () => {
    using stream = await sse('?since=oldest&channel=room&type=member.left')
    await stream.next('hello')
    // The stream is live once it has passed everything: a new message is the first that it shows.
    const bob = await w.agent(`bob-${crypto.randomUUID().slice(0, 8)}`, { channels: { room: 'member' } })
    await w.operator.delete(`/v1/admin/memberships/${bob.id}/${room.id}`)
    await stream.next('member.left')
    expect(stream.events).toHaveLength(1)
    // Events that are cached are not read again, but looked at.
    expect(turns.taken).toBeGreaterThanOrEqual(MANY / TURN_ROWS - 1)
    expect(turns.most).toBeLessThanOrEqual(MOST)
  })

  test('a poll of everything whose filter matches nothing leaves turns for other requests', async () => {
    const { body } = await ann.get<{ events: unknown[] }>('/v1/events?since=oldest&channel=*&type=none')
    expect(body.events).toEqual([])
    // Events that are cached are not read again, but looked at.
    expect(turns.taken).toBeGreaterThanOrEqual(MANY / TURN_ROWS - 1)
    expect(turns.most).toBeLessThanOrEqual(MOST)
  })

  test.each(['kind=system', 'mentions_me=true', 'from=nobody-here', 'from=bert'])(
    'a page of messages leaves turns for other requests, then another thread, when nothing matches %s',
    async (filter) => {
      if (filter === 'from=bert') await w.agent('bert')
      turns.clear()
      const { body } = await ann.get<{ messages: unknown[] }>(
        `/v1/messages?since=oldest&channel=room,quiet&${filter}`,
      )
      expect(body.messages).toEqual([])
      if (filter === 'from=nobody-here') return
      // A filtered page looks at a thousand rows here.
      expectTurns(1000)
      expectElsewhere(1000 + MOST)
    },
  )
})

describe('other requests are handled while an administrator reads', () => {
  test('a search of the audit log without a match runs in another thread', async () => {
    const { body } = await w.operator.get<{ entries: unknown[] }>('/v1/admin/audit?action=nothing')
    expect(body.entries).toEqual([])
    expectElsewhere(1)
  })

  test('a search of the audit log with a match at its far end runs in another thread', async () => {
    const { body } = await w.operator.get<{ entries: { action: string }[] }>(
      '/v1/admin/audit?action=channel.create&limit=500',
    )
    expect(body.entries.map(({ action }) => action)).toEqual(['channel.create', 'channel.create'])
    expectElsewhere(1)
  })

  test('a verification of the audit log reads in another thread and leaves turns for other requests', async () => {
    const { body } = await w.operator.get<{ entries: number }>('/v1/admin/audit/verify')
    expect(body).toMatchObject({ broken: null })
    expect(body.entries).toBeGreaterThan(MANY)
    expectElsewhere(1)
    // Entries are compared here. The first ones may be compared in a turn that began before.
    expect(turns.taken).toBeGreaterThanOrEqual(MANY / TURN_ROWS - 1)
  })

  test('a list of thousands of accounts leaves turns for other requests', async () => {
    await w.sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
       INSERT INTO accounts (uuid, kind, handle, display_name, created_at)
       SELECT ${w.words.newUuid}, 'agent', 'many-' || (10000 + i), '', (SELECT min(created_at) FROM accounts) FROM n`,
    )
    turns.clear()
    const { body, headers } = await w.operator.get<{ handle: string }[]>('/v1/admin/accounts')
    const handles = body.map(({ handle }) => handle)
    expect(handles).toHaveLength(1000)
    expect(handles).toEqual(handles.toSorted())
    if (w.database.kind === 'sqlite') expect(turns.most).toBeLessThanOrEqual(2 * TURN_ROWS - 200)
    const cursor = headers.get('synapse-next-cursor')
    const rest = await w.operator.get<{ handle: string }[]>(`/v1/admin/accounts?cursor=${cursor}`)
    expect(rest.body.at(0)?.handle).toBe(`many-${10000 + 1000 - handles.indexOf('many-10001') + 1}`)
    expect(rest.headers.get('synapse-next-cursor')).toBeNull()
  })
})

test('after a start, the first poll of a quiet channel reads what happened in others, and the next one does not', async () => {
  await w.restart()
  await w.indexed()
  turns.clear()
  const poll = '/v1/events?since=oldest&channel=quiet&type=member.left'
  expect((await ann.get<{ events: unknown[] }>(poll)).body.events).toEqual([])
  expectTurns(MANY)
  turns.clear()
  expect((await ann.get<{ events: unknown[] }>(poll)).body.events).toEqual([])
  if (w.database.kind === 'sqlite') expect(turns.total).toBeLessThanOrEqual(MOST)
})
