import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { answerIn, chunkedBody, RawConnection, RawWebSocket } from '../support/raw-socket'
import { LiveSocket, until } from '../support/sockets'
import { type Person, type Room, SECOND, type World, world } from '../support/world'

// These tests send much data and run many servers at once.
setDefaultTimeout(120_000)

/** About 48 kB on the wire, so that a few fill the buffers between a server and a peer that does not read. */
const BIG = '語'.repeat(16_000)
/** Enough to fill the kernel's buffers of one connection and the server's own buffer. */
const FLOOD = 150

interface Scene extends AsyncDisposable {
  readonly w: World
  readonly room: Room
  readonly alice: Person
  readonly clint: Person
  flood(count?: number): Promise<void>
  streams(): Promise<number>
}

async function scene(): Promise<Scene> {
  const w = await world({
    settings: {
      SYNAPSE_LOG_LEVEL: 'warning',
      SYNAPSE_METRICS_ENABLED: 'on',
      SYNAPSE_STREAMS_PER_ACCOUNT: '100',
    },
  })
  const room = await w.channel('room')
  const alice = await w.agent('alice', { channels: { room: 'member' } })
  const clint = await w.human('clint', { channels: { room: 'member' } })
  return {
    w,
    room,
    alice,
    clint,
    async flood(count = FLOOD) {
      for (let i = 0; i < count; i++) await alice.posts(room, BIG)
    },
    async streams() {
      const { body } = await w.operator.get<{ counts: { streams: number } }>('/v1/health')
      return body.counts.streams
    },
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}

/** A peer of any protocol that can stop reading. */
interface Peer extends Disposable {
  pause(): void
  resume(): void
  /** Sequence numbers of the messages received so far. */
  heard(): number[]
  /** How the connection ended when it was closed for being slow; undefined while it is open. */
  ended(withinMs: number): Promise<string | undefined>
}

const seqsIn = (texts: readonly string[]) =>
  texts.flatMap((text) => {
    const found = /"type":"message\.created".*"seq":(\d+),"cursor":"[^"]*","at":/s.exec(text)?.[1]
    return found === undefined ? [] : [Number(found)]
  })

async function socketPeer(w: World, who: Person, path: string, subscribe?: object): Promise<Peer> {
  const socket = await RawWebSocket.open(w.url, { path, headers: who.credential })
  await socket.text('hello')
  if (subscribe) {
    socket.say({ type: 'subscribe', ...subscribe })
    await socket.text('subscribed')
  }
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    heard: () => seqsIn(socket.texts),
    ended: async (withinMs) => {
      const end = await socket.endedWithin(withinMs)
      return end && String(end.code)
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  }
}

async function streamPeer(w: World, who: Person, query = ''): Promise<Peer> {
  const connection = await RawConnection.open(w.url)
  const headers = Object.entries({ host: 'localhost', accept: 'text/event-stream', ...who.credential })
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`)
  connection.write(`GET /v1/events${query} HTTP/1.1\r\n${lines.join('')}\r\n`)
  await connection.when(() => answerIn(connection))
  const body = chunkedBody(connection)
  const blocks: string[] = []
  let rest = ''
  const read = () => {
    const parts = (rest + body()).split('\n\n')
    rest = parts.pop() ?? ''
    blocks.push(...parts)
    return blocks
  }
  await connection.when(() => read().some((block) => block.includes('event: hello')) || undefined)
  return {
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    heard: () => seqsIn(read()),
    ended: async (withinMs) => {
      connection.resume()
      const bye = () => read().find((block) => block.startsWith('event: bye'))
      return (await connection.when(bye, withinMs)) ?? (await connection.endedWithin(0))
    },
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  }
}

const peers: readonly [title: string, open: (place: Scene) => Promise<Peer>][] = [
  ['a socket', ({ w, alice }) => socketPeer(w, alice, '/v1/ws', { channels: ['room'] })],
  [
    'a socket that asked for everything',
    ({ w, alice }) => socketPeer(w, alice, '/v1/ws', { channels: ['*'] }),
  ],
  [
    'a socket with a filter',
    ({ w, alice }) =>
      socketPeer(w, alice, '/v1/ws', { channels: ['*'], types: ['message.created', 'channel.*'] }),
  ],
  ['the socket of one channel', ({ w, clint }) => socketPeer(w, clint, '/v1/ws?channel=room')],
  ['an event stream', ({ w, alice }) => streamPeer(w, alice)],
  ['an event stream with a filter', ({ w, alice }) => streamPeer(w, alice, '?type=message.created')],
]

async function messagesOf({ w }: Scene): Promise<number[]> {
  return (await w.storedLog()).filter(({ type }) => type === 'message.created').map(({ seq }) => seq)
}

/** One peer of each protocol, none of which reads from now on. */
async function stalledPeers(place: Scene) {
  const stack = new DisposableStack()
  const open = []
  for (const [title, connect] of peers) {
    const peer = stack.use(await connect(place))
    peer.pause()
    open.push({ title, peer })
  }
  return { open, [Symbol.dispose]: () => stack.dispose() }
}

describe('a reader that stops reading', () => {
  test.concurrent('a reader of any protocol that continues in time receives every message once and in order', async () => {
    await using place = await scene()
    using stalled = await stalledPeers(place)
    await place.flood()
    place.w.clock.advance(20 * SECOND)
    for (const { peer } of stalled.open) peer.resume()
    const isUnderWay = () => stalled.open.every(({ peer }) => peer.heard().length >= FLOOD / 2)
    await until('the past', isUnderWay)
    await place.alice.posts(place.room, 'live again')
    const all = await messagesOf(place)
    for (const { title, peer } of stalled.open) {
      await until(`everything for ${title}`, () => peer.heard().length >= all.length)
      expect({ title, heard: peer.heard() }).toEqual({ title, heard: all })
    }
  })

  test.concurrent('a reader of any protocol is closed after 30 seconds, and ten other readers receive everything', async () => {
    await using place = await scene()
    const healthy: LiveSocket[] = []
    for (let i = 0; i < 10; i++) {
      const socket = await LiveSocket.open(place.w.url, place.alice.credential)
      await socket.subscribe(['room'])
      healthy.push(socket)
    }
    using stalled = await stalledPeers(place)
    await place.flood()
    expect(await place.streams()).toBe(10 + peers.length)
    place.w.clock.advance(31 * SECOND)
    await until('the end of the streams', async () => (await place.streams()) === 10)
    const metrics = (await place.w.guest.get('/metrics')).text
    expect(metrics).toContain(`synapse_streams_ended_total{reason="slow_consumer"} ${peers.length}\n`)
    const { seq } = await place.alice.posts(place.room, 'after')
    const all = await messagesOf(place)
    for (const socket of healthy) {
      await socket.arrivals.next((frame) => frame.seq === seq, 'the message after')
      expect(socket.events.map((event) => event.seq)).toEqual(all)
      socket[Symbol.dispose]()
    }
    // They read on: they have the beginning of all messages, and are then told or disconnected.
    for (const { title, peer } of stalled.open) {
      const end = (await peer.ended(8000)) ?? 'open'
      expect(['1013', '1006', 'event: bye\ndata: {"reason":"slow_consumer"}', 'reset']).toContain(end)
      const heard = peer.heard()
      expect({ title, heard }).toEqual({ title, heard: all.slice(0, heard.length) })
    }
    // The log names the accounts.
    await place.w.stop()
    const told = place.w.log.split('\n').filter((line) => line.includes('its reader took nothing'))
    expect(told.map((line) => JSON.parse(line).account_id).toSorted()).toEqual(
      [
        ...peers.map(([title]) => (title === 'the socket of one channel' ? place.clint.id : place.alice.id)),
      ].toSorted(),
    )
  })

  test.concurrent('a reader of any protocol receives nothing more once its credential ends', async () => {
    await using place = await scene()
    using stalled = await stalledPeers(place)
    await place.flood()
    for (const who of [place.alice, place.clint]) await place.w.archives(who)
    await until('the end of the streams', async () => (await place.streams()) === 0)
    const all = await messagesOf(place)
    for (const { title, peer } of stalled.open) {
      expect({ title, isOpen: (await peer.ended(8000)) === undefined }).toEqual({ title, isOpen: false })
      const heard = peer.heard()
      expect({ title, heard }).toEqual({ title, heard: all.slice(0, heard.length) })
      expect(heard.length).toBeLessThan(all.length)
    }
  })
})

describe('slow replays', () => {
  const pasts: readonly [title: string, open: (place: Scene) => Promise<Peer>][] = [
    ['a socket', ({ w, alice }) => socketPeer(w, alice, '/v1/ws', { channels: ['room'], since: 'oldest' })],
    ['an event stream', ({ w, alice }) => streamPeer(w, alice, '?since=oldest')],
  ]
  test.concurrent.each(pasts)('a long replay reaches a slow reader completely: %s', async (_, open) => {
    await using place = await scene()
    await place.flood(250)
    using peer = await open(place)
    for (let rest = 0; rest < 10; rest++) {
      peer.pause()
      place.w.clock.advance(SECOND)
      await Bun.sleep(20)
      peer.resume()
      const heard = peer.heard().length
      await until('a little more', () => peer.heard().length > heard || heard >= 250)
    }
    const all = await messagesOf(place)
    await until('everything', () => peer.heard().length >= all.length)
    expect(peer.heard()).toEqual(all)
  })
})

describe('access lost by a reader that has stopped reading', () => {
  test.concurrent('the single-channel socket of a stalled reader is closed with 1008 when its membership ends', async () => {
    await using place = await scene()
    using peer = await socketPeer(place.w, place.clint, '/v1/ws?channel=room')
    peer.pause()
    await place.flood()
    await place.w.leaves(place.clint, place.room)
    const secret = await place.alice.posts(place.room, 'after clint left')
    expect(await peer.ended(3000)).toBe('1008')
    expect(peer.heard()).not.toContain(secret.seq)
  })

  test.concurrent('the multiplexed socket of a stalled reader is told of a lost channel when it continues', async () => {
    await using place = await scene()
    const { w, alice, clint, room } = place
    const other = await w.channel('other')
    await w.joins(clint, other)
    await w.joins(alice, other)
    using socket = await RawWebSocket.open(w.url, { headers: clint.credential })
    socket.say({ type: 'subscribe', channels: ['room', 'other'] })
    await socket.text('subscribed')
    socket.pause()
    await place.flood()
    await w.leaves(clint, room)
    const secret = await alice.posts(room, 'after clint left')
    const open = await alice.posts(other, 'in the other room')
    socket.resume()
    await socket.text(open.id)
    await socket.text('"unsubscribed"')
    expect(seqsIn(socket.texts)).not.toContain(secret.seq)
  })
})
