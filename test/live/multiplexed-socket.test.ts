import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { placeOf } from '../support/ledger'
import { answerIn, exchange, handshake, RawConnection, RawWebSocket } from '../support/raw-socket'
import { isEvent, LiveSocket, until } from '../support/sockets'
import { type Person, SECOND, world } from '../support/world'
import { Town } from './town'

let town: Town
beforeAll(async () => {
  town = await Town.open({ SYNAPSE_AUTH_CORS_ORIGINS: 'https://chat.example' })
})
afterAll(() => town[Symbol.asyncDispose]())

const seqs = (socket: LiveSocket) => socket.events.map(({ seq }) => seq)
const bodies = (socket: LiveSocket) =>
  socket.events.map(({ message }) => (message as { body?: string } | undefined)?.body)

describe('opening a multiplexed socket', () => {
  test('the first frame is hello with version, epoch, account, cursor and heartbeat', async () => {
    const bob = await town.agent()
    using socket = await town.socket(bob)
    const hello = await socket.next('hello')
    const { head_cursor, epoch } = await town.place()
    expect(hello).toEqual({
      type: 'hello',
      version: '1.0.0',
      epoch,
      account: { id: bob.id, handle: bob.handle, kind: 'agent', display_name: bob.handle },
      cursor: head_cursor,
      heartbeat_s: 30,
    })
  })

  test('a person can open a socket with a session cookie', async () => {
    const clint = await town.human()
    using socket = await town.socket(clint)
    expect((await socket.next('hello')).account).toMatchObject({ handle: clint.handle, kind: 'human' })
  })

  const token = ({ secret }: Person) => secret
  const offers: readonly [title: string, offered: (bob: Person) => string, selected: string][] = [
    ['after the name of the protocol', (bob) => `synapse.v1, bearer.${token(bob)}`, 'synapse.v1'],
    ['before the name of the protocol', (bob) => `bearer.${token(bob)},synapse.v1`, 'synapse.v1'],
  ]
  test.each(offers)(
    'the server does not echo a token that is sent as a subprotocol %s',
    async (_, offered, selected) => {
      const bob = await town.agent()
      using connection = await RawConnection.open(town.url)
      connection.write(handshake(town.url, '/v1/ws', { 'Sec-WebSocket-Protocol': offered(bob) }))
      const answer = await connection.when(() => answerIn(connection))
      expect(answer?.status).toBe(101)
      expect(answer?.headers.get('sec-websocket-protocol')).toBe(selected)
      expect(JSON.stringify([...(answer?.headers ?? [])])).not.toContain(token(bob))
      await connection.when(() => connection.buffered.includes('hello') || undefined)
      expect(connection.buffered.toString()).toContain(bob.handle)
      expect(town.world.log).not.toContain(token(bob))
    },
  )

  test('a token without the protocol name among the subprotocols is refused, because the server must select one', async () => {
    const bob = await town.agent()
    const offered = { 'sec-websocket-protocol': `bearer.${token(bob)}` }
    expect(await attempt(offered)).toMatchObject({ status: 400, code: 'bad_handshake' })
    expect(await attempt({ ...offered, ...bob.credential })).toMatchObject({ status: 400 })
    expect(await attempt({ 'sec-websocket-protocol': 'bearer.syn_no' })).toMatchObject({ status: 401 })
  })

  test('an ordinary client library can use the subprotocol', async () => {
    const bob = await town.agent()
    const protocols = ['synapse.v1', `bearer.${token(bob)}`]
    using socket = await town.socket(town.world.guest, { protocols })
    expect((await socket.next('hello')).account).toMatchObject({ handle: bob.handle })
  })

  test('an Authorization header of another scheme, such as the password of a proxy, is ignored', async () => {
    const bob = await town.agent()
    const basic = { authorization: `Basic ${btoa('proxy:password')}` }
    const protocols = ['synapse.v1', `bearer.${token(bob)}`]
    using socket = await LiveSocket.open(town.url, basic, { protocols })
    expect((await socket.next('hello')).account).toMatchObject({ handle: bob.handle })
  })

  test('the Authorization header wins over a subprotocol', async () => {
    const [bob, cleo] = [await town.agent(), await town.agent()]
    using socket = await town.socket(bob, { protocols: ['synapse.v1', `bearer.${token(cleo)}`] })
    expect((await socket.next('hello')).account).toMatchObject({ handle: bob.handle })
  })

  /** The answer to an attempt to open a socket. */
  async function attempt(headers: Record<string, string>, path = '/v1/ws') {
    const answer = await exchange(town.url, handshake(town.url, path, headers))
    if (typeof answer === 'string') return { status: 0, code: answer, headers: new Map<string, string>() }
    const code = answer.body === '' ? undefined : JSON.parse(answer.body).code
    return { status: answer.status, code, headers: answer.headers }
  }

  const strangers: readonly [
    title: string,
    headers: (town: Town) => Promise<Record<string, string>>,
    code: string,
  ][] = [
    ['a request without a credential', async () => ({}), 'not_authenticated'],
    ['an unknown token', async () => ({ authorization: 'Bearer syn_no' }), 'invalid_token'],
    ['an empty token', async () => ({ authorization: 'Bearer ' }), 'missing_token'],
    [
      'an unknown token among the subprotocols',
      async () => ({ 'sec-websocket-protocol': 'synapse.v1, bearer.syn_no' }),
      'invalid_token',
    ],
    ['an unknown session', async () => ({ cookie: 'synapse_session=no' }), 'invalid_session'],
    [
      'an invalid token beside a valid session',
      async () => ({ ...(await town.human()).credential, authorization: 'Bearer syn_no' }),
      'invalid_token',
    ],
    [
      'a revoked token',
      async () => {
        const bob = await town.agent()
        await town.world.revokes(bob)
        return bob.credential
      },
      'invalid_token',
    ],
    [
      'an archived account',
      async () => {
        const bob = await town.agent()
        await town.world.archives(bob)
        return bob.credential
      },
      'account_unavailable',
    ],
  ]
  test.each(strangers)('%s is refused with 401 before the upgrade', async (_, headers, code) => {
    expect(await attempt(await headers(town))).toMatchObject({ status: 401, code })
  })

  test('a token in the query is ignored', async () => {
    const bob = await town.agent()
    expect(await attempt({}, `/v1/ws?token=${token(bob)}&access_token=${token(bob)}`)).toMatchObject({
      status: 401,
      code: 'not_authenticated',
    })
  })

  test('a plain GET with a valid credential is answered with 426', async () => {
    const bob = await town.agent()
    const { status, headers, body } = await bob.get('/v1/ws')
    expect(status).toBe(426)
    expect(headers.get('upgrade')).toBe('websocket')
    expect(body).toMatchObject({ code: 'upgrade_required' })
    expect((await town.world.guest.get('/v1/ws')).status).toBe(401)
  })

  test('a handshake without a key is refused', async () => {
    const bob = await town.agent()
    const request = handshake(town.url, '/v1/ws', bob.credential).replace(/Sec-WebSocket-Key.*\r\n/, '')
    expect(await exchange(town.url, request)).toMatchObject({ status: 400 })
  })

  test('failed handshakes take no slot', async () => {
    const bob = await town.agent()
    const request = handshake(town.url, '/v1/ws', bob.credential).replace(/Sec-WebSocket-Key.*\r\n/, '')
    for (let round = 0; round < 12; round++) await exchange(town.url, request)
    const sockets = await Promise.all(Array.from({ length: 10 }, () => town.socket(bob)))
    for (const socket of sockets) socket[Symbol.dispose]()
  })

  test('the socket of the local operator offers no WebSocket', async () => {
    const bob = await town.agent()
    for (const path of ['/v1/ws', '/v1/ws?channel=room']) {
      const asOperator = await town.world.operator.get(path, { upgrade: 'websocket' })
      const asSomebody = await town.world.operator.get(path, { upgrade: 'websocket', ...bob.credential })
      expect([403, 426]).toContain(asOperator.status)
      expect([403, 426]).toContain(asSomebody.status)
    }
  })

  test('a cookie is accepted only from the server’s own pages and from listed origins', async () => {
    const clint = await town.human()
    const cookie = clint.credential
    for (const origin of [undefined, town.url, 'https://chat.example'])
      expect(await attempt({ ...cookie, ...(origin === undefined ? {} : { origin }) })).toMatchObject({
        status: 101,
      })
    for (const origin of [
      'https://evil.example',
      'null',
      town.url.replace('127.0.0.1', 'localhost'),
      `${town.url}0`,
    ])
      expect(await attempt({ ...cookie, origin })).toMatchObject({ status: 403, code: 'origin_not_allowed' })
  })

  test('a token is accepted from any page', async () => {
    const bob = await town.agent()
    expect(await attempt({ ...bob.credential, origin: 'https://evil.example' })).toMatchObject({
      status: 101,
    })
  })

  test('an account has at most ten streams of all kinds, and a closed one makes room', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const sockets = await Promise.all(Array.from({ length: 8 }, () => town.socket(bob)))
    const streams = [await town.stream(bob), await town.stream(bob)]
    const refused = await attempt(bob.credential)
    expect(refused).toMatchObject({ status: 429, code: 'too_many_streams' })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await bob.get('/v1/events', { accept: 'text/event-stream' })).status).toBe(429)
    using _another = await town.socket(await town.agent())
    sockets[0]?.close()
    await sockets[0]?.closed
    using _again = await town.socket(bob)
    streams[0]?.[Symbol.dispose]()
    await until('the place of the stream', async () => (await attempt(bob.credential)).status === 101)
    for (const open of [...sockets, ...streams]) open[Symbol.dispose]()
  })
})

describe('subscriptions', () => {
  test('without since a subscription begins now, and other sockets receive nothing', async () => {
    const room = await town.room()
    const [alice, bob] = [await town.agent(room), await town.agent(room)]
    await alice.posts(room, 'before')
    using socket = await town.socket(bob)
    using silent = await town.socket(bob)
    const before = placeOf(String((await socket.next('hello')).cursor))
    const answer = await socket.subscribe([room.slug])
    expect(answer).toMatchObject({ type: 'subscribed', channels: [room.slug] })
    expect(placeOf(String(answer.cursor)).seq).toBeGreaterThanOrEqual(before.seq)
    const { seq } = await alice.posts(room, 'after')
    const own = await bob.posts(room, 'my own')
    await socket.arrivals.next((event) => event.seq === own.seq, 'my own')
    await socket.settle()
    expect(bodies(socket)).toEqual(['after', 'my own'])
    expect(seqs(socket)).toEqual([seq, own.seq])
    expect(socket.events.some((event) => 'replay' in event)).toBe(false)
    await silent.settle()
    expect(silent.events).toEqual([])
  })

  test('with since a subscription sends marked past events, then live ones, without a gap or a duplicate', async () => {
    const room = await town.room()
    const [alice, bob] = [await town.agent(room), await town.agent(room)]
    const past = []
    for (const body of ['one', 'two', 'three']) past.push(await alice.posts(room, body))
    using socket = await town.socket(bob)
    const answer = await socket.subscribe([room.slug], { since: past[0]?.cursor })
    expect(answer.cursor).toBe(past[0]?.cursor)
    await alice.posts(room, 'four')
    await socket.next('position')
    await alice.posts(room, 'five')
    await socket.settle()
    expect(bodies(socket)).toEqual(['two', 'three', 'four', 'five'])
    expect(socket.events.slice(0, 2).every(({ replay }) => replay === true)).toBe(true)
    expect(socket.events.at(-1)).not.toHaveProperty('replay')
  })

  test('since=oldest sends every past event that the account may see', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const { seq } = await bob.posts(room, 'one')
    using socket = await town.socket(bob)
    await socket.subscribe([room.slug], { since: 'oldest' })
    await socket.next('position')
    expect(socket.events.map(({ type }) => type)).toEqual([
      'channel.created',
      'member.joined',
      'message.created',
    ])
    expect(seqs(socket).at(-1)).toBe(seq)
  })

  test('* subscribes to all channels, including those joined later', async () => {
    const [here, there] = [await town.room(), await town.room('private')]
    const [alice, bob] = [await town.agent(here, there), await town.agent(here)]
    using socket = await town.socket(bob)
    expect((await socket.subscribe(['*'])).channels).toEqual(['*'])
    await alice.posts(here, 'here')
    await alice.posts(there, 'not yet')
    await town.world.joins(bob, there)
    await alice.posts(there, 'there')
    await alice.posts(here, 'here again')
    await socket.settle()
    const told = socket.events.map(({ type, channel }) => `${type} ${channel}`)
    expect(told).toEqual([
      `message.created ${here.slug}`,
      `member.joined ${there.slug}`,
      `message.created ${there.slug}`,
      `message.created ${here.slug}`,
    ])
    expect(bodies(socket)).toEqual(['here', undefined, 'there', 'here again'])
  })

  test('a replay of * includes a channel that is joined meanwhile', async () => {
    const [here, there] = [await town.room(), await town.room('private')]
    const [alice, bob] = [await town.agent(here, there), await town.agent(here)]
    for (let i = 0; i < 30; i++) await alice.posts(here, `past ${i}`)
    using socket = await town.socket(bob)
    socket.say({ type: 'subscribe', channels: ['*'], since: 'oldest' })
    await town.world.joins(bob, there)
    await alice.posts(there, 'hello there')
    await socket.next('position')
    await socket.settle()
    expect(bodies(socket)).toContain('hello there')
    expect(new Set(seqs(socket)).size).toBe(seqs(socket).length)
  })

  test('a subscription can be limited to event types, by name or by prefix', async () => {
    const room = await town.room()
    const [alice, bob] = [await town.agent(room), await town.agent(room)]
    using members = await town.socket(bob)
    using messages = await town.socket(bob)
    await members.subscribe([room.slug], { types: ['member.*'] })
    await messages.subscribe([room.slug], { types: ['message.created'] })
    const cleo = await town.agent(room)
    await alice.posts(room, 'welcome')
    await town.world.leaves(cleo, room)
    await members.next('member.left')
    for (const socket of [members, messages]) await socket.settle()
    expect(members.events.map(({ type }) => type)).toEqual(['member.joined', 'member.left'])
    expect(messages.events.map(({ type }) => type)).toEqual(['message.created'])
  })

  test('an event arrives once, however many subscriptions match', async () => {
    const room = await town.room()
    const [alice, bob] = [await town.agent(room), await town.agent(room)]
    using socket = await town.socket(bob)
    await socket.subscribe(['*'])
    await socket.subscribe([room.slug])
    await socket.subscribe([room.slug], { types: ['message.*'] })
    await alice.posts(room, 'once')
    await socket.settle()
    expect(bodies(socket)).toEqual(['once'])
  })

  test('a second subscription to a channel replaces the first', async () => {
    const room = await town.room()
    const [alice, bob] = [await town.agent(room), await town.agent(room)]
    using socket = await town.socket(bob)
    await socket.subscribe([room.slug])
    await socket.subscribe([room.slug], { types: ['member.*'] })
    await alice.posts(room, 'unheard')
    await socket.settle()
    expect(socket.events).toEqual([])
  })

  test('unsubscribe ends the subscription of one channel, or of all with *', async () => {
    const [one, two] = [await town.room(), await town.room()]
    const [alice, bob] = [await town.agent(one, two), await town.agent(one, two)]
    using socket = await town.socket(bob)
    await socket.subscribe([one.slug, two.slug])
    expect(await socket.ask({ type: 'unsubscribe', channels: [one.slug] })).toMatchObject({
      type: 'unsubscribed',
      channels: [one.slug],
    })
    await alice.posts(one, 'unheard')
    await alice.posts(two, 'heard')
    await socket.settle()
    expect(bodies(socket)).toEqual(['heard'])
    await socket.ask({ type: 'unsubscribe', channels: ['*'] })
    await alice.posts(two, 'unheard')
    await socket.settle()
    expect(bodies(socket)).toEqual(['heard'])
    await socket.subscribe([one.slug])
    await alice.posts(one, 'heard again')
    await socket.settle()
    expect(bodies(socket)).toEqual(['heard', 'heard again'])
  })

  test('channel names are accepted in any case', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    using socket = await town.socket(bob)
    expect((await socket.subscribe([room.slug.toUpperCase()])).channels).toEqual([room.slug])
  })

  test('resume replays all subscriptions from a position and then continues live', async () => {
    const [one, two] = [await town.room(), await town.room()]
    const [alice, bob] = [await town.agent(one, two), await town.agent(one, two)]
    using socket = await town.socket(bob)
    await socket.subscribe([one.slug])
    await socket.subscribe([two.slug], { types: ['message.created'] })
    const { cursor } = await alice.posts(one, 'first')
    await alice.posts(two, 'second')
    await town.agent(two)
    await socket.settle()
    const before = socket.events.length
    socket.say({ type: 'resume', cursor })
    await socket.next('position')
    await alice.posts(one, 'third')
    await socket.settle()
    expect(bodies(socket).slice(before)).toEqual(['second', 'third'])
    expect(socket.events.slice(before).map(({ replay }) => replay)).toEqual([true, undefined])
  })

  test('a socket has at most 200 subscriptions, and one more is refused without effect', async () => {
    const rooms = await Promise.all(Array.from({ length: 201 }, () => town.room()))
    const bob = await town.agent(...rooms)
    using socket = await town.socket(bob)
    const slugs = rooms.map(({ slug }) => slug)
    for (let from = 0; from < 200; from += 50)
      expect((await socket.subscribe(slugs.slice(from, from + 50))).type).toBe('subscribed')
    const last = rooms[200]
    if (!last) throw new Error('no room')
    expect(await socket.subscribe([last.slug])).toMatchObject({
      type: 'error',
      code: 'too_many_subscriptions',
    })
    // A channel that is subscribed already does not count again.
    expect(await socket.subscribe([slugs[0] ?? ''])).toMatchObject({ type: 'subscribed' })
    await bob.posts(last, 'unheard')
    await bob.posts(rooms[199] ?? last, 'heard')
    await socket.settle()
    expect(bodies(socket)).toEqual(['heard'])
  })
})

describe('unusable cursors', () => {
  test('a cursor of another epoch is answered with resync, and the socket stays open', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const foreign = btoa('2|01JX8M6Z3Q5T7V9W1Y2B4D6F8H|3').replace(/=+$/, '')
    const { epoch, seq } = placeOf((await bob.posts(room, 'hello')).cursor)
    const future = btoa(`2|${epoch}|${seq + 100}`).replace(/=+$/, '')
    using socket = await town.socket(bob)
    for (const since of [foreign, future]) {
      const answer = await socket.subscribe([room.slug], { since })
      expect(answer).toMatchObject({ type: 'resync', reason: 'cursor_epoch' })
      expect(placeOf(String(answer.oldest_cursor)).epoch).toBe(epoch)
    }
    expect(await socket.ask({ type: 'resume', cursor: foreign })).toMatchObject({ type: 'resync' })
    await bob.posts(room, 'unheard: the subscription was refused')
    await socket.settle()
    expect(socket.events).toEqual([])
  })

  test('a cursor older than the oldest kept position is answered with resync and that position', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const old = await bob.posts(room, 'old')
    const kept = await bob.posts(room, 'kept')
    await town.purges(room, old.seq)
    using socket = await town.socket(bob)
    const { epoch } = placeOf(old.cursor)
    const since = btoa(`2|${epoch}|${old.seq - 1}`).replace(/=+$/, '')
    const answer = await socket.subscribe([room.slug], { since })
    expect(answer).toMatchObject({ type: 'resync', reason: 'cursor_expired', oldest_cursor: old.cursor })
    await socket.subscribe([room.slug], { since: answer.oldest_cursor })
    await socket.next('position')
    expect(seqs(socket)[0]).toBe(kept.seq)
  })
})

describe('invalid frames', () => {
  const table: readonly [title: string, frame: object | string, code: string][] = [
    ['a frame that is not JSON', 'hello?', 'invalid_frame'],
    ['an empty frame', '', 'invalid_frame'],
    ['a frame that is not an object', '[1]', 'unknown_type'],
    ['the frame null', 'null', 'unknown_type'],
    ['a frame without a type', { id: 'x' }, 'unknown_type'],
    ['an unknown type', { type: 'shout', id: 'x' }, 'unknown_type'],
    ['a subscription to nothing', { type: 'subscribe', channels: [], id: 'x' }, 'invalid_frame'],
    ['a subscription without channels', { type: 'subscribe', id: 'x' }, 'invalid_frame'],
    ['channels that are not strings', { type: 'subscribe', channels: [{}], id: 'x' }, 'invalid_frame'],
    [
      'more than 50 channels at once',
      { type: 'subscribe', channels: Array.from({ length: 51 }, (_, i) => `r${i}`), id: 'x' },
      'invalid_frame',
    ],
    ['an unknown channel', { type: 'subscribe', channels: ['nowhere'], id: 'x' }, 'channel_not_found'],
    ['an invalid channel name', { type: 'subscribe', channels: ['__proto__'], id: 'x' }, 'channel_not_found'],
    ['a malformed cursor', { type: 'subscribe', channels: ['*'], since: 'soon', id: 'x' }, 'invalid_cursor'],
    ['a resume without a cursor', { type: 'resume', id: 'x' }, 'invalid_frame'],
    ['a resume with a malformed cursor', { type: 'resume', cursor: '?', id: 'x' }, 'invalid_cursor'],
  ]
  test.each(table)('%s gets an error, and the socket stays open', async (_, frame, code) => {
    const bob = await town.agent()
    using socket = await town.socket(bob)
    socket.say(frame)
    const error = await socket.next('error')
    expect(error).toMatchObject({ type: 'error', code, detail: expect.any(String) })
    if (typeof frame === 'object') expect(error.id).toBe('x')
    await socket.settle()
    expect(socket.end).toBeUndefined()
  })

  test('an error names the invalid field and what it should be', async () => {
    using socket = await town.socket(await town.agent())
    for (const [frame, detail] of [
      [{ type: 'subscribe' }, 'channels: Field required'],
      [{ type: 'subscribe', channels: [] }, 'channels: List should have at least 1 item, not 0'],
      [{ type: 'subscribe', channels: [{}] }, 'channels.0: Input should be a valid string'],
      [{ type: 'subscribe', channels: ['*'], since: 7 }, 'since: Input should be a valid string'],
      [{ type: 'resume' }, 'cursor: Field required'],
      [{ type: 'ping', id: {} }, 'id: a text of at most 128 characters, or an integer'],
    ] as const) {
      socket.say(frame)
      expect(await socket.next('error')).toMatchObject({ code: 'invalid_frame', detail })
    }
  })

  test('a lone surrogate in a frame is refused, and the error itself is valid Unicode', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    using socket = await town.socket(bob)
    const half = '\\ud800'
    for (const frame of [
      `{"type":"subscribe","id":1,"channels":["${half}"]}`,
      `{"type":"subscribe","id":1,"channels":["${room.slug}"],"types":["${half}"]}`,
      `{"type":"subscribe","id":1,"channels":["${room.slug}"],"since":"${half}"}`,
      `{"type":"ping","id":"${half}"}`,
      `{"type":"${half}","id":{"${half}":["${half}"]}}`,
    ]) {
      socket.say(frame)
      expect((await socket.next('error')).id).toBe(frame.includes('"id":1') ? 1 : undefined)
    }
    expect(socket.texts.join()).not.toContain(half)
  })

  test('a binary frame is refused', async () => {
    const bob = await town.agent()
    using socket = await town.socket(bob)
    socket.sendBytes(new TextEncoder().encode('{"type":"ping"}'))
    expect(await socket.next('error')).toMatchObject({ code: 'invalid_frame' })
    await socket.settle()
  })

  test('one inaccessible channel refuses the whole subscription and is named', async () => {
    const [open, shut] = [await town.room(), await town.room()]
    const bob = await town.agent(open)
    using socket = await town.socket(bob)
    expect(await socket.subscribe([open.slug, shut.slug])).toMatchObject({
      type: 'error',
      code: 'not_a_member',
      channel: shut.slug,
      gate: 'membership',
    })
    await bob.posts(open, 'unheard')
    await socket.settle()
    expect(socket.events).toEqual([])
  })

  test('a frame of more than 64 KiB closes the socket with 1009', async () => {
    const bob = await town.agent()
    using socket = await town.socket(bob)
    socket.say({ type: 'ping', id: 'x'.repeat(128), rest: 'y'.repeat(64_000) })
    expect(await socket.next('pong')).toMatchObject({ id: 'x'.repeat(128) })
    using raw = await RawWebSocket.open(town.url, { headers: bob.credential })
    raw.say({ type: 'ping', rest: 'y'.repeat(65_536) })
    expect(await raw.ended).toMatchObject({ code: 1009 })
  })

  test('a ping is answered with its id, or without one', async () => {
    const bob = await town.agent()
    using socket = await town.socket(bob)
    socket.say({ type: 'ping', id: 7 })
    expect(await socket.next('pong')).toEqual({ type: 'pong', id: 7 })
    socket.say({ type: 'ping' })
    expect(await socket.next('pong')).toEqual({ type: 'pong' })
  })

  test('frames are answered in the order of arrival', async () => {
    const rooms = [await town.room(), await town.room()]
    const bob = await town.agent(...rooms)
    using socket = await town.socket(bob)
    for (let i = 0; i < 20; i++) {
      socket.say({ type: 'subscribe', channels: [rooms[i % 2]?.slug], id: i, since: 'oldest' })
      socket.say({ type: 'ping', id: 100 + i })
    }
    await socket.settle()
    const ids = socket.frames
      .filter((frame) => !isEvent(frame))
      .flatMap(({ id }) => (typeof id === 'number' ? [id] : []))
    expect(ids).toEqual(Array.from({ length: 20 }, (_, i) => [i, 100 + i]).flat())
  })
})

describe('an idle socket', () => {
  test('an idle socket is pinged and receives its position every 15 seconds', async () => {
    await using calm = await Town.open()
    const bob = await calm.agent()
    using socket = await RawWebSocket.open(calm.url, { headers: bob.credential })
    await socket.text('hello')
    for (const times of [1, 2]) {
      calm.world.clock.advance(15 * SECOND)
      await socket.connection.when(() => socket.pings === times || undefined)
      expect(socket.texts.filter((text) => text.includes('"position"'))).toHaveLength(times)
    }
    const { head_cursor } = await calm.place()
    expect(JSON.parse(socket.texts.at(-1) ?? '')).toEqual({ type: 'position', cursor: head_cursor })
  })

  test.concurrent.each([
    ['/v1/ws', 15],
    ['/v1/ws?channel=room', 20],
  ] as const)('a peer that answers no ping is disconnected: %s', async (path, seconds) => {
    await using calm = await world()
    const { clock } = calm
    await calm.channel('room')
    const clint = await calm.human('clint', { channels: { room: 'member' } })
    const options = { path, headers: clint.credential }
    using gone = await RawWebSocket.open(calm.url, { ...options, answersPings: false })
    using quiet = await RawWebSocket.open(calm.url, options)
    for (const pings of [1, 2]) {
      clock.advance(seconds * SECOND)
      await quiet.connection.when(() => (gone.pings === pings && quiet.pings === pings) || undefined)
    }
    expect(gone.end).toBeUndefined()
    clock.advance(seconds * SECOND)
    expect(await gone.endedWithin(2000)).toMatchObject({ code: 1006 })
    await quiet.connection.when(() => quiet.pings === 3 || undefined)
    expect(quiet.end).toBeUndefined()
    const { body } = await calm.operator.get<{ counts: { streams: number } }>('/v1/health')
    expect(body.counts.streams).toBe(1)
  })
})

describe('server errors', () => {
  test('a server error is logged and answered with an error frame, and the next frame is answered as usual', async () => {
    await using w = await world()
    const room = await w.channel('general')
    const bob = await w.agent('bob', { channels: { general: 'member' } })
    using socket = await LiveSocket.open(w.url, bob.credential)
    await socket.next('hello')
    await w.sql('ALTER TABLE channels RENAME TO misplaced')
    socket.say({ type: 'subscribe', id: 1, channels: ['elsewhere'] })
    expect(await socket.next('error')).toEqual({
      type: 'error',
      id: 1,
      code: 'internal',
      detail: 'Internal Server Error',
    })
    socket.say({ type: 'ping', id: 2 })
    expect(await socket.next('pong')).toEqual({ type: 'pong', id: 2 })
    await w.sql('ALTER TABLE misplaced RENAME TO channels')
    await socket.subscribe([room.slug])
    await bob.posts(room, 'goes on')
    expect(await socket.next('message.created')).toMatchObject({ message: { body: 'goes on' } })
    expect(w.log).toContain('something failed in the background')
  })
})
