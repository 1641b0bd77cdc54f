import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { exchange, handshake, RawWebSocket } from '../support/raw-socket'
import { HOUR, SECOND } from '../support/world'
import { Town } from './town'

let town: Town
beforeAll(async () => {
  town = await Town.open()
})
afterAll(() => town[Symbol.asyncDispose]())

describe('opening the single-channel socket', () => {
  /** The answer to an attempt to open the socket. */
  async function attempt(credential: Record<string, string>, slug: string) {
    const answer = await exchange(town.url, handshake(town.url, `/v1/ws?channel=${slug}`, credential))
    if (typeof answer === 'string') return { status: answer }
    return { status: answer.status, ...(answer.body === '' ? {} : JSON.parse(answer.body)) }
  }

  type Who = () => Promise<{ credential: Record<string, string>; slug: string }>
  const refusals: readonly [title: string, who: Who, detail: string, code: string][] = [
    [
      'a request without a credential',
      async () => ({ credential: {}, slug: (await town.room()).slug }),
      'auth required',
      'websocket_refused',
    ],
    [
      'a request with only the password of a proxy',
      async () => ({ credential: { authorization: 'Basic YTpi' }, slug: (await town.room()).slug }),
      'auth required',
      'websocket_refused',
    ],
    [
      'an unknown session',
      async () => ({ credential: { cookie: 'synapse_session=no' }, slug: (await town.room()).slug }),
      'invalid session',
      'websocket_refused',
    ],
    [
      'a session that has ended',
      async () => {
        const room = await town.room()
        const clint = await town.human(room)
        await clint.post('/v1/auth/logout')
        return { credential: clint.credential, slug: room.slug }
      },
      'invalid session',
      'websocket_refused',
    ],
    [
      'the session of an archived account',
      async () => {
        const room = await town.room()
        const clint = await town.human(room)
        await town.world.archives(clint)
        return { credential: clint.credential, slug: room.slug }
      },
      'invalid session',
      'websocket_refused',
    ],
    [
      'an agent with its token',
      async () => {
        const room = await town.room()
        return { credential: (await town.agent(room)).credential, slug: room.slug }
      },
      'websocket is humans-only',
      'websocket_refused',
    ],
    [
      'a token among the subprotocols',
      async () => {
        const room = await town.room()
        const { secret } = await town.agent(room)
        return { credential: { 'sec-websocket-protocol': `synapse.v1, bearer.${secret}` }, slug: room.slug }
      },
      'websocket is humans-only',
      'websocket_refused',
    ],
    [
      'a human for an unknown channel',
      async () => ({ credential: (await town.human()).credential, slug: 'nowhere' }),
      'Channel not found',
      'channel_not_found',
    ],
    [
      'a human for a private channel of others',
      async () => ({ credential: (await town.human()).credential, slug: (await town.room('private')).slug }),
      'Channel not found',
      'channel_not_found',
    ],
    [
      'a human for a public channel without membership',
      async () => ({ credential: (await town.human()).credential, slug: (await town.room()).slug }),
      'Not a member',
      'not_a_member',
    ],
    [
      'a human for an archived channel',
      async () => {
        const room = await town.room()
        const clint = await town.human(room)
        await town.world.archives(room)
        return { credential: clint.credential, slug: room.slug }
      },
      'Channel archived',
      'channel_archived',
    ],
  ]
  test.each(refusals)('%s is refused with 403 before the upgrade', async (_, who, detail, code) => {
    const { credential, slug } = await who()
    expect(await attempt(credential, slug)).toMatchObject({ status: 403, detail, code })
  })

  test('a page of another site cannot open the socket with a session', async () => {
    const room = await town.room()
    const clint = await town.human(room)
    const origin = 'https://evil.example'
    expect(await attempt({ ...clint.credential, origin }, room.slug)).toMatchObject({
      status: 403,
      code: 'origin_not_allowed',
    })
    expect(await attempt({ ...clint.credential, origin: town.url }, room.slug)).toMatchObject({ status: 101 })
  })

  test('a read-only member may open the socket', async () => {
    const room = await town.room()
    const clint = await town.human()
    await town.world.joins(clint, room, 'read_only')
    using socket = await town.channelSocket(clint, room)
    const { head_cursor: cursor } = await town.place()
    expect(await socket.next('hello')).toEqual({ type: 'hello', channel: room.slug, cursor })
  })

  test('the channel is found in any case, and hello shows its proper name', async () => {
    const room = await town.room()
    const clint = await town.human(room)
    using socket = await town.channelSocket(clint, { ...room, slug: room.slug.toUpperCase() })
    const { head_cursor: cursor } = await town.place()
    expect(await socket.next('hello')).toEqual({ type: 'hello', channel: room.slug, cursor })
  })
})

describe('an open single-channel socket', () => {
  test('the socket receives hello, then the messages of its channel and nothing else', async () => {
    const [room, other] = [await town.room(), await town.room()]
    const [clint, alice] = [await town.human(room, other), await town.agent(room, other)]
    await alice.posts(room, 'before')
    using socket = await town.channelSocket(clint, room)
    await socket.next('hello')
    await alice.posts(other, 'elsewhere')
    await town.agent(room)
    await clint.posts(room, 'my own')
    await alice.posts(room, 'last')
    await socket.next('message.created')
    await socket.next('message.created')
    expect(socket.frames).toMatchObject([
      { type: 'hello', channel: room.slug },
      {
        type: 'message.created',
        channel: room.slug,
        message: { body: 'my own', sender_handle: clint.handle },
      },
      { type: 'message.created', channel: room.slug, message: { body: 'last' } },
    ])
    expect(Object.keys(socket.frames[1] ?? {}).slice(0, 3)).toEqual(['type', 'channel', 'message'])
  })

  test('the socket receives every message after hello', async () => {
    const room = await town.room()
    const [clint, alice] = [await town.human(room), await town.agent(room)]
    for (let round = 0; round < 10; round++) {
      using socket = await town.channelSocket(clint, room)
      await socket.next('hello')
      const { id } = await alice.posts(room, `round ${round}`)
      expect((await socket.next('message.created')).message).toMatchObject({ id })
    }
  })

  test('the socket receives the same bytes as a multiplexed socket, an event stream and a poll', async () => {
    const room = await town.room()
    const [clint, alice] = [await town.human(room), await town.agent(room)]
    using own = await town.channelSocket(clint, room)
    using multiplexed = await town.socket(alice)
    using stream = await town.stream(alice)
    await own.next('hello')
    await multiplexed.subscribe([room.slug])
    await stream.next('hello')
    const body = 'ünï "quoted" \\ \n \u2028 🚀 @nobody'
    const { cursor } = await alice.posts(room, body)
    await own.next('message.created')
    await multiplexed.settle()
    const { data } = await stream.next('message.created')
    const [frame] = own.texts.slice(1)
    expect(JSON.parse(frame ?? '').message.body).toBe(body)
    expect(multiplexed.texts.filter((text) => text.includes('message.created'))).toEqual([frame ?? ''])
    expect(data).toBe(frame)
    const page = await alice.get(`/v1/events?since=oldest&channel=${room.slug}&type=message.created`)
    expect(page.text).toStartWith(`{"events":[${frame}],"cursor":"${cursor}"`)
  })

  test('the server ignores frames of the client', async () => {
    const [room, other] = [await town.room(), await town.room()]
    const clint = await town.human(room, other)
    using socket = await town.channelSocket(clint, room)
    await socket.next('hello')
    for (const frame of [
      'hi',
      '{',
      '{"type":"ping","id":1}',
      `{"type":"subscribe","channels":["${other.slug}"]}`,
    ])
      socket.say(frame)
    socket.sendBytes(new Uint8Array(1000))
    await clint.posts(other, 'elsewhere')
    await clint.posts(room, 'here')
    await socket.next('message.created')
    expect(socket.frames.map(({ type }) => type)).toEqual(['hello', 'message.created'])
  })

  test('the socket is pinged every 20 seconds and receives no frame', async () => {
    await using calm = await Town.open()
    const room = await calm.room()
    const clint = await calm.human(room)
    using socket = await RawWebSocket.open(calm.url, {
      path: `/v1/ws?channel=${room.slug}`,
      headers: clint.credential,
    })
    await socket.text('hello')
    calm.world.clock.advance(20 * SECOND)
    await socket.connection.when(() => socket.pings > 0 || undefined)
    expect(socket.pings).toBe(1)
    expect(socket.texts).toHaveLength(1)
  })

  const endings: readonly [
    title: string,
    end: (
      town: Town,
      clint: Awaited<ReturnType<Town['human']>>,
      room: { id: string; slug: string },
    ) => Promise<unknown>,
  ][] = [
    ['its membership is removed', (place, clint, room) => place.world.leaves(clint, room)],
    ['its session is signed out', (_, clint) => clint.post('/v1/auth/logout')],
    ['its session expires', async (place) => place.world.clock.advance(15 * 24 * HOUR)],
    ['its account is archived', (place, clint) => place.world.archives(clint)],
    ['its channel is archived', (place, _, room) => place.world.archives(room)],
  ]
  test.each(endings)('the socket is closed with 1008 within a second when %s', async (_, end) => {
    await using place = await Town.open()
    const room = await place.room()
    const [clint, other] = [await place.human(room), await place.agent(room)]
    using socket = await place.channelSocket(clint, room)
    await socket.next('hello')
    await end(place, clint, room)
    expect(await socket.closedWithin(1500)).toMatchObject({ code: 1008 })
    await other.post('/v1/messages', { channel: room.slug, body: 'unheard' })
    expect(socket.events).toEqual([])
  })
})
