// What `/sync` answers to a device over posts that are made on v1.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/platform'
import { type Person, type Room, type World, world } from '../support/world'
import { type MatrixClient, refused, SERVER_NAME, signIn, V3 } from './homeserver'
import type { SyncAnswer } from './syncing'

let w: World<typeof systemClock>
let room: Room
let ada: Person
let bob: Person
let client: MatrixClient

beforeAll(async () => {
  w = await world({ clock: systemClock, settings: { SYNAPSE_MATRIX_SERVER_NAME: SERVER_NAME } })
  room = await w.channel('plans')
  ada = await w.human('ada', { channels: { plans: 'member' } })
  bob = await w.human('bob', { channels: { plans: 'member' } })
  client = await signIn(w, bob)
})
afterAll(() => w[Symbol.asyncDispose]())

async function sync(query: Readonly<Record<string, string | number | boolean>> = {}): Promise<SyncAnswer> {
  const words = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  )
  const { status, body, text } = await client.get<SyncAnswer>(`${V3}/sync?${words}`)
  if (status !== 200) throw new Error(`/sync was answered with ${status} ${text}`)
  return body
}

const joinedRooms = (answer: SyncAnswer) => Object.values(answer.rooms.join)
const bodies = (answer: SyncAnswer) =>
  joinedRooms(answer).flatMap(({ timeline }) =>
    timeline.events.flatMap(({ content }) => content['body'] ?? []),
  )

describe('/sync', () => {
  test('shows a room with its state before the timeline, and each event once', async () => {
    await ada.posts(room, 'hello')
    const [shown] = joinedRooms(await sync({ filter: '{"room":{"timeline":{"limit":2}}}' }))
    expect(shown?.timeline.events.map(({ type }) => type)).toEqual(['m.room.member', 'm.room.message'])
    expect(shown?.timeline.limited).toBe(true)
    const ids = [...(shown?.timeline.events ?? []), ...(shown?.state?.events ?? [])].map((e) => e.event_id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(shown?.state?.events.map(({ type }) => type)).toContain('m.room.create')
    expect(shown?.summary?.['m.joined_member_count']).toBe(3)
  })

  test('answers without news at once if it has no timeout, and its token advances', async () => {
    const { next_batch: since } = await sync()
    const answer = await sync({ since })
    expect(answer.rooms).toEqual({ join: {}, invite: {}, knock: {}, leave: {} })
    expect(answer.device_one_time_keys_count).toEqual({ signed_curve25519: 0 })
  })

  test('waits for a post on v1 and answers with it', async () => {
    const { next_batch: since } = await sync()
    const waiting = sync({ since, timeout: 20_000 })
    await ada.posts(room, 'news')
    expect(bodies(await waiting)).toEqual(['news'])
  })

  test('shows what was posted before it was asked, in whichever order', async () => {
    const { next_batch: since } = await sync()
    for (const body of ['one', 'two', 'three']) await ada.posts(room, body)
    expect(bodies(await sync({ since }))).toEqual(['one', 'two', 'three'])
  })

  test('after a gap shows the newest events, and history leads on from its token', async () => {
    const { next_batch: since } = await sync()
    for (let n = 0; n < 5; n++) await ada.posts(room, `gap ${n}`)
    const filter = '{"room":{"timeline":{"limit":2}}}'
    const answer = await sync({ since, filter })
    expect(bodies(answer)).toEqual(['gap 3', 'gap 4'])
    const [id = '', shown] = Object.entries(answer.rooms.join)[0] ?? []
    expect(shown?.timeline.limited).toBe(true)
    const query = `dir=b&limit=3&from=${shown?.timeline.prev_batch}`
    const page = await client.get<{ chunk: { content: { body: string } }[] }>(
      `${V3}/rooms/${id}/messages?${query}`,
    )
    expect(page.body.chunk.map(({ content }) => content.body)).toEqual(['gap 2', 'gap 1', 'gap 0'])
  })

  test('shows the whole state of a room in which nothing happened, if it is asked for', async () => {
    const { next_batch: since } = await sync()
    const [shown] = joinedRooms(await sync({ since, full_state: true, timeout: 20_000 }))
    expect(shown?.timeline.events).toEqual([])
    expect(shown?.state?.events.map(({ type }) => type)).toContain('m.room.create')
  })

  test('begins anew for a token of another history, and says that there is a gap', async () => {
    const answer = await sync({ since: 's5_0_0_0000000000', timeout: 20_000 })
    expect(joinedRooms(answer).map(({ timeline }) => timeline.limited)).toEqual([true])
  })

  test.each([
    ['a malformed token', 'since=x', [400, 'M_INVALID_PARAM']],
    ['a filter that is no JSON', 'filter=%7B', [400, 'M_BAD_JSON']],
    ['an unknown filter', 'filter=7', [400, 'M_INVALID_PARAM']],
    ['a lazy flag that is none', 'filter={"room":{"state":{"lazy_load_members":1}}}', [400, 'M_BAD_JSON']],
    ['a timeout that is no number', 'timeout=soon', [400, 'M_INVALID_PARAM']],
    ['an unknown presence', 'set_presence=away', [400, 'M_INVALID_PARAM']],
  ] as const)('refuses %s', async (_, query, refusal) => {
    expect(refused(await client.get(`${V3}/sync?${query}`))).toEqual(refusal)
  })

  test('refuses a ninth waiting request of one device', async () => {
    const { next_batch: since } = await sync()
    const waiting = Array.from({ length: 8 }, () => sync({ since, timeout: 20_000 }))
    const extra = () => client.get(`${V3}/sync?since=${since}&timeout=20000`)
    let answer = await extra()
    // The others may arrive later than this one.
    for (let i = 0; i < 8 && answer.status === 200; i++) answer = await extra()
    expect(refused(answer)).toEqual([429, 'M_LIMIT_EXCEEDED'])
    await ada.posts(room, 'all of them wake')
    for (const answer of await Promise.all(waiting)) expect(bodies(answer)).toEqual(['all of them wake'])
  })
})

describe('a receipt', () => {
  test('is shown to those in the room, and wakes them', async () => {
    const carol = await signIn(w, await w.human('carol', { channels: { plans: 'member' } }))
    await ada.posts(room, 'read me')
    const { next_batch: since, rooms } = await sync()
    const [id = '', shown] = Object.entries(rooms.join)[0] ?? []
    const eventId = shown?.timeline.events.at(-1)?.event_id ?? ''
    const waiting = sync({ since, timeout: 20_000 })
    const path = `${V3}/rooms/${id}/receipt/m.read/${encodeURIComponent(eventId)}`
    expect((await carol.post(path, { thread_id: 'main' })).status).toBe(200)
    const [seen] = joinedRooms(await waiting)
    expect(seen?.ephemeral.events).toEqual([
      {
        type: 'm.receipt',
        content: {
          [eventId]: { 'm.read': { [carol.userId]: { ts: expect.any(Number), thread_id: 'main' } } },
        },
      },
    ])
  })

  test('in private is shown to its owner alone, and never goes back', async () => {
    const { next_batch: since, rooms } = await sync()
    const [id = '', shown] = Object.entries(rooms.join)[0] ?? []
    const [first, last] = [shown?.timeline.events.at(-2), shown?.timeline.events.at(-1)]
    const note = async (eventId = '') => {
      const markers = { 'm.fully_read': eventId, 'm.read.private': eventId }
      expect((await client.post(`${V3}/rooms/${id}/read_markers`, markers)).status).toBe(200)
    }
    await note(last?.event_id)
    await note(first?.event_id)
    const dora = await signIn(w, ada)
    const [own] = joinedRooms(await sync({ since }))
    expect(own?.account_data.events).toEqual([
      { type: 'm.fully_read', content: { event_id: last?.event_id } },
    ])
    expect(Object.keys(own?.ephemeral.events[0]?.content ?? {})).toEqual([last?.event_id ?? ''])
    const { body } = await dora.get<SyncAnswer>(`${V3}/sync`)
    expect(JSON.stringify(body)).not.toContain('m.read.private')
  })

  test.each([
    ['of an unknown kind', 'm.unread', '$x', [400, 'M_INVALID_PARAM']],
    ['for an unknown event', 'm.read', '$x', [404, 'M_NOT_FOUND']],
  ] as const)('%s is refused', async (_, kind, event, refusal) => {
    const [id] = Object.keys((await sync()).rooms.join)
    expect(refused(await client.post(`${V3}/rooms/${id}/receipt/${kind}/${event}`, {}))).toEqual(refusal)
  })
})
