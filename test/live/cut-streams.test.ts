// A client that keeps only what it received can continue from there, wherever its connection breaks.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { EventSource } from 'eventsource'
import EventSource2 from 'eventsource-2'
import { BrowserPage, browser, desktop } from '../support/browser'
import { until } from '../support/sockets'
import { type Person, type Room, SECOND } from '../support/world'
import { type Cut, CuttingProxy } from './cutting-proxy'
import { Town } from './town'

let town: Town
let proxy: CuttingProxy
beforeAll(async () => {
  town = await Town.open()
  proxy = await CuttingProxy.open(town.url)
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await town[Symbol.asyncDispose]()
})

/** A stream of the messages of one room. */
interface Listener {
  /** What the client reported, in order: `(open)`, `(hello)`, and the bodies of the messages. */
  told(): Promise<readonly string[]>
  close(): Promise<unknown>
}

type Opening = (url: string, who: Person) => Listener

function listenerOf(source: EventSource | EventSource2): Listener {
  const told: string[] = []
  const bodyOf = (data: string) => (JSON.parse(data) as { message: { body: string } }).message.body
  source.addEventListener('open', () => told.push('(open)'))
  source.addEventListener('hello', () => told.push('(hello)'))
  source.addEventListener('message.created', ({ data }: { data: string }) => told.push(bodyOf(data)))
  return { told: async () => told, close: async () => source.close() }
}

const packages: readonly (readonly [title: string, open: Opening])[] = [
  [
    'version 2 of the eventsource package',
    (url, { credential }) => listenerOf(new EventSource2(url, { headers: credential })),
  ],
  [
    'version 5 of the eventsource package',
    (url, { credential }) =>
      listenerOf(
        new EventSource(url, {
          fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...credential } }),
        }),
      ),
  ],
]

/** Where a stream is cut. */
interface Moment {
  readonly title: string
  /** The part of the stream that gets through. */
  readonly cut: Cut
  /** What the client has reported by then, or undefined if the last part makes it report nothing. */
  readonly told?: '(open)' | '(hello)' | 'first'
  /** Whether a message is posted while it is open. */
  readonly hasFirst: boolean
  /** Whether the address has a start position; without one the stream begins now. */
  readonly hasSince?: true
}

const startOf = (part: string) => (sent: string) => (sent.includes(part) ? sent.indexOf(part) : undefined)
const endOf =
  (part: string, less = 0) =>
  (sent: string) => {
    const start = sent.indexOf(part)
    const end = start < 0 ? -1 : sent.indexOf('\n\n', start)
    return end < 0 ? undefined : end + 2 - less
  }
const FIRST = 'event: message.created'

const moments: readonly Moment[] = [
  { title: 'before hello', cut: startOf('event: hello'), told: '(open)', hasFirst: false, hasSince: true },
  {
    title: 'after hello and before the first beat',
    cut: endOf('event: hello'),
    told: '(hello)',
    hasFirst: false,
  },
  { title: 'in the middle of the first event', cut: startOf('"body":"first"'), hasFirst: true },
  { title: 'within the last line of the first event', cut: endOf(FIRST, 3), hasFirst: true },
  { title: 'after the first event', cut: endOf(FIRST), told: 'first', hasFirst: true },
]

/** Cuts a stream at the moment, posts during and after the break, and returns the bodies that the client reported. */
async function cutOnce(open: Opening, who: Person, room: Room, moment: Moment): Promise<readonly string[]> {
  const { cursor } = await who.posts(room, 'before')
  const name = town.name('cut')
  const breaking = proxy.breaks(name, moment.cut)
  const since = moment.hasSince ? `&since=${cursor}` : ''
  const url = `${proxy.url}/v1/events?channel=${room.slug}&type=message.created${since}&cut=${name}`
  const listener = open(url, who)
  const tells = (what: string) =>
    until(
      `${what} on a stream that was cut ${moment.title}`,
      async () => (await listener.told()).includes(what),
      // A browser may come back late.
      20_000,
    )
  try {
    if (moment.hasFirst) {
      await breaking.opened
      await who.posts(room, 'first')
    }
    await breaking.reached
    if (moment.told) await tells(moment.told)
    breaking.cut()
    await who.posts(room, 'while away')
    breaking.mend()
    await tells('while away')
    await who.posts(room, 'last')
    await tells('last')
    return (await listener.told()).filter((one) => !one.startsWith('('))
  } finally {
    await listener.close()
  }
}

const expected = ({ hasFirst }: Moment) => [...(hasFirst ? ['first'] : []), 'while away', 'last']

describe.each(packages)('%s', (_, open) => {
  test.each(moments)('the client loses and repeats nothing when its stream is cut $title', async (moment) => {
    const room = await town.room()
    const who = await town.agent(room)
    expect(await cutOnce(open, who, room, moment)).toEqual(expected(moment))
  })
})

describe.skipIf(browser === undefined)('the EventSource of Chromium', () => {
  test('the browser loses and repeats nothing when its stream is cut at any of these moments', async () => {
    const room = await town.room()
    const clint = await town.human(room)
    await using page = await BrowserPage.open(proxy.page, desktop)
    await page.value(`document.cookie = ${JSON.stringify(clint.credential.cookie)}`)
    let opened = 0
    const open: Opening = (url) => {
      const source = `window.source${++opened}`
      const ready = page.value(`(() => {
        const source = ${source} = new EventSource(${JSON.stringify(url)})
        source.told = []
        source.addEventListener('open', () => source.told.push('(open)'))
        source.addEventListener('hello', () => source.told.push('(hello)'))
        source.addEventListener('message.created', ({ data }) => source.told.push(JSON.parse(data).message.body))
      })()`)
      return {
        told: async () => {
          await ready
          return page.value<string[]>(`${source}.told`)
        },
        close: () => page.value(`${source}.close()`),
      }
    }
    for (const moment of moments)
      expect({ [moment.title]: await cutOnce(open, clint, room, moment) }).toEqual({
        [moment.title]: expected(moment),
      })
  })
})

describe('positions in other answers', () => {
  /** The bodies of the messages after a position, by every way of reading. */
  async function after(who: Person, room: Room, cursor: unknown): Promise<string[]> {
    using socket = await town.socket(who)
    await socket.subscribe([room.slug], { since: String(cursor) })
    await socket.next('position')
    const sent = socket.events.map(({ message }) => (message as { body?: string } | undefined)?.body ?? '')
    expect(await who.hears(room, { since: String(cursor) })).toEqual(sent)
    return sent
  }

  test('the hello of a multiplexed WebSocket has a position to continue from', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    await bob.posts(room, 'before')
    using socket = await town.socket(bob)
    const { cursor } = await socket.next('hello')
    socket.terminate()
    await bob.posts(room, 'while away')
    expect(await after(bob, room, cursor)).toEqual(['while away'])
  })

  test('the hello of a single-channel WebSocket has a position to continue from', async () => {
    const room = await town.room()
    const bob = await town.human(room)
    await bob.posts(room, 'before')
    using socket = await town.channelSocket(bob, room)
    const { cursor } = await socket.next('hello')
    socket.terminate()
    await bob.posts(room, 'while away')
    expect(await after(bob, room, cursor)).toEqual(['while away'])
  })

  const answers: readonly (readonly [title: string, path: string, key: 'position' | 'cursor'])[] = [
    ['an empty page of messages', '/v1/messages?since=now', 'position'],
    ['an empty page of messages, newest first', '/v1/messages?since=now&order=desc', 'position'],
    ['a page of messages whose filter matches none', '/v1/messages?mentions_me=true', 'position'],
    ['a page of messages of an unknown sender', '/v1/messages?from=no-one-here', 'position'],
    ['a long poll of messages that timed out', '/v1/messages?since=now&wait=1', 'position'],
    ['an empty page of events', '/v1/events?since=now', 'cursor'],
    ['a page of events whose filter matches none', '/v1/events?since=oldest&type=member.left', 'cursor'],
    ['a long poll of events that timed out', '/v1/events?wait=1', 'cursor'],
  ]
  test.each(answers)('%s has a position to continue from', async (_, path, key) => {
    const room = await town.room()
    const bob = await town.agent(room)
    await bob.posts(room, 'before')
    const separator = path.includes('?') ? '&' : '?'
    const { body } = await bob.get(`${path}${separator}channel=${room.slug}`)
    expect(body.messages ?? body.events).toEqual([])
    expect(body.timed_out).toBe(path.includes('wait='))
    await bob.posts(room, 'while away')
    expect(await after(bob, room, body[key])).toEqual(['while away'])
  })

  test('a stream or socket whose filter matches nothing receives its position every 15 seconds', async () => {
    await using calm = await Town.open()
    const room = await calm.room()
    const bob = await calm.agent(room)
    using stream = await calm.stream(bob, `?channel=${room.slug}&type=member.left`)
    await stream.next('hello')
    using socket = await calm.socket(bob)
    await socket.subscribe([room.slug], { types: ['member.left'] })
    const { cursor } = await bob.posts(room, 'filtered out')
    calm.world.clock.advance(15 * SECOND)
    const beat = await stream.arrivals.next(({ id, data }) => id !== undefined && data === undefined, 'an id')
    expect(beat.id).toBe(cursor)
    expect((await socket.next('position')).cursor).toBe(cursor)
  })
})
