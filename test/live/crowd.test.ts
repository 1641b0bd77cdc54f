import { expect, setDefaultTimeout, test } from 'bun:test'
import { Crowd } from '../support/crowd'
import type { Selection } from '../support/ledger'
import {
  overLongPolls,
  overMultiplexed,
  overPolls,
  overStream,
  type Scene,
  type Session,
} from '../support/readers'
import { LiveSocket } from '../support/sockets'
import { type Person, world } from '../support/world'

setDefaultTimeout(120_000)

const WRITERS = 50
const POSTS = 30
const ROOMS = ['alpha', 'beta', 'gamma', 'delta'] as const

test('each of many readers that come and go receives every event once and in order while 50 writers post, edit and delete', async () => {
  await using w = await world({ settings: { SYNAPSE_LOG_LEVEL: 'warning' } })
  const crowd = new Crowd(() => w.url, undefined, { changes: true })
  for (const slug of ROOMS) await w.channel(slug, { kind: slug === 'delta' ? 'private' : 'public' })
  const member = (...slugs: string[]) => ({
    channels: Object.fromEntries(slugs.map((slug) => [slug, 'member' as const])),
  })
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, (_, i) => w.agent(`writer-${i}`, member(roomOf(i)))),
  )
  const alice = await w.agent('alice', member(...ROOMS))
  const bob = await w.agent('bob', member('alpha', 'beta'))
  const clint = await w.human('clint', member(...ROOMS))
  const stranger = await w.agent('stranger')
  for (const slug of ROOMS) crowd.ledger.members(slug, 'alice', 'clint')
  crowd.ledger.members('alpha', 'bob')
  crowd.ledger.members('beta', 'bob')
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
  for (const [i, [who, selection, session]] of cast.entries()) {
    const rooms = who === bob ? ['alpha', 'beta'] : ROOMS
    const { handle, credential } = who
    const facts = { name: `${handle}-${i}`, account: handle, credential, selection, rooms }
    void crowd.read({ ...facts, from: body.head_cursor }, session)
  }
  const sockets = await Promise.all(ROOMS.map((slug) => watchChannel(crowd.scene, clint, slug)))
  using silent = await LiveSocket.open(w.url, stranger.credential)
  await silent.subscribe(['*'])

  const writing = writers.map((writer, i) => crowd.write(writer.handle, writer, roomOf(i), POSTS))
  await crowd.during(Promise.all(writing))
  await crowd.end()
  for (const [i, socket] of sockets.entries()) await socket.finish(crowd.newestIn(roomOf(i)))

  await silent.settle()
  expect(silent.events).toEqual([])
  const { seed, wrong, readable } = await crowd.judge(await w.storedLog(), alice.credential)
  expect({ seed, wrong: wrong.slice(0, 20) }).toEqual({ seed, wrong: [] })
  expect(readable).toHaveLength(WRITERS * POSTS - crowd.deletions)
  const { readers } = crowd
  expect(readers.reduce((sum, { sessions }) => sum + sessions, 0)).toBeGreaterThan(3 * readers.length)
})

function roomOf(i: number): string {
  return ROOMS[i % ROOMS.length] ?? 'alpha'
}

/** The single-channel socket cannot resume, so it stays open and receives everything after hello. */
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
      // Noted long after they came, when their texts may be deleted.
      for (const event of socket.events)
        notes.received({ ...event, message: { id: event.message?.id ?? '' } })
      socket[Symbol.dispose]()
    },
  }
}
