import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { CountedTurns } from '../support/counted-turns'
import { type EventPage, EventStream, LiveSocket } from '../support/sockets'
import { type Person, type Room, type World, world } from '../support/world'

/** A rendered event is shared by all readers. These are the ways to read it. */
const MANY = 120
let turns: CountedTurns
let w: World
let room: Room
let ann: Person
let bob: Person
let admin: Person

beforeAll(async () => {
  turns = new CountedTurns()
  w = await world({ turns, settings: { SYNAPSE_LOG_LEVEL: 'warning' } })
  room = await w.channel('room', { kind: 'private' })
  ann = await w.agent('ann', { channels: { room: 'member' } })
  bob = await w.agent('bob', { channels: { room: 'member' } })
  admin = await w.agent('admin', { channels: { room: 'member' }, scopes: ['admin:*', 'channel:*:read'] })
})
beforeEach(() => turns.clear())
afterAll(async () => {
  await w[Symbol.asyncDispose]()
  turns[Symbol.dispose]()
})

interface Shown {
  readonly seq: number
  readonly body: string
  readonly sender_display_name: string
  readonly reply_count: number
}

/** Every way to read the messages of the room. */
const ways: Readonly<Record<string, (who: Person) => Promise<Shown[]>>> = {
  'pages of messages': async (who) => {
    const { body } = await who.reads(room, { limit: 200, order: 'desc' })
    return [...(body.messages as unknown as Shown[])].reverse()
  },
  'pages of events': async (who) => {
    const { body } = await who.get<EventPage>('/v1/events?since=oldest&limit=500&channel=room')
    return messagesOf(body.events)
  },
  'an event stream': async (who) => {
    const last = (await who.reads(room, { limit: 1, order: 'desc' })).body.messages[0]?.seq
    using stream = await EventStream.open(w.url, who.credential, { query: '?since=oldest&channel=room' })
    await stream.arrivals.next(({ data }) => data?.includes(`"seq":${last},`) ?? false, 'the last message')
    return messagesOf(stream.events)
  },
  'a WebSocket': async (who) => {
    const last = (await who.reads(room, { limit: 1, order: 'desc' })).body.messages[0]?.seq
    using socket = await LiveSocket.open(w.url, who.credential)
    await socket.subscribe(['room'], { since: 'oldest' })
    await socket.arrivals.next(
      ({ seq, message }) => seq === last && message !== undefined,
      'the last message',
    )
    return messagesOf(socket.events)
  },
}

function messagesOf(events: readonly { readonly message?: unknown }[]): Shown[] {
  return events.flatMap(({ message }) => (message === undefined ? [] : [message as Shown]))
}

const everyWay = Object.entries(ways)

test.each(everyWay)(
  'a new display name shows at once in %s, in live events and in reads',
  async (_, read) => {
    for (let i = 0; i < 3; i++) {
      const name = `Ann ${crypto.randomUUID()}`
      await ann.posts(room, `before ${name}`)
      await read(bob)
      const changed = await ann.patch('/v1/me', { display_name: name })
      expect(changed.status).toBe(200)
      const names = new Set((await read(bob)).map((message) => message.sender_display_name))
      expect([...names]).toEqual([name])
      await ann.posts(room, `after ${name}`)
      expect((await read(bob)).at(-1)).toMatchObject({ body: `after ${name}`, sender_display_name: name })
    }
  },
)

test('a name changed by an admin shows in the events of the account', async () => {
  const told = async () => {
    const { body } = await admin.get<EventPage>('/v1/events?since=oldest&limit=500&type=account.*')
    const events = body.events as unknown as { account?: { handle: string; display_name: string } }[]
    return new Set(events.flatMap(({ account }) => (account?.handle === 'bob' ? account.display_name : [])))
  }
  await told()
  await w.operator.patch(`/v1/admin/accounts/${bob.id}`, { display_name: 'Robert' })
  expect([...(await told())]).toEqual(['Robert'])
})

test('a reply counts in later pages and never in events', async () => {
  const root = await ann.posts(room, 'root')
  const countIn = async (way: string) =>
    (await ways[way]?.(bob))?.find(({ seq }) => seq === root.seq)?.reply_count
  for (const way of Object.keys(ways)) expect(await countIn(way)).toBe(0)
  for (const count of [1, 2]) {
    await bob.posts(room, 'reply', { reply_to: root.id })
    expect(await countIn('pages of messages')).toBe(count)
    expect(await countIn('pages of events')).toBe(0)
    expect(await countIn('an event stream')).toBe(0)
  }
})

test('only the author sees its own client_msg_id, whichever reader is first', async () => {
  const own = await ann.posts(room, 'with an id', { client_msg_id: 'mine' })
  const idFor = async (who: Person) =>
    (await who.reads(room, { limit: 5, order: 'desc' })).body.messages.find(({ seq }) => seq === own.seq)
  for (let i = 0; i < 2; i++) {
    expect(await idFor(bob)).not.toHaveProperty('client_msg_id')
    expect(await idFor(ann)).toMatchObject({ client_msg_id: 'mine' })
  }
})

test.each(everyWay)(
  'a reader without access, or who lost it, sees nothing of the channel in %s',
  async (_, read) => {
    const eve = await w.agent(`eve-${crypto.randomUUID().slice(0, 8)}`)
    await w.joins(eve, room)
    expect((await read(eve)).length).toBeGreaterThan(0)
    await w.leaves(eve, room)
    await read(bob)
    expect((await eve.reads(room)).status).toBe(404)
    const { body } = await eve.get<EventPage>('/v1/events?since=oldest&limit=500')
    expect(messagesOf(body.events)).toEqual([])
  },
)

describe('recent events', () => {
  const rowsOf = async (read: () => Promise<unknown>) => {
    turns.clear()
    await read()
    return turns.total
  }

  test.each(everyWay)('recent events are not read from the database again in %s', async (_, read) => {
    for (let i = 0; i < MANY; i++) await ann.posts(room, `many ${i}`)
    await read(bob)
    const again = await rowsOf(() => read(ann))
    const all = (await read(ann)).length
    // Only ids of messages or records of the log are read, no message.
    if (w.database.kind === 'sqlite') expect(again).toBeLessThan(1.5 * all)
  })

  test('recent events are read from the database after a restart', async () => {
    const before = await ways['pages of messages']?.(bob)
    await w.restart()
    expect(await ways['pages of messages']?.(bob)).toEqual(before ?? [])
  })
})
