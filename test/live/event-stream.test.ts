import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { placeOf } from '../support/ledger'
import { type EventStream, until, within } from '../support/sockets'
import { DAY, type Person, type Room, SECOND } from '../support/world'
import { Town } from './town'

let town: Town
beforeAll(async () => {
  town = await Town.open()
})
afterAll(() => town[Symbol.asyncDispose]())

const ACCEPT = { accept: 'text/event-stream' }

/** Waits for a message and returns the bodies of all messages so far. */
async function bodiesUpTo(stream: EventStream, body: string): Promise<string[]> {
  const heard = () =>
    stream.events.flatMap(({ message }) =>
      message === undefined ? [] : [(message as { body?: string }).body ?? ''],
    )
  await until(`"${body}" on the stream`, () => heard().includes(body))
  return heard()
}

describe('opening an event stream', () => {
  test('the first bytes are retry and hello, and arrive at once', async () => {
    const bob = await town.agent()
    using stream = await town.stream(bob)
    const { data } = await stream.next('hello')
    const { epoch, head_cursor } = await town.place()
    expect(stream.text).toBe(`retry: 2000\nevent: hello\ndata: ${data}\nid: ${head_cursor}\n\n`)
    expect(JSON.parse(data ?? '')).toEqual({ version: '1.0.0', epoch, cursor: head_cursor, heartbeat_s: 15 })
  })

  test('the headers forbid proxies to buffer or cache the stream', async () => {
    const bob = await town.agent()
    using stream = await town.stream(bob, '', { 'x-request-id': 'my-own' })
    const { headers, status } = stream.response
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/event-stream')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-accel-buffering')).toBe('no')
    expect(headers.get('x-request-id')).toBe('my-own')
  })

  test.each(['TEXT/EVENT-STREAM', 'text/html, Text/Event-Stream;q=0.9, */*'])(
    'a stream is opened for Accept: %s',
    async (accept) => {
      const bob = await town.agent()
      using stream = await town.stream(bob, '', { accept })
      expect(stream.response.headers.get('content-type')).toBe('text/event-stream')
      await stream.next('hello')
    },
  )

  test('a person can open a stream with a session cookie', async () => {
    const room = await town.room()
    const clint = await town.human(room)
    using stream = await town.stream(clint, `?channel=${room.slug}`)
    await stream.next('hello')
    await clint.posts(room, 'hello')
    expect(await bodiesUpTo(stream, 'hello')).toEqual(['hello'])
  })

  const foreign = btoa('2|01JX8M6Z3Q5T7V9W1Y2B4D6F8H|3').replace(/=+$/, '')
  const refusals: readonly [title: string, query: (shut: Room) => string, status: number, code: string][] = [
    ['a cursor of another epoch', () => `?since=${foreign}`, 409, 'cursor_epoch'],
    ['a malformed cursor', () => '?since=soon', 400, 'invalid_cursor'],
    ['an unknown channel', () => '?channel=nowhere', 404, 'channel_not_found'],
    ['a channel of others', ({ slug }) => `?channel=${slug}`, 403, 'not_a_member'],
    ['an unknown thread', () => `?thread=${crypto.randomUUID()}`, 404, 'thread_not_found'],
    ['an invalid flag', () => '?exclude_self=perhaps', 422, 'validation_error'],
  ]
  test.each(refusals)('%s is refused before the stream begins', async (_, query, status, code) => {
    const bob = await town.agent()
    const answer = await bob.get(`/v1/events${query(await town.room())}`, ACCEPT)
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code })
    expect(answer.headers.get('content-type')).toStartWith('application/json')
  })

  test('Last-Event-ID is refused like any other cursor', async () => {
    const bob = await town.agent()
    const answer = await bob.get('/v1/events', { ...ACCEPT, 'last-event-id': foreign })
    expect(answer).toMatchObject({ status: 409, body: { code: 'cursor_epoch' } })
    expect(placeOf(String(answer.body.oldest_cursor)).epoch).toBe((await town.place()).epoch)
  })

  test('a cursor older than the oldest kept position is refused with that position', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const old = await bob.posts(room, 'old')
    await bob.posts(room, 'kept')
    await town.purges(room, old.seq)
    const { epoch } = placeOf(old.cursor)
    const since = btoa(`2|${epoch}|${old.seq - 1}`).replace(/=+$/, '')
    const query = `/v1/events?channel=${room.slug}&since=`
    const refused = await bob.get(`${query}${since}`, ACCEPT)
    expect(refused).toMatchObject({
      status: 410,
      body: { code: 'cursor_expired', oldest_cursor: old.cursor },
    })
    using stream = await town.stream(bob, `?channel=${room.slug}&since=${refused.body.oldest_cursor}`)
    expect(await bodiesUpTo(stream, 'kept')).toEqual(['kept'])
  })

  test('a request without a credential is refused', async () => {
    expect((await town.world.guest.get('/v1/events', ACCEPT)).status).toBe(401)
  })
})

describe('an open stream', () => {
  test('each event arrives with its cursor as id and its type as name', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    using stream = await town.stream(bob)
    await stream.next('hello')
    const { cursor, seq } = await bob.posts(room, 'hello')
    const block = await stream.next('message.created')
    expect(block.id).toBe(cursor)
    expect(JSON.parse(block.data ?? '')).toMatchObject({
      type: 'message.created',
      seq,
      cursor,
      channel: room.slug,
    })
    expect(Object.keys(block)).toEqual(['event', 'data', 'id'])
  })

  test('a stream begins at since, or now by default, and Last-Event-ID wins over since', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const [one, two] = [await bob.posts(room, 'one'), await bob.posts(room, 'two')]
    using later = await town.stream(bob, '?type=message.created')
    using since = await town.stream(bob, `?type=message.created&since=${one.cursor}`)
    using oldest = await town.stream(bob, '?type=message.created&since=oldest')
    using last = await town.stream(bob, '?type=message.created&since=oldest', { 'last-event-id': two.cursor })
    for (const stream of [later, since, oldest, last]) await stream.next('hello')
    await bob.posts(room, 'three')
    expect(await bodiesUpTo(later, 'three')).toEqual(['three'])
    expect(await bodiesUpTo(since, 'three')).toEqual(['two', 'three'])
    expect(await bodiesUpTo(oldest, 'three')).toEqual(['one', 'two', 'three'])
    expect(await bodiesUpTo(last, 'three')).toEqual(['three'])
  })

  test('a reconnected stream continues without a gap or a duplicate', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const heard: string[] = []
    let last: string | undefined
    for (let round = 0; round < 5; round++) {
      await bob.posts(room, `while away ${round}`)
      using stream = await town.stream(
        bob,
        '?type=message.created&since=oldest',
        last ? { 'last-event-id': last } : {},
      )
      await stream.next('hello')
      await bob.posts(room, `while here ${round}`)
      heard.push(...(await bodiesUpTo(stream, `while here ${round}`)))
      last = stream.events.at(-1)?.cursor
    }
    expect(heard).toEqual([0, 1, 2, 3, 4].flatMap((round) => [`while away ${round}`, `while here ${round}`]))
  })

  const filters: readonly [title: string, query: (room: Room, other: Room) => string, heard: string[]][] = [
    ['everything', () => '', ['mine', 'reply', 'elsewhere', 'last']],
    ['one channel', (room) => `?channel=${room.slug}`, ['mine', 'reply', 'last']],
    [
      'two channels',
      (room, other) => `?channel=${room.slug},${other.slug}`,
      ['mine', 'reply', 'elsewhere', 'last'],
    ],
    ['everything but its own messages', () => '?exclude_self=true', ['reply', 'elsewhere', 'last']],
    ['one event type', () => '?type=member.joined', []],
    ['event types by prefix', () => '?type=channel.*,message.*', ['mine', 'reply', 'elsewhere', 'last']],
  ]
  test.each(filters)('a stream can be limited to %s', async (_, query, heard) => {
    const [room, other] = [await town.room(), await town.room()]
    const [alice, bob] = [await town.agent(room, other), await town.agent(room, other)]
    using stream = await town.stream(bob, query(room, other))
    using whole = await town.stream(bob)
    for (const each of [stream, whole]) await each.next('hello')
    const { id } = await bob.posts(room, 'mine')
    await alice.posts(room, 'reply', { reply_to: id })
    await alice.posts(other, 'elsewhere')
    await alice.posts(room, 'last')
    // Both streams receive an event in the same step, so an event that one has received cannot reach the other later.
    await bodiesUpTo(whole, 'last')
    if (heard.length > 0) await bodiesUpTo(stream, 'last')
    expect(
      stream.events.map(({ message }) => (message as { body?: string } | undefined)?.body ?? ''),
    ).toEqual(heard)
  })

  test('a stream can be limited to one thread, including its root', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const root = await bob.posts(room, 'root')
    using stream = await town.stream(bob, `?channel=${room.slug}&thread=${root.id}&since=oldest`)
    await stream.next('hello')
    await bob.posts(room, 'beside')
    const { id } = await bob.posts(room, 'reply', { reply_to: root.id })
    await bob.posts(room, 'reply to the reply', { reply_to: id })
    expect(await bodiesUpTo(stream, 'reply to the reply')).toEqual(['root', 'reply', 'reply to the reply'])
  })

  test('a stream continues after its account has left one of its channels', async () => {
    const [room, other] = [await town.room(), await town.room()]
    const [alice, bob] = [await town.agent(room, other), await town.agent(room, other)]
    using stream = await town.stream(bob, `?channel=${room.slug},${other.slug}`)
    await stream.next('hello')
    await town.world.leaves(bob, room)
    await alice.posts(room, 'unheard')
    await alice.posts(other, 'heard')
    expect(await bodiesUpTo(stream, 'heard')).toEqual(['heard'])
  })

  test('a HEAD request opens no stream', async () => {
    await using place = await Town.open()
    const bob = await place.agent()
    const { status, headers, text } = await bob.fetch('/v1/events', { method: 'HEAD', headers: ACCEPT })
    expect({ status, text }).toEqual({ status: 200, text: '' })
    expect(headers.get('content-type')).toBe('text/event-stream')
    const { body } = await place.world.operator.get<{ counts: { streams: number } }>('/v1/health')
    expect(body.counts.streams).toBe(0)
  })

  test('a stream frees its slot when its client disconnects', async () => {
    const bob = await town.agent()
    for (let round = 0; round < 30; round++) {
      using stream = await until('a place', async () => await town.stream(bob).catch(() => undefined))
      await stream.next('hello')
    }
  })
})

describe('an idle stream', () => {
  test('an idle stream receives a comment and an id every 15 seconds, and the id moves past filtered events', async () => {
    await using calm = await Town.open()
    const room = await calm.room()
    const bob = await calm.agent(room)
    using stream = await calm.stream(bob, '?type=member.left')
    await stream.next('hello')
    const { cursor } = await bob.posts(room, 'filtered out')
    calm.world.clock.advance(15 * SECOND)
    const comment = await stream.arrivals.next((block) => block.comment !== undefined, 'a comment')
    const beat = await stream.arrivals.next((block) => block.id !== undefined, 'an id')
    expect(Object.keys(comment)).toEqual(['comment'])
    expect(beat).toEqual({ id: cursor })
    using again = await calm.stream(bob, '', { 'last-event-id': cursor })
    await again.next('hello')
    await bob.posts(room, 'next')
    expect(await bodiesUpTo(again, 'next')).toEqual(['next'])
  })
})

describe('the last event of a stream', () => {
  const endings: readonly [
    title: string,
    reason: string,
    end: (place: Town, bob: Person) => Promise<unknown>,
  ][] = [
    ['the token is revoked', 'auth_revoked', (place, bob) => place.world.revokes(bob)],
    ['the account is archived', 'auth_revoked', (place, bob) => place.world.archives(bob)],
    ['the token expires', 'expired', async (place) => place.world.clock.advance(DAY)],
  ]
  test.each(endings)('a stream ends with bye within a second when %s', async (_, reason, end) => {
    await using place = await Town.open()
    const room = await place.room()
    const expiresAt = new Date(place.world.clock.now() / 1000 + 60_000).toISOString()
    const bob = await place.world.agent('bob', { channels: { [room.slug]: 'member' }, expiresAt })
    using stream = await place.stream(bob)
    await stream.next('hello')
    await end(place, bob)
    expect(
      await within(
        1500,
        stream.ended.then(() => true),
      ),
    ).toBe(true)
    expect(stream.blocks.at(-1)).toEqual({ event: 'bye', data: `{"reason":"${reason}"}` })
  })

  test('a stream ends with shutdown when the server stops', async () => {
    await using place = await Town.open()
    const bob = await place.agent()
    using stream = await place.stream(bob)
    await stream.next('hello')
    await place.world.running.stop()
    expect(
      await within(
        1500,
        stream.ended.then(() => true),
      ),
    ).toBe(true)
    expect(stream.blocks.at(-1)).toEqual({ event: 'shutdown', data: '{}' })
  })
})
