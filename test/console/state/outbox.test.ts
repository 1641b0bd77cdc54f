// The outbox by hand: one post at a time in a conversation, the same key until the answer, and what a person is asked.
import { describe, expect, test } from 'bun:test'
import type { Message } from '@synapse/client'
import type { Me, Place } from '../../../packages/console/src/state'
import { Keep } from '../../../packages/console/src/state/keep'
import { Outbox } from '../../../packages/console/src/state/outbox'
import { Store } from '../../../packages/console/src/state/store'
import { emptyDraft } from '../../../packages/console/src/state/types'
import { ByHandClock } from './by-hand-clock'
import { FakeServer, ME, messageOf } from './fake-server'
import { general, settled } from './page'
import { MemoryStorage } from './support'

const thread: Place = { channel: 'general', thread: 'm1' }
const HOUR = 3_600_000

function scene(storage = new MemoryStorage()) {
  const server = new FakeServer()
  const clock = new ByHandClock()
  const store = new Store()
  store.me.value = { account_id: ME.id, handle: ME.handle } as Me
  const delivered: Message[] = []
  let isSignedOut = false
  let keys = 0
  const outbox = new Outbox({
    ...{ store, synapse: server.synapse, clock, keep: new Keep(storage, ME.id) },
    newKey: () => `key${++keys}`,
    deliver: (message) => void delivered.push(message),
    signedOut: () => {
      isSignedOut = true
    },
  })
  outbox.open()
  const write = (text: string, place = general) => outbox.send(place, { ...emptyDraft, text })
  const states = () => outbox.all.value.map(({ text, state }) => `${text}: ${state}`)
  return { ...{ server, clock, store, storage, outbox, delivered, write, states }, out: () => isSignedOut }
}

/** Lets the server handle the only request, and its answer arrive. */
async function through(server: FakeServer): Promise<void> {
  server.handle(0, 'answered')
  server.arrive(0)
  await settled()
}

describe('the outbox', () => {
  test('sends one post at a time in a conversation, and conversations side by side', async () => {
    const s = scene()
    s.write('one')
    s.write('two')
    s.write('reply', thread)
    await settled()
    expect(s.states()).toEqual(['one: sending', 'two: waiting', 'reply: sending'])
    expect(s.server.open).toBe(2)
    await through(s.server)
    expect(s.states()).toEqual(['two: sending', 'reply: sending'])
  })

  test('repeats a post with its key until there is an answer, ever more seldom', async () => {
    const s = scene()
    s.write('hello')
    await settled()
    s.server.handle(0, 'lost')
    s.server.arrive(0)
    await settled()
    expect(s.states()).toEqual(['hello: sending'])
    expect(s.server.open).toBe(0)
    s.clock.advance(1300)
    await settled()
    expect(s.server.open).toBe(1)
    await through(s.server)
    expect(s.server.messages.map(({ body }) => body)).toEqual(['hello'])
    expect(s.delivered.map(({ body }) => body)).toEqual(['hello'])
    expect(s.states()).toEqual([])
  })

  test('waits at most 36 s between two attempts, and not at all when the network is back', async () => {
    const s = scene()
    s.write('hello')
    for (let attempts = 0; attempts < 12; attempts++) {
      await settled()
      expect(s.server.open).toBe(1)
      s.server.cut(0)
      await settled()
      s.clock.advance(36_001)
    }
    await settled()
    s.server.cut(0)
    await settled()
    expect(s.server.open).toBe(0)
    s.outbox.hurry()
    await settled()
    expect(s.server.open).toBe(1)
  })

  test('asks a person after 23 h, because the server forgets keys', async () => {
    const s = scene()
    const key = s.write('old')
    s.write('next')
    await settled()
    s.clock.advance(23 * HOUR + 1)
    s.server.cut(0)
    await settled()
    expect(s.states()).toEqual(['old: asking', 'next: waiting'])
    s.outbox.again(key)
    await settled()
    expect(s.states()).toContain('old: sending')
  })

  test('says why a post is refused, goes on with the next, and gives the text back', async () => {
    const s = scene()
    s.server.refused.add('bad')
    const key = s.write('bad')
    s.write('good')
    await settled()
    await through(s.server)
    expect(s.outbox.all.value[0]?.refusal).toMatchObject({ code: 'read_only_role', detail: 'No' })
    await through(s.server)
    expect(s.states()).toEqual(['bad: refused'])
    expect(s.outbox.takeBack(key)).toMatchObject({ text: 'bad' })
    expect(s.states()).toEqual([])
    expect(s.storage.length).toBe(0)
  })

  test('a post that is on its way cannot be taken back', async () => {
    const s = scene()
    const key = s.write('going')
    await settled()
    expect(s.outbox.takeBack(key)).toBeUndefined()
    s.outbox.discard(key)
    expect(s.states()).toEqual(['going: sending'])
  })

  test('an event of the same text waits for the answer; others do not', async () => {
    const s = scene()
    const key = s.write('same')
    await settled()
    expect(s.outbox.holds(messageOf(1, 'bob', 'same'))).toBe(false)
    expect(s.outbox.holds(messageOf(2, 'ada', 'other'))).toBe(false)
    expect(s.outbox.holds(messageOf(3, 'ada', 'same', { channel: 'news' }))).toBe(false)
    // From another device, at the same time.
    const twin = messageOf(90, 'ada', 'same')
    expect(s.outbox.holds(twin)).toBe(true)
    await through(s.server)
    expect(s.delivered.map(({ id }) => id)).toEqual(['m1', 'm90'])
    expect(s.outbox.keyOf('m1')).toBe(key)
    expect(s.outbox.keyOf('m90')).toBeUndefined()
    expect(s.outbox.holds(messageOf(1, 'ada', 'same'))).toBe(false)
  })

  test('another page goes on with what was stored, in order, with the same keys', async () => {
    const first = scene()
    first.write('one')
    first.write('two')
    await settled()
    first.server.handle(0, 'lost')
    first.outbox.close()
    const next = scene(first.storage)
    expect(next.states()).toEqual(['one: sending', 'two: waiting'])
    expect(next.outbox.all.value.map(({ key }) => key)).toEqual(['key1', 'key2'])
  })

  test('an event of a post that another tab has sent before waits, too', async () => {
    const s = scene()
    s.write('one')
    s.write('two')
    await settled()
    expect(s.outbox.holds(messageOf(50, 'ada', 'two'))).toBe(true)
    await through(s.server)
    await through(s.server)
    expect(s.delivered.map(({ body }) => body)).toEqual(['one', 'two', 'two'])
  })

  test('an outbox that is closed stores nothing any more, because another one goes on', async () => {
    const s = scene()
    s.write('one')
    await settled()
    s.outbox.close()
    s.storage.removeItem(s.storage.key(0) ?? '')
    s.server.cut(0)
    await settled()
    expect(s.storage.length).toBe(0)
  })

  test('what another account has stored is not sent', () => {
    const storage = new MemoryStorage()
    new Keep(storage, 'account-bob').set('outbox', 'k', { key: 'k', place: general, at: 1, state: 'waiting' })
    expect(scene(storage).states()).toEqual([])
  })

  test('a text that is not readable any more is left out', () => {
    const storage = new MemoryStorage()
    storage.setItem(`synapse.outbox.${ME.id}.k`, '{"key":')
    expect(scene(storage).states()).toEqual([])
  })
})
