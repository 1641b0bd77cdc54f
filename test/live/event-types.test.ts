// An event type is one row of the catalogue. A type that only this test adds is read and delivered like the others.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { catalogueWithNotes, NOTED, notes } from '../support/noted'
import { type EventPage, EventStream, LiveSocket } from '../support/sockets'
import type { Caller, Message, Person, Room } from '../support/world'
import { type World, world } from '../support/world'

const MESSAGE = 'message.created'

let w: World
let room: Room
let ann: Person
let eve: Person

beforeAll(async () => {
  w = await world({ catalogue: catalogueWithNotes, surfaces: [notes] })
  room = await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
  eve = await w.human('eve', { channels: { general: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

async function note(who: Caller, { id }: Message, word: string): Promise<number> {
  const { status, body } = await who.post<{ seq: number }>(`/notes/${id}`, { word })
  expect(status).toBe(201)
  return body.seq
}

async function socket(channels: readonly string[], types?: readonly string[]): Promise<LiveSocket> {
  const opened = await LiveSocket.open(w.url, ann.credential)
  await opened.subscribe(channels, types && { types })
  return opened
}

const stream = (query: string) => EventStream.open(w.url, ann.credential, { query })

test('an event of a new type reaches streams that asked for it and no streams that asked for messages only', async () => {
  using all = await socket(['general'])
  using everywhere = await socket(['*'])
  using byPrefix = await socket(['general'], ['message.*'])
  using notesAlone = await socket(['*'], [NOTED])
  using messages = await socket(['general'], [MESSAGE])
  using messagesEverywhere = await socket(['*'], [MESSAGE])
  using ofChannel = await LiveSocket.open(w.url, eve.credential, { path: '/v1/ws?channel=general' })
  await ofChannel.next('hello')
  using streamOfAll = await stream('?channel=general')
  using streamOfMessages = await stream(`?type=${MESSAGE}`)
  for (const opened of [streamOfAll, streamOfMessages]) await opened.next('hello')

  const message = await ann.posts(room, 'hello')
  const noted = await note(eve, message, 'seen')
  const last = await ann.posts(room, 'bye')

  for (const opened of [all, everywhere, byPrefix, messages, messagesEverywhere, ofChannel])
    await opened.arrivals.next(({ seq }) => seq === last.seq, 'the last message')
  await notesAlone.arrivals.next(({ seq }) => seq === noted, 'the note')
  for (const opened of [streamOfAll, streamOfMessages])
    await opened.arrivals.next(({ id }) => id === last.cursor, 'the last message')

  const seqs = (heard: { readonly events: readonly { readonly seq: number }[] }) =>
    heard.events.map(({ seq }) => seq)
  for (const heard of [all, everywhere, byPrefix, streamOfAll])
    expect(seqs(heard)).toEqual([message.seq, noted, last.seq])
  for (const heard of [messages, messagesEverywhere, ofChannel, streamOfMessages])
    expect(seqs(heard)).toEqual([message.seq, last.seq])
  expect(seqs(notesAlone)).toEqual([noted])
  expect(all.events[1]).toEqual({
    type: NOTED,
    channel: 'general',
    message_id: message.id,
    account: expect.objectContaining({ handle: 'eve' }),
    word: 'seen',
    seq: noted,
    cursor: expect.any(String),
    at: expect.any(String),
    actor: { handle: 'eve', kind: 'human' },
  })
  const sent = [all, everywhere, byPrefix, notesAlone].flatMap(({ texts }) =>
    texts.filter((text) => text.includes(NOTED)),
  )
  expect([sent.length, new Set(sent).size]).toEqual([4, 1])
})

test('an event of a new type appears in pages and replays in log order, and ends a long poll of events', async () => {
  const message = await ann.posts(room, 'to be noted')
  const waiting = ann.get<EventPage>(`/v1/events?since=${message.cursor}&wait=30`)
  const noted = await note(eve, message, 'read')
  expect((await waiting).body.events).toMatchObject([{ type: NOTED, seq: noted, word: 'read' }])
  const page = async (query: string) =>
    (await ann.get<EventPage>(`/v1/events?channel=general&since=${message.cursor}${query}`)).body.events
  expect(await page('')).toMatchObject([{ type: NOTED, seq: noted }])
  expect(await page(`&type=${MESSAGE}`)).toEqual([])
  expect(await page('&exclude_self=true')).toHaveLength(1)
  using replayed = await LiveSocket.open(w.url, ann.credential)
  await replayed.subscribe(['general'], { since: message.cursor })
  expect(await replayed.next(NOTED)).toMatchObject({ seq: noted, replay: true })
})

test('an event of a new type is hidden from accounts that may not read its channel', async () => {
  const secret = await w.channel('secret', { kind: 'private' })
  const joe = await w.agent('joe', { channels: { secret: 'member' } })
  using outside = await socket(['*'])
  using inside = await LiveSocket.open(w.url, joe.credential)
  await inside.subscribe(['*'])
  const message = await joe.posts(secret, 'between us')
  const noted = await note(joe, message, 'hm')
  await inside.arrivals.next(({ seq }) => seq === noted, 'the note')
  expect((await ann.post(`/notes/${message.id}`, { word: 'what?' })).status).toBe(404)
  const last = await ann.posts(room, 'what everybody hears')
  await outside.arrivals.next(({ seq }) => seq === last.seq, 'the last message')
  expect(outside.events.map(({ seq }) => seq)).toEqual([last.seq])
})

test('the documentation has a row for a new type', async () => {
  const { text } = await w.guest.get('/docs')
  expect(text).toContain(`id="event-${NOTED}"`)
  expect(text).toContain('Somebody noted a word about a message.')
})

test('an event about a message that the history of a channel hides reaches only those who were there', async () => {
  const den = await w.channel('den', { kind: 'private' })
  await w.operator.patch(`/v1/admin/channels/${den.id}`, { settings: { history: 'joined' } })
  await w.joins(ann, den)
  const message = await ann.posts(den, 'before kim joined')
  const kim = await w.agent('kim', { channels: { den: 'member' } })
  using there = await socket(['*'])
  using fresh = await LiveSocket.open(w.url, kim.credential)
  await fresh.subscribe(['*'])
  using filtered = await LiveSocket.open(w.url, kim.credential)
  await filtered.subscribe(['den'], { types: ['message.*'] })
  const hidden = await note(ann, message, 'old')
  const last = await ann.posts(den, 'after')
  const seen = await note(ann, last, 'new')
  for (const opened of [there, fresh, filtered])
    await opened.arrivals.next(({ seq }) => seq === seen, 'the last note')
  expect(there.events.map(({ seq }) => seq)).toEqual([hidden, last.seq, seen])
  for (const opened of [fresh, filtered])
    expect(opened.events.map(({ seq }) => seq)).toEqual([last.seq, seen])
  const { body } = await kim.get<EventPage>('/v1/events?since=oldest&channel=den&type=message.*')
  expect(body.events.map(({ seq }) => seq)).toEqual([last.seq, seen])
})
