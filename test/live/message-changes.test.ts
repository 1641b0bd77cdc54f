import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type EventPage, EventStream, LiveSocket } from '../support/sockets'
import { type Message, type Person, type Room, type World, world } from '../support/world'

let w: World
let room: Room
let ann: Person
let bob: Person
let eve: Person

beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_STREAMS_PER_ACCOUNT: '100' } })
  room = await w.channel('room', { kind: 'private' })
  ann = await w.agent('ann', { channels: { room: 'member' } })
  bob = await w.agent('bob', { channels: { room: 'member' } })
  eve = await w.human('eve', { channels: { room: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const pathOf = ({ id }: Message) => `/v1/messages/${id}`
const typesOf = (heard: { readonly events: readonly { readonly type: string }[] }) =>
  heard.events.map(({ type }) => type)

/** Posts, reacts, edits, takes the reaction back and deletes. */
async function life(more = {}): Promise<Message> {
  const message = await ann.posts(room, '@bob first', more)
  await bob.put(`${pathOf(message)}/reactions/ok`)
  await ann.patch(pathOf(message), { body: '@eve second' })
  await bob.delete(`${pathOf(message)}/reactions/ok`)
  await ann.delete(pathOf(message))
  return message
}

const LIFE = ['message.created', 'reaction.added', 'message.edited', 'reaction.removed', 'message.deleted']

test('edits, deletions and reactions reach every open stream in order and as one text, and the channel socket not at all', async () => {
  using named = await LiveSocket.open(w.url, bob.credential)
  using everywhere = await LiveSocket.open(w.url, eve.credential)
  using edits = await LiveSocket.open(w.url, bob.credential)
  await named.subscribe(['room'])
  await everywhere.subscribe(['*'])
  await edits.subscribe(['*'], { types: ['message.edited', 'reaction.*'] })
  using stream = await EventStream.open(w.url, bob.credential, { query: '?channel=room' })
  using messages = await LiveSocket.open(w.url, bob.credential)
  await messages.subscribe(['room'], { types: ['message.*'] })
  using ofChannel = await LiveSocket.open(w.url, eve.credential, { path: '/v1/ws?channel=room' })
  await ofChannel.next('hello')
  await stream.next('hello')
  const outsider = await w.agent('outsider')
  using outside = await LiveSocket.open(w.url, outsider.credential)
  await outside.subscribe(['*'])

  const message = await life()
  const { seq: last } = await ann.posts(room, 'last')
  for (const socket of [named, everywhere, messages, ofChannel])
    await socket.arrivals.next(({ seq }) => seq === last, 'the last message')
  await stream.arrivals.next(({ data }) => data?.includes(`"seq":${last},`) ?? false, 'the last message')

  for (const heard of [named, everywhere, stream])
    expect(typesOf(heard)).toEqual([...LIFE, 'message.created'])
  expect(typesOf(messages)).toEqual(
    [...LIFE, 'message.created'].filter((type) => type.startsWith('message.')),
  )
  expect(typesOf(edits)).toEqual(['reaction.added', 'message.edited', 'reaction.removed'])
  expect(typesOf(ofChannel)).toEqual(['message.created', 'message.created'])
  await outside.settle()
  expect(outside.events).toEqual([])
  const texts = (socket: LiveSocket) => socket.texts.filter((text) => text.includes('"seq":')).join('\n')
  expect(texts(everywhere)).toBe(texts(named))

  const [created, added, edited, removed, deleted] = named.events
  expect(created).toMatchObject({ message: { body: '@bob first', reactions: [] } })
  const reaction = {
    message_id: message.id,
    emoji: 'ok',
    account: { handle: 'bob' },
    actor: { handle: 'bob' },
  }
  expect([added, removed]).toMatchObject([reaction, reaction])
  expect(edited).toMatchObject({
    message: { body: '@eve second', reactions: [{ emoji: 'ok', count: 1, handles: ['bob'] }] },
    mentions_added: ['eve'],
    mentions_removed: ['bob'],
  })
  expect(deleted).toMatchObject({ message_id: message.id, thread_id: null, by: 'author' })
})

test('a reader that comes later gets the same events, with the message as it is now', async () => {
  const root = await ann.posts(room, 'root')
  const message = await life({ reply_to: root.id })
  const edited = await ann.posts(room, 'aside')
  await ann.patch(pathOf(edited), { body: 'one' })
  await ann.patch(pathOf(edited), { body: 'two' })
  using socket = await LiveSocket.open(w.url, bob.credential)
  await socket.subscribe(['room'], { since: root.cursor })
  const page = async (query = '') =>
    (await bob.get<EventPage>(`/v1/events?since=${root.cursor}&channel=room&limit=50${query}`)).body.events
  const now = await page()
  await socket.arrivals.next(({ seq }) => seq === now.at(-1)?.seq, 'the last edit')
  expect(socket.events.map(({ replay: _, ...event }) => event)).toEqual(now as never)
  expect(now.map(({ type }) => type)).toEqual([
    ...LIFE,
    'message.created',
    'message.edited',
    'message.edited',
  ])
  const shown = now.flatMap((event) => (event.message ? [event.message] : []))
  expect<unknown>(shown).toMatchObject([
    { id: message.id, body: '', deleted: true, mentioned_handles: [], reactions: [] },
    { id: message.id, body: '', deleted: true, mentioned_handles: [], reactions: [] },
    { body: 'two' },
    { body: 'two' },
    { body: 'two' },
  ])
  expect((await page(`&thread=${root.id}`)).map(({ type }) => type)).toEqual(LIFE)
})

test('a long poll of events ends with an edit, and one of messages does not', async () => {
  const message = await ann.posts(room, 'first')
  const since = `since=${message.cursor}&channel=room&wait=30`
  const events = bob.get<EventPage>(`/v1/events?${since}`)
  const messages = bob.get<{ messages: Message[] }>(`/v1/messages?${since}`)
  await ann.patch(pathOf(message), { body: 'second' })
  expect((await events).body.events).toMatchObject([{ type: 'message.edited', message: { body: 'second' } }])
  const { id } = await ann.posts(room, 'next')
  expect((await messages).body.messages).toMatchObject([{ id }])
})

test('an edit shows in what readers share: events, pages and replays, each time they read', async () => {
  using listener = await LiveSocket.open(w.url, bob.credential)
  await listener.subscribe(['room'])
  const message = await ann.posts(room, 'version 0')
  await bob.put(`${pathOf(message)}/reactions/ok`)
  for (let n = 1; n <= 5; n++) {
    await ann.patch(pathOf(message), { body: `version ${n}` })
    await (n % 2 === 1
      ? eve.put(`${pathOf(message)}/reactions/ok`)
      : eve.delete(`${pathOf(message)}/reactions/ok`))
    const count = 1 + (n % 2)
    for (let time = 0; time < 2; time++) {
      const { body } = await bob.reads(room, { order: 'desc', limit: 1 })
      expect<unknown>(body.messages[0]).toMatchObject({ body: `version ${n}`, reactions: [{ count }] })
      const events = await bob.get<EventPage>(`/v1/events?since=oldest&channel=room&limit=500`)
      const texts = events.body.events.flatMap(({ message: shown }) =>
        shown?.id === message.id ? [shown.body] : [],
      )
      expect(new Set(texts)).toEqual(new Set([`version ${n}`]))
    }
  }
})
