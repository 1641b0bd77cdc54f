import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { isEvent, type LiveSocket } from '../support/sockets'
import { type Caller, DAY, type Person, type Room } from '../support/world'
import { Town } from './town'

let town: Town
beforeAll(async () => {
  town = await Town.open()
})
afterAll(() => town[Symbol.asyncDispose]())

/** What a socket was told after its subscription, without frames about who is there. */
const toldBy = ({ frames }: LiveSocket) => frames.slice(2).filter(({ type }) => !type.startsWith('presence.'))
const typesOf = (socket: LiveSocket) => socket.events.map(({ type }) => type)

describe('a multiplexed socket and access', () => {
  const endings: readonly [
    title: string,
    code: number,
    reason: string,
    end: (place: Town, bob: Person) => unknown,
  ][] = [
    ['the token is revoked', 1008, 'auth_revoked', (place, bob) => place.world.revokes(bob)],
    ['the account is archived', 1008, 'auth_revoked', (place, bob) => place.world.archives(bob)],
    ['the token expires', 1008, 'expired', (place) => place.world.clock.advance(DAY)],
  ]
  test.each(endings)(
    'a socket sends bye and closes within a second when %s',
    async (_, code, reason, end) => {
      await using place = await Town.open()
      const room = await place.room()
      const expiresAt = new Date(place.world.clock.now() / 1000 + 60_000).toISOString()
      const bob = await place.world.agent('bob', { channels: { [room.slug]: 'member' }, expiresAt })
      const alice = await place.agent(room)
      using socket = await place.socket(bob)
      await socket.subscribe(['*'])
      await end(place, bob)
      expect(await socket.closedWithin(1500)).toMatchObject({ code })
      await alice.posts(room, 'unheard')
      expect(socket.frames.at(-1)).toEqual({ type: 'bye', reason })
      expect(JSON.stringify(socket.frames)).not.toContain('unheard')
    },
  )

  test('signing out closes the sockets of that session and no others', async () => {
    const room = await town.room()
    const clint = await town.human(room)
    const elsewhere = town.world.caller({
      cookie: `synapse_session=${await town.world.session(clint.handle)}`,
    })
    using here = await town.socket(clint)
    using there = await town.socket(elsewhere)
    await there.subscribe([room.slug])
    await here.subscribe([room.slug])
    await clint.post('/v1/auth/logout')
    expect(await here.closedWithin(1000)).toMatchObject({ code: 1008 })
    await there.settle()
    await elsewhere.post('/v1/messages', { channel: room.slug, body: 'still here' })
    await there.next('message.created')
  })

  test('revoking a token leaves sockets of other tokens of the account open', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const { body } = await town.world.operator.post<{ token: string }>('/v1/admin/tokens', {
      account_handle: bob.handle,
      scopes: ['channel:*:read'],
    })
    using other = await town.socket(town.world.bearer(body.token))
    await other.subscribe(['*'])
    await town.world.revokes(bob)
    await other.settle()
    expect(other.end).toBeUndefined()
  })

  test('a socket subscribed to a channel is told when its account leaves it, and stays open', async () => {
    const [room, other] = [await town.room('private'), await town.room()]
    const [alice, bob] = [await town.agent(room, other), await town.agent(room, other)]
    using socket = await town.socket(bob)
    await socket.subscribe([room.slug, other.slug])
    await town.world.leaves(bob, room)
    await alice.posts(room, 'secret')
    await alice.posts(other, 'heard')
    await socket.next('message.created')
    const [left, dropped, heard] = toldBy(socket)
    expect(left).toMatchObject({
      type: 'member.left',
      channel: room.slug,
      account: { handle: bob.handle },
      by: 'admin',
    })
    expect(dropped).toMatchObject({ type: 'unsubscribed', channels: [room.slug], reason: expect.any(String) })
    expect(heard).toMatchObject({ type: 'message.created', channel: other.slug })
  })

  test('a socket subscribed to * is told when its account leaves a channel, and receives it again after rejoining', async () => {
    const room = await town.room('private')
    const [alice, bob] = [await town.agent(room), await town.agent(room)]
    using socket = await town.socket(bob)
    await socket.subscribe(['*'])
    await town.world.leaves(bob, room)
    await alice.posts(room, 'secret')
    await town.world.joins(bob, room)
    await alice.posts(room, 'heard')
    await socket.next('message.created')
    expect(toldBy(socket).map(({ type }) => type)).toEqual([
      'member.left',
      'unsubscribed',
      'member.joined',
      'message.created',
    ])
    expect(JSON.stringify(socket.frames)).not.toContain('secret')
  })

  test('a socket is told that a channel was archived, receives nothing from it, and receives it again once it is unarchived', async () => {
    const room = await town.room()
    const [alice, bob] = [await town.agent(room), await town.agent(room)]
    using everything = await town.socket(bob)
    using named = await town.socket(bob)
    await everything.subscribe(['*'])
    await named.subscribe([room.slug])
    await town.world.archives(room)
    for (const socket of [everything, named]) {
      await socket.next('channel.archived')
      expect(await socket.next('unsubscribed')).toMatchObject({ channels: [room.slug] })
    }
    await town.world.operator.post(`/v1/admin/channels/${room.id}/unarchive`)
    await alice.posts(room, 'open again')
    await everything.next('channel.unarchived')
    await everything.next('message.created')
    await named.settle()
    expect(typesOf(named)).toEqual(['channel.archived'])
  })

  test('a socket cannot replay a channel that its account has left', async () => {
    const room = await town.room('private')
    const [alice, bob] = [await town.agent(room), await town.agent(room)]
    for (let i = 0; i < 20; i++) await alice.posts(room, `secret ${i}`)
    await town.world.leaves(bob, room)
    using socket = await town.socket(bob)
    expect(await socket.subscribe([room.slug], { since: 'oldest' })).toMatchObject({
      code: 'channel_not_found',
    })
    await socket.subscribe(['*'], { since: 'oldest' })
    await socket.next('position')
    expect(socket.texts.join()).not.toContain('secret')
    expect(typesOf(socket)).toEqual(expect.arrayContaining(['member.joined', 'member.left']))
  })
})

describe('outsiders of a private channel', () => {
  /** An account outside the channel, whatever else it may be. */
  const outsiders: readonly [title: string, who: (room: Room) => Promise<Person>][] = [
    ['an agent who is not a member', () => town.agent()],
    ['a human who is not a member', () => town.human()],
    ['a system admin who is not a member', () => town.world.human(town.name('admin'), { isAdmin: true })],
    ['an admin token', () => town.world.agent(town.name('root'), { scopes: ['admin:*'] })],
    [
      'a token that names the channel, without membership',
      ({ slug }) =>
        town.world.agent(town.name('named'), { scopes: [`channel:${slug}:read`, `channel:${slug}:post`] }),
    ],
    [
      'a member whose token may not read the channel',
      async (room) =>
        town.world.agent(town.name('poster'), {
          channels: { [room.slug]: 'member' },
          scopes: [`channel:${room.slug}:post`],
        }),
    ],
    [
      'an account that has left the channel',
      async (room) => {
        const bob = await town.agent(room)
        await town.world.leaves(bob, room)
        return bob
      },
    ],
  ]
  test.each(outsiders)(
    '%s receives nothing of a private channel, on any transport, live or past',
    async (_, who) => {
      const room = await town.room('private')
      const [alice, clint] = [await town.agent(room), await town.human(room)]
      await alice.posts(room, 'an old secret')
      const outsider = await who(room)
      using control = await town.channelSocket(clint, room)
      using live = await town.socket(outsider)
      using past = await town.socket(outsider)
      using stream = await town.stream(outsider)
      using whole = await town.stream(outsider, '?since=oldest')
      await control.next('hello')
      for (const each of [stream, whole]) await each.next('hello')
      await live.subscribe(['*'])
      await past.subscribe(['*'], { since: 'oldest' })
      await past.next('position')
      let isAnswered = false
      const waiting = outsider.get('/v1/events?wait=30&type=message.created,member.joined')
      void waiting.then(() => (isAnswered = true))
      for (const socket of [live, past])
        expect(await socket.subscribe([room.slug])).toMatchObject({ type: 'error' })
      const posted = await alice.posts(room, 'a new secret')
      await control.next('message.created')
      for (const socket of [live, past]) await socket.settle()
      const page = await outsider.get('/v1/events?since=oldest&limit=500')
      expect(isAnswered).toBe(false)
      await town.world.joins(outsider, await town.room())
      const polled = await outsider.get('/v1/messages?channel=*&since=oldest&limit=200')
      const seen = [live, past].map(({ texts }) => texts.join()).join() + stream.text + whole.text
      for (const text of [seen, page.text, polled.text, (await waiting).text]) {
        expect(text).not.toContain('secret')
        expect(text).not.toContain(posted.id)
      }
    },
  )
})

describe('who receives an event', () => {
  interface Cast {
    readonly room: Room
    readonly subject: Person
    readonly admin: Caller
    readonly adminToken: Caller
    readonly neighbour: Caller
    readonly stranger: Caller
  }

  async function cast(place: Town): Promise<Cast> {
    const room = await place.room()
    return {
      room,
      subject: await place.agent(room),
      admin: await place.world.human('admin', { isAdmin: true }),
      adminToken: await place.world.agent('root', { scopes: ['admin:*'] }),
      neighbour: await place.agent(room),
      stranger: await place.agent(),
    }
  }

  type Act = (place: Town, people: Cast) => Promise<unknown>
  const everybody = ['subject', 'admin', 'adminToken', 'neighbour', 'stranger'] as const
  type Who = (typeof everybody)[number]
  const table: readonly [type: string, act: Act, audience: readonly Who[]][] = [
    [
      'account.updated',
      (place, { subject }) =>
        place.world.operator.patch(`/v1/admin/accounts/${subject.id}`, { display_name: 'Another' }),
      ['subject', 'admin', 'adminToken', 'neighbour'],
    ],
    [
      'account.token_issued',
      (place, { subject }) =>
        place.world.operator.post('/v1/admin/tokens', {
          account_handle: subject.handle,
          scopes: ['channel:*:read'],
        }),
      ['subject', 'admin', 'adminToken'],
    ],
    ['account.token_revoked', (place, { subject }) => place.world.revokes(subject), ['admin', 'adminToken']],
    ['account.archived', (place, { subject }) => place.world.archives(subject), ['admin', 'adminToken']],
    [
      'account.erased',
      (place, { subject }) =>
        place.world.operator.post(`/v1/admin/accounts/${subject.id}/erase`, {
          confirm: subject.handle,
          mode: 'anonymize',
        }),
      ['admin', 'adminToken', 'neighbour'],
    ],
    [
      'account.created',
      (place) => place.world.operator.post('/v1/admin/accounts', { kind: 'agent', handle: 'newcomer' }),
      ['admin', 'adminToken'],
    ],
    [
      'member.role',
      (place, { subject, room }) =>
        place.world.operator.patch(`/v1/admin/memberships/${subject.id}/${room.id}`, { role: 'read_only' }),
      ['subject', 'neighbour'],
    ],
    [
      'member.left',
      (place, { subject, room }) => place.world.leaves(subject, room),
      ['subject', 'neighbour'],
    ],
    [
      'member.joined',
      async (place, { subject }) => place.world.joins(subject, await place.room('private')),
      ['subject'],
    ],
    ['message.created', (_, { subject, room }) => subject.posts(room, 'hello'), ['subject', 'neighbour']],
    ['channel.archived', (place, { room }) => place.world.archives(room), ['subject', 'neighbour']],
  ]
  test.each(table)('%s reaches its audience and no other account', async (type, act, audience) => {
    await using place = await Town.open()
    const people = await cast(place)
    const sockets = new Map<Who, LiveSocket>()
    for (const who of everybody) {
      const socket = await place.socket(people[who])
      sockets.set(who, socket)
      await socket.subscribe(['*'])
    }
    const head = (await place.place()).head_cursor
    await act(place, people)
    for (const who of audience) await sockets.get(who)?.next(type)
    for (const socket of sockets.values()) if (!socket.end) await socket.settle().catch(() => undefined)
    const heard = everybody.filter((who) =>
      sockets.get(who)?.frames.some((frame) => isEvent(frame) && frame.type === type),
    )
    // An account that loses its credential by the event learns of it by the close instead.
    expect(heard.filter((who) => !sockets.get(who)?.end)).toEqual([...audience])
    // A poll is judged by the store and must have the same audience.
    for (const who of everybody.filter((name) => !sockets.get(name)?.end)) {
      const page = await people[who].get<{ events: { type: string }[] }>(
        `/v1/events?since=${head}&type=${type}`,
      )
      expect({ who, heard: page.body.events.length > 0 }).toEqual({ who, heard: audience.includes(who) })
    }
    for (const socket of sockets.values()) socket[Symbol.dispose]()
  })

  test('an account that stops being an admin receives no more events of others on its open socket', async () => {
    await using place = await Town.open()
    const admin = await place.world.human('admin', { isAdmin: true })
    using socket = await place.socket(admin)
    await socket.subscribe(['*'])
    await place.world.operator.patch(`/v1/admin/accounts/${admin.id}`, { is_admin: false })
    await place.world.operator.post('/v1/admin/accounts', { kind: 'agent', handle: 'newcomer' })
    await socket.settle()
    expect(socket.texts.join()).not.toContain('newcomer')
  })

  test('no event contains an address, a token or the body of another channel', async () => {
    await using place = await Town.open()
    const admin = await place.world.human('admin', { isAdmin: true })
    using socket = await place.socket(admin)
    await socket.subscribe(['*'])
    const { body } = await place.world.operator.post<{ id: string; handle: string }>('/v1/admin/accounts', {
      kind: 'human',
      handle: 'clint',
      email: 'clint@example.org',
      password: 'correct horse',
    })
    await place.world.operator.patch(`/v1/admin/accounts/${body.id}`, {
      email: 'else@example.org',
      password: 'other horse',
    })
    const bob = await place.agent()
    await socket.settle()
    const told = socket.texts.join()
    expect(typesOf(socket)).toContain('account.updated')
    for (const secret of ['example.org', 'horse', bob.secret]) expect(told).not.toContain(secret)
  })
})
