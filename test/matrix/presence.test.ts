// Who types, and who is there.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Person, World } from '../support/world'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'
import type { SyncAnswer } from './syncing'

let w: World
let people: Record<'ada' | 'bob' | 'eve', Person>
let ada: MatrixClient
let bob: MatrixClient
let eve: MatrixClient
let family: string

beforeAll(async () => {
  w = await homeserver()
  await w.channel('family')
  await w.channel('other')
  people = {
    ada: await w.human('ada', { channels: { family: 'admin' } }),
    bob: await w.human('bob', { channels: { family: 'member' } }),
    eve: await w.human('eve', { channels: { other: 'member' } }),
  }
  ada = await signIn(w, people.ada)
  bob = await signIn(w, people.bob)
  eve = await signIn(w, people.eve)
  const { body } = await ada.get<SyncAnswer>(`${V3}/sync?set_presence=offline`)
  family = Object.keys(body.rooms.join)[0] ?? ''
})
afterAll(() => w[Symbol.asyncDispose]())

/** A sync that leaves no trace of its reader. */
const hidden = 'set_presence=offline'
const sync = async (client: MatrixClient, query: string) =>
  (await client.get<SyncAnswer>(`${V3}/sync?${query}`)).body
const begin = async (client: MatrixClient) => (await sync(client, hidden)).next_batch
const typingPath = (client: MatrixClient, room = family) =>
  `${V3}/rooms/${encodeURIComponent(room)}/typing/${encodeURIComponent(client.userId)}`
const types = (client: MatrixClient, timeout = 30_000) =>
  client.put(typingPath(client), { typing: true, timeout })
const statusPath = (client: MatrixClient) => `${V3}/presence/${encodeURIComponent(client.userId)}/status`
const typingIn = (answer: SyncAnswer) =>
  answer.rooms.join[family]?.ephemeral.events.filter(({ type }) => type === 'm.typing')
const typers = (...user_ids: string[]) => [{ type: 'm.typing', content: { user_ids } }]

describe('typing', () => {
  test('wakes the readers of the room, and the list is empty when it ends', async () => {
    const since = await begin(bob)
    const waiting = sync(bob, `${hidden}&since=${since}&timeout=30000`)
    expect((await types(ada)).body).toEqual({})
    const first = await waiting
    expect(typingIn(first)).toEqual(typers(ada.userId))
    const ending = sync(bob, `${hidden}&since=${first.next_batch}&timeout=30000`)
    await ada.put(typingPath(ada), { typing: false })
    expect(typingIn(await ending)).toEqual(typers())
  })

  test('is in the first answer of a reader while it lasts', async () => {
    await types(ada)
    await types(bob)
    expect(typingIn(await sync(bob, hidden))).toEqual(typers(ada.userId, bob.userId))
    await ada.put(typingPath(ada), { typing: false })
    await bob.put(typingPath(bob), { typing: false })
    expect(typingIn(await sync(bob, hidden))).toEqual([])
  })

  test('lasts for a minute at most', async () => {
    await types(ada, 3_600_000)
    const { next_batch } = await sync(bob, hidden)
    w.clock.advance(59_000)
    const waiting = sync(bob, `${hidden}&since=${next_batch}&timeout=30000`)
    w.clock.advance(1000)
    expect(typingIn(await waiting)).toEqual(typers())
  })

  test('ends with a message of its user, over Matrix or not', async () => {
    const sends = [
      () =>
        ada.put(`${V3}/rooms/${encodeURIComponent(family)}/send/m.room.message/t1`, {
          msgtype: 'm.text',
          body: 'x',
        }),
      () => people.ada.post('/v1/messages', { channel: 'family', body: 'y' }),
    ]
    for (const send of sends) {
      await types(ada)
      const { next_batch } = await sync(bob, hidden)
      expect((await send()).status).toBeLessThan(300)
      const found = await sync(bob, `${hidden}&since=${next_batch}&timeout=30000`)
      expect(typingIn(found)).toEqual(typers())
    }
  })

  test('is told anew to a reader whose token another process made', async () => {
    await types(ada)
    const { next_batch } = await sync(bob, hidden)
    const [head, mx, , epoch] = next_batch.split('_')
    expect(typingIn(await sync(bob, `${hidden}&since=${[head, mx, 'ffff.7', epoch].join('_')}`))).toEqual(
      typers(ada.userId),
    )
    await ada.put(typingPath(ada), { typing: false })
    expect(typingIn(await sync(bob, `${hidden}&since=${[head, mx, '0', epoch].join('_')}`))).toEqual(typers())
    w.clock.advance(61_000)
    for (const end = Date.now() + 10_000; Date.now() < end; await Bun.sleep(50)) {
      const answer = await sync(bob, `${hidden}&since=${[head, mx, '0', epoch].join('_')}`)
      if (typingIn(answer) === undefined) return
    }
    throw new Error('the room is still told of typing that ended long ago')
  })

  test('of others, of ignored users and in rooms that one is not in is not shown or refused', async () => {
    expect(refused(await bob.put(typingPath(ada), { typing: true }))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await eve.put(typingPath(eve), { typing: true }))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await eve.put(typingPath(eve, '!none:example.org'), { typing: true }))).toEqual([
      403,
      'M_FORBIDDEN',
    ])
    expect(refused(await ada.put(typingPath(ada), {}))).toEqual([400, 'M_MISSING_PARAM'])
    expect(refused(await ada.put(typingPath(ada), { typing: true, timeout: -1 }))).toEqual([
      400,
      'M_BAD_JSON',
    ])
    const ignoring = `${V3}/user/${encodeURIComponent(bob.userId)}/account_data/m.ignored_user_list`
    await bob.put(ignoring, { ignored_users: { [ada.userId]: {} } })
    await types(ada)
    expect(typingIn(await sync(bob, hidden))).toEqual(typers())
    await bob.put(ignoring, { ignored_users: {} })
    await ada.put(typingPath(ada), { typing: false })
    expect(Object.keys((await sync(eve, hidden)).rooms.join)).not.toContain(family)
  })
})

describe('presence', () => {
  const status = async (client: MatrixClient, of = client) =>
    (await client.get<Record<string, unknown>>(statusPath(of))).body
  const presenceOf = (answer: SyncAnswer, client: MatrixClient) =>
    answer.presence.events.filter(({ sender }) => sender === client.userId).map(({ content }) => content)

  /** Asks again until the answer has news of a user, and returns them. */
  async function news(reader: MatrixClient, since: string, of: MatrixClient) {
    let token = since
    for (const end = Date.now() + 20_000; Date.now() < end; ) {
      const answer = await sync(reader, `${hidden}&since=${token}&timeout=5000`)
      const [found] = presenceOf(answer, of)
      if (found) return { ...found, token: answer.next_batch }
      token = answer.next_batch
    }
    throw new Error(`nothing new of ${of.userId}`)
  }

  test('of who asks for news is online, and offline half a minute after the last request', async () => {
    expect(await status(ada)).toEqual({ presence: 'offline' })
    const since = await begin(bob)
    await sync(ada, '')
    const { token, ...found } = await news(bob, since, ada)
    expect(found).toEqual({ presence: 'online', last_active_ago: 0, currently_active: true })
    w.clock.advance(29_000)
    expect(await status(bob, ada)).toMatchObject({ presence: 'online' })
    w.clock.advance(1000)
    expect(await status(bob, ada)).toMatchObject({ presence: 'offline' })
    expect(await news(bob, token, ada)).toMatchObject({ presence: 'offline' })
  })

  test('of who waits for news lasts, and is unavailable after five minutes without an act', async () => {
    const { next_batch } = await sync(ada, '')
    const end = new AbortController()
    const waiting = ada
      .fetch(`${V3}/sync?since=${next_batch}&timeout=3600000`, { signal: end.signal })
      .catch(() => undefined)
    const since = await begin(bob)
    for (let i = 0; i < 4; i++) {
      w.clock.advance(60_000)
      expect(await status(bob, ada)).toMatchObject({ presence: 'online' })
    }
    w.clock.advance(60_000)
    expect(await status(bob, ada)).toMatchObject({ presence: 'unavailable', last_active_ago: 300_000 })
    expect(await news(bob, since, ada)).toMatchObject({ presence: 'unavailable' })
    await types(ada)
    expect(await status(bob, ada)).toMatchObject({ presence: 'online', currently_active: true })
    end.abort()
    await waiting
  })

  test('is what a user says, with a text', async () => {
    const since = await begin(bob)
    expect(
      (await ada.put(statusPath(ada), { presence: 'unavailable', status_msg: 'at lunch' })).body,
    ).toEqual({})
    expect(await news(bob, since, ada)).toMatchObject({ presence: 'unavailable', status_msg: 'at lunch' })
    await ada.put(statusPath(ada), { presence: 'offline' })
    expect(await status(bob, ada)).toEqual({ presence: 'offline', last_active_ago: 0 })
    await sync(ada, 'set_presence=unavailable')
    expect(await status(bob, ada)).toMatchObject({ presence: 'unavailable' })
    for (const [body, errcode] of [
      [{ presence: 'busy' }, 'M_BAD_JSON'],
      [{}, 'M_MISSING_PARAM'],
      [{ presence: 'online', status_msg: 1 }, 'M_BAD_JSON'],
      [{ presence: 'online', status_msg: 'x'.repeat(1001) }, 'M_INVALID_PARAM'],
    ] as const)
      expect(refused(await ada.put(statusPath(ada), body))).toEqual([400, errcode])
    expect(refused(await bob.put(statusPath(ada), { presence: 'online' }))).toEqual([403, 'M_FORBIDDEN'])
  })

  test('of who leaves the server is offline', async () => {
    const gone = await w.human('gone', { channels: { family: 'member' } })
    const client = await signIn(w, gone)
    await client.put(statusPath(client), { presence: 'online', status_msg: 'bye' })
    const since = await begin(bob)
    await w.archives(gone)
    const { token: _, ...found } = await news(bob, since, client)
    expect(found).toEqual({ presence: 'offline', last_active_ago: 0 })
  })

  test('is told to those who come into a room, and theirs to its members', async () => {
    const ivy = await signIn(w, await w.human('ivy'))
    await sync(ivy, '')
    await sync(ada, '')
    const [ofIvy, ofAda] = [await begin(ivy), await begin(ada)]
    const { body } = await ada.post<{ room_id: string }>(`${V3}/createRoom`, { preset: 'public_chat' })
    await ivy.post(`${V3}/join/${encodeURIComponent(body.room_id)}`, {})
    expect(presenceOf(await sync(ivy, `${hidden}&since=${ofIvy}`), ada)).toMatchObject([
      { presence: 'online' },
    ])
    expect(presenceOf(await sync(ada, `${hidden}&since=${ofAda}`), ivy)).toMatchObject([
      { presence: 'online' },
    ])
  })

  test('is known to those alone who share a room with the user', async () => {
    const since = await begin(eve)
    await sync(ada, '')
    const answer = await sync(eve, `${hidden}&since=${since}`)
    expect(answer.presence.events).toEqual([])
    expect(refused(await eve.get(statusPath(ada)))).toEqual([403, 'M_FORBIDDEN'])
    expect(refused(await eve.get(`${V3}/presence/@none:example.org/status`))).toEqual([404, 'M_NOT_FOUND'])
  })

  test('of an agent is what its lease on /v1 says', async () => {
    const agent = await w.agent('worker', { channels: { family: 'member' } })
    const since = await begin(bob)
    const user = `@worker:example.org`
    const seen = async (token: string) => {
      for (const end = Date.now() + 20_000; Date.now() < end; ) {
        const answer = await sync(bob, `${hidden}&since=${token}`)
        const found = answer.presence.events.find(({ sender }) => sender === user)
        if (found) return { content: found.content, token: answer.next_batch }
        // A change of presence is announced once a second, by a job.
        w.clock.advance(1000)
        await Bun.sleep(50)
      }
      throw new Error('nothing new of the agent')
    }
    await agent.put('/v1/presence', { state: 'working', note: 'the build' })
    const working = await seen(since)
    expect(working.content).toEqual({ presence: 'online', currently_active: false, status_msg: 'the build' })
    await agent.put('/v1/presence', { state: 'idle' })
    const idle = await seen(working.token)
    expect(idle.content).toEqual({ presence: 'unavailable', currently_active: false })
    await agent.delete('/v1/presence')
    expect((await seen(idle.token)).content).toEqual({ presence: 'offline' })
  })

  test('repeats that a user is active once a minute at most', async () => {
    await sync(ada, '')
    const since = await begin(bob)
    const posts = () => people.ada.post('/v1/messages', { channel: 'family', body: 'again' })
    await posts()
    w.clock.advance(10_000)
    await posts()
    const soon = await sync(bob, `${hidden}&since=${since}`)
    expect(presenceOf(soon, ada)).toEqual([])
    w.clock.advance(15_000)
    await sync(ada, `since=${soon.next_batch}`)
    w.clock.advance(25_000)
    await sync(ada, `since=${soon.next_batch}`)
    w.clock.advance(20_000)
    await posts()
    const later = await sync(bob, `${hidden}&since=${soon.next_batch}`)
    expect(presenceOf(later, ada)).toEqual([
      { presence: 'online', last_active_ago: 0, currently_active: true },
    ])
  })

  test('is nobody’s while it is switched off', async () => {
    await sync(ada, '')
    await w.operator.put('/v1/config/matrix.presence', { value: false })
    expect((await ada.put(statusPath(ada), { presence: 'online' })).body).toEqual({})
    expect(refused(await ada.get(statusPath(ada)))).toEqual([404, 'M_NOT_FOUND'])
    expect((await sync(bob, '')).presence.events).toEqual([])
    const agent = await w.agent('worker-2', { channels: { family: 'member' } })
    await agent.put('/v1/presence', { state: 'blocked', note: 'a question' })
    await w.operator.delete('/v1/config/matrix.presence')
    const path = `${V3}/presence/@worker-2:example.org/status`
    for (const end = Date.now() + 10_000; Date.now() < end; await Bun.sleep(20)) {
      const { body } = await bob.get(path)
      if (body.presence === 'online' && body.status_msg === 'a question') return
    }
    throw new Error('what the agent says on /v1 is not shown')
  })
})
