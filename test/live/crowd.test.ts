import { expect, setDefaultTimeout, test } from 'bun:test'
import { judge, Ledger, type Selection } from '../support/ledger'
import { LiveSocket } from '../support/sockets'
import { type Person, world } from '../support/world'
import {
  Chance,
  everythingReadable,
  overLongPolls,
  overMultiplexed,
  overPolls,
  overStream,
  postUntilAcked,
  Reader,
  type Scene,
  type Session,
} from './crowd'

setDefaultTimeout(60_000)

const WRITERS = 50
const POSTS = 40
const ROOMS = ['alpha', 'beta', 'gamma', 'delta'] as const

test('50 writers post while readers of every kind come and go: each sees every event once and in order', async () => {
  await using w = await world({ settings: { SYNAPSE_LOG_LEVEL: 'warning' } })
  const ledger = new Ledger()
  const acked = new Map<string, number>()
  let isOver = false
  const over = Promise.withResolvers<void>()
  const scene: Scene = {
    ledger,
    url: () => w.url,
    chance: new Chance(),
    over: over.promise,
    goal: (rooms) => (isOver ? Math.max(...rooms.map((slug) => acked.get(slug) ?? 0)) : undefined),
  }
  for (const slug of ROOMS) await w.channel(slug, { kind: slug === 'delta' ? 'private' : 'public' })
  const member = (...slugs: string[]) => ({
    channels: Object.fromEntries(slugs.map((slug) => [slug, 'member' as const])),
  })
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, (_, i) =>
      w.agent(`writer-${i}`, member(ROOMS[i % ROOMS.length] ?? 'alpha')),
    ),
  )
  const alice = await w.agent('alice', member(...ROOMS))
  const bob = await w.agent('bob', member('alpha', 'beta'))
  const clint = await w.human('clint', member(...ROOMS))
  const stranger = await w.agent('stranger')
  for (const slug of ROOMS) ledger.members(slug, 'alice', 'clint')
  ledger.members('alpha', 'bob')
  ledger.members('beta', 'bob')
  const { body } = await alice.get<{ head_cursor: string }>('/v1/server')

  const everything = { channels: '*', types: null } as const
  const messages = { channels: '*', types: ['message.created'] } as const
  const one = { channels: ['alpha'], types: null } as const
  const two = { channels: ['alpha', 'beta'], types: ['message.created'] } as const
  const cast: readonly [who: Person, selection: Selection, session: Session][] = [
    [alice, everything, overMultiplexed],
    [alice, messages, overMultiplexed],
    [alice, one, overMultiplexed],
    [clint, two, overMultiplexed],
    [bob, everything, overMultiplexed],
    [alice, everything, overStream],
    [clint, everything, overStream],
    [clint, messages, overStream],
    [bob, one, overStream],
    [bob, two, overStream],
    [alice, everything, overLongPolls],
    [clint, two, overLongPolls],
    [bob, everything, overLongPolls],
    [alice, messages, overPolls],
    [clint, messages, overPolls],
    [bob, messages, overPolls],
  ]
  const readers = cast.map(([who, selection], i) => {
    const facts = {
      name: `${who.handle}-${i}`,
      account: who.handle,
      credential: who.credential,
      selection,
      rooms: who === bob ? ['alpha', 'beta'] : ROOMS,
    }
    return new Reader(scene, { ...facts, from: body.head_cursor })
  })
  const reading = Promise.all(readers.map((reader, i) => reader.read(cast[i]?.[2] ?? overPolls)))
  const sockets = await Promise.all(ROOMS.map((slug) => watchChannel(scene, clint, slug)))
  using silent = await LiveSocket.open(w.url, stranger.credential)
  await silent.subscribe(['*'])

  await Promise.all(
    writers.map(async (writer, i) => {
      const slug = ROOMS[i % ROOMS.length] ?? 'alpha'
      for (let n = 0; n < POSTS; n++) {
        const seq = await postUntilAcked(scene, writer, slug, `${writer.handle}-${n}`)
        acked.set(slug, Math.max(acked.get(slug) ?? 0, seq))
      }
    }),
  )
  isOver = true
  over.resolve()
  await reading
  for (const [i, socket] of sockets.entries()) await socket.finish(acked.get(ROOMS[i] ?? '') ?? 0)

  await silent.settle()
  expect(silent.events).toEqual([])
  const evidence = { log: await w.storedLog(), readable: await everythingReadable(alice) }
  const wrong = judge(ledger.entries, evidence)
  expect({ seed: scene.chance.seed, wrong: wrong.slice(0, 20) }).toEqual({
    seed: scene.chance.seed,
    wrong: [],
  })
  expect(evidence.readable).toHaveLength(WRITERS * POSTS)
  expect(readers.reduce((sum, { sessions }) => sum + sessions, 0)).toBeGreaterThan(3 * readers.length)
})

/** The original socket on one channel: it cannot resume, so it stays; it hears everything after its hello. */
async function watchChannel(scene: Scene, who: Person, slug: string) {
  const socket = await LiveSocket.open(scene.url(), who.credential, { path: `/v1/ws?channel=${slug}` })
  await socket.next('hello')
  const notes = scene.ledger.opened({
    reader: `channel-${slug}`,
    account: who.handle,
    transport: 'channel',
    selection: { channels: [slug], types: ['message.created'] },
    after: null,
  })
  return {
    finish: async (last: number) => {
      await socket.arrivals.next(({ seq }) => seq === last, `number ${last} on the socket of ${slug}`)
      for (const event of socket.events) notes.received(event)
      socket[Symbol.dispose]()
    },
  }
}
