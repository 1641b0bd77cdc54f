// Streams over connections that are lost: every event once, in order, and a gap is an event.
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect, type Stream, type StreamEvent, type TransportName } from '@synapse/client'
import { timing } from '../../packages/client/src/time'
import { rejectionOf } from '../home/temporary'
import { until } from '../support/sockets'
import { TestProxy } from './proxy'
import { Room } from './room'

setDefaultTimeout(90_000)

const TRANSPORTS = ['sse', 'websocket', 'poll'] as const satisfies readonly TransportName[]
const usual = { ...timing }
afterEach(() => void Object.assign(timing, usual))

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

/** Posts until it is stopped. Returns the seqs of what was posted. */
function load(who: Awaited<ReturnType<Room['as']>>) {
  const seqs: number[] = []
  let isStopped = false
  const done = (async () => {
    while (!isStopped) seqs.push((await who.post('general', 'load')).seq)
  })()
  return {
    async stop() {
      isStopped = true
      await done
      await who.post('general', 'end')
      return seqs
    },
    async [Symbol.asyncDispose]() {
      isStopped = true
      await done
    },
  }
}

/** Reads the seqs of messages until one says `end`. */
async function seqsUntilEnd(stream: Stream): Promise<number[]> {
  const seqs: number[] = []
  for await (const event of stream) {
    if (event.type !== 'message.created') throw new Error(`unexpected: ${JSON.stringify(event)}`)
    if (event.message.body === 'end') break
    seqs.push(event.seq)
  }
  return seqs
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a stream that is cut 50 times under load has every event once and in order', async () => {
    timing.soon = 20
    const ann = await room.as('ann')
    await using proxy = await TestProxy.before(room.url)
    let opened = 0
    const stream = connect({ url: proxy.url, token: await room.token('bob') }).stream({
      types: ['message.created'],
      transport,
      onStatus: (status) => {
        if (status === 'open') opened++
      },
    })
    await stream.ready()
    const read = seqsUntilEnd(stream)
    await using posts = load(ann)
    for (let cuts = 0; cuts < 50; cuts++) {
      // A poll that is cut before its answer begins is sent again by the runtime.
      const connections = () => (transport === 'poll' ? proxy.taken : opened)
      const before = { count: connections(), cursor: stream.cursor }
      let cutAt = 0
      await until('a new connection', () => {
        if (connections() > before.count && stream.cursor !== before.cursor) return true
        // Between two polls there may be no connection to cut.
        if (performance.now() - cutAt < 500) return false
        proxy.cut()
        cutAt = performance.now()
        return false
      })
    }
    const posted = await posts.stop()
    expect(posted.length).toBeGreaterThan(50)
    expect(await read).toEqual(posted)
  })

  test('a stream goes on after the server was killed in the middle', async () => {
    const [ann, bob] = [await room.as('ann'), await room.as('bob')]
    await using stream = bob.stream({ types: ['message.created'], transport })
    await stream.ready()
    const read = seqsUntilEnd(stream)
    await using posts = load(ann)
    for (let crashes = 0; crashes < 2; crashes++) await room.crash()
    const posted = await posts.stop()
    expect(await read).toEqual(posted)
  })

  test('what was purged meanwhile is a gap, and then the rest follows', async () => {
    const ann = await room.as('ada', 'person')
    const { operator } = room.server
    const slug = `purged-${transport}`
    const { id } = (await operator.post<{ id: string }>('/v1/admin/channels', { slug, name: slug })).body
    await operator.post('/v1/admin/memberships', { account_handle: 'ada', channel_slug: slug })
    const { cursor: from } = await ann.post(slug, 'zero')
    for (const body of ['one', 'two', 'three']) await ann.post(slug, body)
    await operator.post(`/v1/admin/channels/${id}/purge`, { keep: 1 })
    await using stream = ann.stream({ channels: [slug], since: from, transport })
    const events: StreamEvent[] = []
    for await (const event of stream) {
      events.push(event)
      if (event.type === 'channel.purged') break
    }
    expect(events[0]).toMatchObject({ type: 'gap', reason: 'expired', from })
    expect(events[1]).toMatchObject({ type: 'message.created', message: { body: 'three' } })
  })

  test('a new history of the server is a gap', async () => {
    const ann = await room.as('ann')
    const seen = await ann.post('general', 'before')
    const foreign = Buffer.from(`2|01JX8M6Z3Q5T7V9W1Y2B4D6F8H|${seen.seq}`).toString('base64url')
    await using stream = ann.stream({ since: foreign, transport })
    const { value } = await stream.next()
    expect(value).toMatchObject({ type: 'gap', reason: 'epoch', from: foreign })
    expect((await stream.next()).value?.type).toBeString()
  })

  test('a stream ends with the error that no repetition mends', async () => {
    await using stream = connect({ url: room.url, token: 'syn_not-a-token' }).stream({ transport })
    const error = await rejectionOf(stream.next())
    // A WebSocket does not say why it was refused.
    expect(error).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(await rejectionOf(stream.ready())).toBe(error)
    await using nowhere = (await room.as('ann')).stream({ channels: ['nowhere'], transport })
    expect(await rejectionOf(nowhere.next())).toMatchObject({ code: 'channel_not_found' })
  })

  test('a token that is revoked ends its stream', async () => {
    const token = await room.token(`revoked-${transport}`)
    const client = connect({ url: room.url, token })
    await using stream = client.stream({ transport })
    await stream.ready()
    const { token_id } = await client.request('GET /v1/auth/me')
    await room.server.operator.post(`/v1/admin/tokens/${token_id}/revoke`, {})
    const error = await rejectionOf(
      (async () => {
        for await (const _ of stream);
      })(),
    )
    expect(error).toMatchObject({ status: 401 })
  })

  test('a signal ends a stream with its reason, and close ends it without an error', async () => {
    const ann = await room.as('ann')
    const controller = new AbortController()
    const stream = ann.stream({ transport, signal: controller.signal })
    await stream.ready()
    const next = rejectionOf(stream.next())
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await next).toBe(reason)
    const other = ann.stream({ transport })
    await other.ready()
    const ended = other.next()
    await other.close()
    expect(await ended).toEqual({ done: true, value: undefined })
    expect(other.status).toBe('closed')
  })

  test('the cursor is behind an event only when what it notifies was given, too', async () => {
    const [ann, bob] = [await room.as('ann'), await room.as('bob')]
    await using stream = bob.stream({ inbox: true, transport })
    const start = await stream.ready()
    await ann.post('general', '@bob look')
    expect((await stream.next()).value?.type).toBe('message.created')
    expect(stream.cursor).toBe(start)
    expect((await stream.next()).value?.type).toBe('inbox.item')
    await ann.post('general', 'more')
    expect((await stream.next()).value?.type).toBe('message.created')
    expect(stream.cursor).not.toBe(start)
  })

  test('what the account does itself can be left out', async () => {
    const [ann, bob] = [await room.as('ann'), await room.as('bob')]
    await using stream = bob.stream({ types: ['message.created'], excludeSelf: true, transport })
    await stream.ready()
    await bob.post('general', 'mine')
    await ann.post('general', 'hers')
    expect((await stream.next()).value).toMatchObject({ message: { body: 'hers' } })
  })
})

test('what is not in the log comes where its type is named', async () => {
  const [ann, bob] = [await room.as('ann'), await room.as('bob')]
  for (const transport of ['sse', 'websocket'] as const) {
    await using stream = bob.stream({ types: ['presence.updated'], transport })
    await stream.ready()
    await using state = await ann.working(`over ${transport}`)
    for await (const event of stream)
      if (event.type === 'presence.updated' && event.presence.note === `over ${transport}`) break
    await state.update('done', 'idle')
  }
})

describe('a program that does not read', () => {
  const posted: number[] = []
  let since: string
  beforeAll(async () => {
    const ann = await room.as('ann')
    since = (await ann.post('general', 'start')).cursor
    const post = async () => {
      while (posted.length < 10_100) posted.push((await ann.post('general', 'load')).seq)
    }
    await Promise.all(Array.from({ length: 16 }, post))
    await ann.post('general', 'end')
    posted.sort((a, b) => a - b)
  })

  test.each(TRANSPORTS)('closes its stream over %s at 10,000 events, and misses none', async (transport) => {
    await using stream = (await room.as('bob')).stream({ types: ['message.created'], since, transport })
    await until('it to close', () => stream.status === 'waiting')
    expect(await seqsUntilEnd(stream)).toEqual(posted)
  })
})
