// Events that are sent at one moment share a transaction, and none of them notices the others.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { testStore } from '../support/database'
import { POISON } from '../support/poison'
import type { World } from '../support/world'
import { type Acting, acting, id, nextTransaction, roomPath } from './acting'
import { homeserver, type MatrixClient, refused, signIn } from './homeserver'

let w: World
let here: Acting
let ada: MatrixClient
let ben: MatrixClient
let cleo: MatrixClient
beforeAll(async () => {
  w = await homeserver()
  here = acting(w)
  for (const handle of ['ada', 'ben', 'cleo']) await w.human(handle)
  ada = await signIn(w, { handle: 'ada' })
  ben = await signIn(w, { handle: 'ben' })
  cleo = await signIn(w, { handle: 'cleo' })
})
afterAll(() => w[Symbol.asyncDispose]())

async function roomOf(...others: MatrixClient[]): Promise<string> {
  const room = await here.newRoom(ada, { preset: 'public_chat' })
  for (const other of others) await other.post(`${roomPath(room)}/join`, {})
  return room
}

const put = (by: MatrixClient, room: string, body: string, type = 'm.room.message') =>
  by.put<{ event_id: string }>(`${roomPath(room)}/send/${type}/${nextTransaction()}`, {
    msgtype: 'm.text',
    body,
  })

/** The events that were sent into a room after it was made, with what the chain of its events says. */
async function sentTo(room: string) {
  const rows = await w.sql<{ json: string; event_id: string; pos: unknown; sender: string }>(
    `SELECT e.json, e.event_id, e.pos, e.sender FROM matrix_events e
     JOIN matrix_rooms r ON r.channel_id = e.channel_id WHERE r.room_id = ? ORDER BY e.pos`,
    room,
  )
  return rows.map(({ json, event_id: eventId, pos, sender }) => {
    const { content, depth, prev_events: prev, state_key: key, type } = JSON.parse(json)
    return {
      eventId,
      pos: Number(pos),
      sender,
      body: content.body,
      depth,
      prev,
      type,
      isState: key !== undefined,
    }
  })
}

/** The bodies of the messages of v1 in a room, in their order. */
async function messagesOf(room: string): Promise<string[]> {
  const rows = await w.sql<{ body: string }>(
    `SELECT m.body FROM messages m JOIN matrix_rooms r ON r.channel_id = m.channel_id
     WHERE r.room_id = ? ORDER BY m.seq`,
    room,
  )
  return rows.map(({ body }) => body)
}

test('the events of a room are one chain, in the order of its messages', async () => {
  const room = await roomOf(ben)
  const { slug } = await here.channelOf(room)
  const bot = await w.agent('bot', { channels: { [slug]: 'member' } })
  const bodies = Array.from({ length: 40 }, (_, n) => `${n}`)
  const answers = await Promise.all(
    bodies.map((body, n) => {
      if (n % 10 === 9) return bot.post('/v1/messages', { channel: slug, body })
      return put(n % 2 ? ada : ben, room, body, n % 10 === 4 ? 'org.example' : 'm.room.message')
    }),
  )
  expect(answers.filter(({ status }) => status >= 300).map(({ text }) => text)).toEqual([])
  // The next one waits for the events of the posts before it.
  await put(ada, room, 'last')
  const events = await sentTo(room)
  for (const [i, { prev, depth }] of events.entries()) {
    expect(prev).toEqual(i === 0 ? [] : [events[i - 1]?.eventId])
    expect(depth).toBe(i + 1)
  }
  const sent = events.filter(({ isState }) => !isState)
  expect(new Set(sent.map(({ body }) => body))).toEqual(new Set([...bodies, 'last']))
  expect(sent.filter(({ type }) => type === 'm.room.message').map(({ body }) => body)).toEqual(
    await messagesOf(room),
  )
})

test('a refused one costs its neighbours nothing', async () => {
  const room = await roomOf(ben)
  const bodies = Array.from({ length: 20 }, (_, n) => `${n}`)
  const answers = await Promise.all(bodies.map((body, n) => put(n % 4 === 3 ? cleo : ada, room, body)))
  expect(answers.map(refused)).toEqual(
    bodies.map((_, n) => (n % 4 === 3 ? [403, 'M_FORBIDDEN'] : [200, undefined])),
  )
  // Requests of several connections arrive in any order.
  expect(new Set(await messagesOf(room))).toEqual(new Set(bodies.filter((_, n) => n % 4 !== 3)))
})

test('one that is too large, one with a nested thread and one to nowhere are refused alone', async () => {
  const room = await roomOf(ben)
  const root = (await put(ada, room, 'root')).body.event_id
  const inThread = (body: string, event: string) => ({
    ...{ msgtype: 'm.text', body },
    'm.relates_to': { rel_type: 'm.thread', event_id: event },
  })
  const send = (by: MatrixClient, where: string, content: object) =>
    by.put<{ event_id: string }>(`${roomPath(where)}/send/m.room.message/${nextTransaction()}`, content)
  const first = (await send(ben, room, inThread('first', root))).body.event_id
  const answers = await Promise.all([
    send(ada, room, inThread('second', root)),
    send(ada, room, { msgtype: 'm.text', body: 'x'.repeat(70_000) }),
    send(ben, room, inThread('nested', first)),
    send(ben, '!nowhere:example.org', { msgtype: 'm.text', body: 'lost' }),
    send(ben, room, inThread('third', root)),
  ])
  expect(answers.map(refused)).toEqual([
    [200, undefined],
    [413, 'M_TOO_LARGE'],
    [400, 'M_UNKNOWN'],
    [403, 'M_FORBIDDEN'],
    [200, undefined],
  ])
  const [thread] = await w.sql<{ reply_count: unknown; followers: unknown }>(
    `SELECT t.reply_count, (SELECT count(*) FROM thread_members m WHERE m.root_seq = t.root_seq) AS followers
     FROM threads t JOIN messages m ON m.seq = t.root_seq JOIN matrix_rooms r ON r.channel_id = m.channel_id
     WHERE r.room_id = ?`,
    room,
  )
  expect([Number(thread?.reply_count), Number(thread?.followers)]).toEqual([3, 2])
})

test('one that the store cannot commit is refused, and the others are sent one by one', async () => {
  const room = await roomOf(ben)
  for (const statement of POISON[testStore]) await w.sql(statement)
  const bodies = ['one', 'two', 'poison', 'three', 'four']
  const answers = await Promise.all(bodies.map((body, n) => put(n % 2 ? ada : ben, room, body)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 500, 200, 200])
  const sent = (await sentTo(room)).filter(({ isState }) => !isState)
  expect(sent.map(({ body }) => body)).toEqual(await messagesOf(room))
  expect(new Map(sent.map(({ body, eventId }) => [body, eventId]))).toEqual(
    new Map(
      bodies.flatMap((body, n) => (body === 'poison' ? [] : [[body, answers[n]?.body.event_id ?? '']])),
    ),
  )
})

test('nobody sends after being removed, whatever shares the moment', async () => {
  const room = await roomOf(ben)
  const removal = put(ada, room, 'before').then(() =>
    ada.post(`${roomPath(room)}/kick`, { user_id: id('ben') }),
  )
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => put(ben, room, `${n}`)))
  expect((await removal).status).toBe(200)
  expect(refused(await put(ben, room, 'after'))).toEqual([403, 'M_FORBIDDEN'])
  const events = await sentTo(room)
  const left = events.findLast(({ isState }) => isState)?.pos ?? 0
  const own = events.filter(({ sender, isState }) => sender === id('ben') && !isState)
  expect(own).toHaveLength(answers.filter(({ status }) => status === 200).length)
  expect(own.filter(({ pos }) => pos > left)).toEqual([])
})

test('a transaction id that is repeated at once sends one event, beside others', async () => {
  const room = await roomOf(ben)
  const again = (n: number) =>
    ada.put<{ event_id: string }>(`${roomPath(room)}/send/m.room.message/same`, {
      ...{ msgtype: 'm.text', body: `same ${n}` },
    })
  const answers = await Promise.all([again(0), put(ben, room, 'other'), again(1), again(2)])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const [first, , second, third] = answers.map(({ body }) => body.event_id)
  expect([second, third]).toEqual([first, first])
  expect(await messagesOf(room)).toHaveLength(2)
})

test('an agent in a thread stops at its budget, also within one moment', async () => {
  const room = await roomOf()
  const { slug } = await here.channelOf(room)
  const agent = await w.agent('chatty', { channels: { [slug]: 'member' } })
  expect((await w.operator.put('/v1/config/chain.limit', { value: 3 })).status).toBe(200)
  const root = (await put(ada, room, 'go on')).body.event_id
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      agent.put(`${roomPath(room)}/send/m.room.message/${nextTransaction()}`, {
        ...{ msgtype: 'm.text', body: `${n}` },
        'm.relates_to': { rel_type: 'm.thread', event_id: root },
      }),
    ),
  )
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 403, 403, 403])
  expect(await messagesOf(room)).toHaveLength(4)
})

test('a device is told the transaction ids of its own events, also after a restart', async () => {
  const room = await roomOf(ben)
  const own = await signIn(w, { handle: 'ada' })
  const other = await signIn(w, { handle: 'ada' })
  const path = (what: string) => `${roomPath(room)}/${what}`
  const thumb = { 'm.relates_to': { rel_type: 'm.annotation', event_id: '', key: '👍' } }
  const said = await own.put<{ event_id: string }>(path('send/m.room.message/a word'), {
    ...{ msgtype: 'm.text', body: 'word' },
  })
  thumb['m.relates_to'].event_id = said.body.event_id
  await own.put(path('send/m.reaction/a%20thumb'), thumb)
  await own.put(path(`redact/${encodeURIComponent(said.body.event_id)}/regret`), {})
  await own.post(path('send/org.example'), {})
  const shownTo = async (client: MatrixClient) => {
    const { body } = await client.get<{ chunk: { type: string; unsigned: { transaction_id?: string } }[] }>(
      path('messages?dir=b&limit=4'),
    )
    return body.chunk.map(({ type, unsigned }) => [type, unsigned.transaction_id])
  }
  const before = await shownTo(own)
  expect(before).toEqual([
    ['org.example', undefined],
    ['m.room.redaction', 'regret'],
    ['m.reaction', 'a thumb'],
    ['m.room.message', 'a word'],
  ])
  expect((await shownTo(other)).map(([, transaction]) => transaction)).toEqual(Array(4).fill(undefined))
  await w.restart()
  expect(await shownTo(own)).toEqual(before)
})

test('long events of one moment are sent in several steps, in one chain', async () => {
  const room = await roomOf(ben)
  const bodies = Array.from({ length: 64 }, (_, n) => `${n} ${'x'.repeat(50_000)}`)
  const answers = await Promise.all(bodies.map((body) => put(ada, room, body, 'org.example')))
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  const events = await sentTo(room)
  expect(new Set(events.map(({ body }) => body)).size).toBe(65)
  for (const [i, { prev }] of events.entries()) expect(prev).toEqual(i === 0 ? [] : [events[i - 1]?.eventId])
})
