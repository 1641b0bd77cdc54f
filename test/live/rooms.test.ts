// Which streams receive the events of which room, by the real hub over a real store. Only the sinks are made here.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Core } from '../../src/core'
import type { Person } from '../../src/core/identity/actor'
import type { Account, Channel } from '../../src/core/kernel/entities'
import type { LogEvent } from '../../src/core/log/events'
import type { FeedFilter } from '../../src/core/log/feed'
import type { LiveStream, Sink } from '../../src/core/log/streams'
import type { Hub } from '../../src/hub'
import { type Engine, openEngine } from '../store/engines'
import { liveCore } from '../support/live-core'
import { catalogueWithNotes, NOTED, notedEvent } from '../support/noted'

const CHANNELS = 4
const MESSAGE = 'message.created'
const operator = { via: 'operator' } as const

let engine: Engine
let core: Core
let hub: Hub
/** All open connections. */
const ears = new Set<Ear>()

beforeAll(async () => {
  engine = await openEngine('sqlite', catalogueWithNotes)
  const publish = (topic: string, event: LogEvent) => {
    for (const ear of [...ears]) if (ear.held.has(topic)) ear.event(event)
    return 1
  }
  ;({ core, hub } = await liveCore(engine, catalogueWithNotes, publish))
})
afterAll(async () => {
  hub.stop()
  await engine[Symbol.asyncDispose]()
})

/** One connection: the messages sent to it, and the topics that it holds. */
class Ear implements Sink {
  readonly heard: number[] = []
  readonly held = new Set<string>()
  readonly beatEvery = 1_000_000
  readonly stream: LiveStream
  readonly topics
  readonly frames = 'none'
  /** The requested types (null = all) of everything, or of channels by their index in the scene. */
  readonly wants = new Map<number | '*', readonly string[] | null>()

  constructor(
    readonly reader: Reader,
    hasTopics: boolean,
  ) {
    this.topics = hasTopics
      ? { add: (topic: string) => this.held.add(topic), delete: (topic: string) => this.held.delete(topic) }
      : null
    this.stream = hub.open(reader.actor, this)
    ears.add(this)
  }

  async selects(channels: readonly Channel[], { which, types, own }: Selection): Promise<void> {
    const ids = which === '*' ? which : new Set(which.flatMap((place) => channels[place]?.id ?? []))
    if (which === '*') this.wants.clear()
    for (const place of which === '*' ? [which] : which) this.wants.set(place, types)
    this.stream.deselect(ids)
    const filter: FeedFilter = {
      channelIds: ids,
      types,
      threadRoot: null,
      // Its own messages do not occur here, so this only selects the way of delivery.
      notActorId: own ? null : this.reader.account.id,
      inbox: false,
    }
    await this.stream.select(filter, null)
  }

  /** Whether it asked for this type of event in the channel. */
  hasAskedFor(type: string, c: number): boolean {
    return [this.wants.get(c), this.wants.get('*')].some((types) => types === null || types?.includes(type))
  }

  frame(): void {}

  batch(send: () => void): void {
    send()
  }

  item(): void {
    throw new Error('nobody asked for what notifies its account')
  }

  event({ seq }: LogEvent): void {
    this.heard.push(seq)
  }

  beat(): void {}
  dropped(): void {}
  buffered(): number {
    return 0
  }
  end(): void {}

  close(): void {
    this.stream.closed()
    ears.delete(this)
  }
}

interface Selection {
  readonly which: readonly number[] | '*'
  readonly types: readonly string[] | null
  /** Whether it wants what its own account did. */
  readonly own: boolean
}

interface Reader {
  readonly account: Account
  readonly actor: Person
  readonly rooms: Set<number>
}

/** Channels, a writer who is in all of them, and readers who join and leave. */
class Scene {
  readonly archived = new Set<number>()

  private constructor(
    readonly channels: Channel[],
    readonly readers: Reader[],
    private readonly writer: Person,
  ) {}

  static async build(): Promise<Scene> {
    const name = crypto.randomUUID().slice(0, 8)
    const person = async (handle: string): Promise<Reader> => {
      const account = await core.accounts.create(operator, { kind: 'agent', handle })
      const scopes = ['channel:*:read', 'channel:*:post']
      const { token } = await core.tokens.issue(operator, { handle, scopes })
      return { account, actor: { via: 'token', account, token }, rooms: new Set() }
    }
    const writer = await person(`writer-${name}`)
    const channels: Channel[] = []
    for (let i = 0; i < CHANNELS; i++) {
      const slug = `room-${i}-${name}`
      channels.push((await core.channels.create(operator, { slug, name: slug })).channel)
      await core.memberships.add(operator, writer.account.handle, slug, 'member')
    }
    const readers = [await person(`a-${name}`), await person(`b-${name}`), await person(`c-${name}`)]
    return new Scene(channels, readers, writer.actor)
  }

  async move(r: number, c: number): Promise<void> {
    const [reader, channel] = [this.readers[r], this.channels[c]]
    if (!reader || !channel) return
    if (!reader.rooms.delete(c)) {
      reader.rooms.add(c)
      await core.memberships.add(operator, reader.account.handle, channel.slug, 'member')
      return
    }
    await core.memberships.remove(operator, reader.account.uuid, channel.uuid)
    for (const ear of ears) if (ear.reader === reader) ear.wants.delete(c)
  }

  async archive(c: number): Promise<void> {
    const channel = this.channels[c]
    if (!channel) return
    const archived = !this.archived.delete(c)
    await core.channelUpdates.updateAny(operator, channel.uuid, { archived })
    if (archived) {
      this.archived.add(c)
      for (const ear of ears) ear.wants.delete(c)
    }
  }

  /** Posts and notes, checks that every reader with access received both once, and that no ear holds a superfluous topic. */
  async post(c: number): Promise<void> {
    const channel = this.channels[c]
    if (!channel || this.archived.has(c)) return
    // An act is answered when it is committed. Its event may still be on its way.
    await hub.flushed()
    for (const ear of ears) ear.heard.length = 0
    const posted = await core.messages.post(this.writer, {
      channel: channel.slug,
      body: 'hello',
      format: 'markdown',
      threadId: null,
      replyTo: null,
      kind: 'message',
      priority: 'normal',
      metadata: {},
      clientMessageId: null,
      idempotency: null,
    })
    if (posted.replayed) throw new Error('the post made no message')
    const { event } = posted
    const note = await engine.store.transact((tx) =>
      tx.append(notedEvent(event.message, 'seen'), this.writer.account),
    )
    for (const ear of ears) {
      const expected = [event, note].filter(({ type }) => ear.reader.rooms.has(c) && ear.hasAskedFor(type, c))
      expect(ear.heard).toEqual(expected.map(({ seq }) => seq))
      expect(ear.held.size).toBeLessThanOrEqual(ear.wants.has('*') ? 1 : ear.wants.size)
    }
  }

  async open(r: number, selection: Selection, hasTopics: boolean): Promise<void> {
    const reader = this.readers[r]
    if (reader) await new Ear(reader, hasTopics).selects(this.channels, selection)
  }

  async more(e: number, selection: Selection): Promise<void> {
    await [...ears][e]?.selects(this.channels, selection)
  }
}

const reader = fc.integer({ min: 0, max: 2 })
const channel = fc.integer({ min: 0, max: CHANNELS - 1 })
const selection: fc.Arbitrary<Selection> = fc.record({
  which: fc.oneof(fc.constant('*' as const), fc.uniqueArray(channel, { minLength: 1 })),
  types: fc.constantFrom(null, [MESSAGE], [NOTED], [MESSAGE, NOTED], ['member.joined']),
  own: fc.boolean(),
})
const act: fc.Arbitrary<(scene: Scene) => Promise<void>> = fc.oneof(
  fc.tuple(reader, selection, fc.boolean()).map((how) => (scene: Scene) => scene.open(...how)),
  fc.tuple(fc.nat(5), selection).map((how) => (scene: Scene) => scene.more(...how)),
  {
    weight: 3,
    arbitrary: fc.tuple(reader, channel).map((how) => (scene: Scene) => scene.move(...how)),
  },
  channel.map((c) => (scene: Scene) => scene.archive(c)),
  fc.nat(5).map((e) => async () => [...ears][e]?.close()),
)

test('after any sequence of joins, leaves and subscriptions an event of a room reaches each stream with access once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 20 }), async (acts) => {
      const scene = await Scene.build()
      try {
        for (const happens of acts) {
          await happens(scene)
          for (let c = 0; c < CHANNELS; c++) await scene.post(c)
        }
      } finally {
        for (const ear of [...ears]) ear.close()
      }
    }),
    { numRuns: 20 },
  )
})

test('sockets that follow everything share one topic while they have the same channels', async () => {
  const scene = await Scene.build()
  const topics = () => [...ears].map(({ held }) => [...held].join())
  for (const r of [0, 0, 1]) await scene.open(r, { which: '*', types: [MESSAGE], own: true }, true)
  for (const r of [0, 1]) for (const c of [0, 1, 2]) await scene.move(r, c)
  const [first = ''] = topics()
  expect(topics()).toEqual([first, first, first])
  await scene.move(1, 3)
  expect(topics()[2]).not.toBe(first)
  await scene.move(1, 3)
  expect(topics()).toEqual([first, first, first])
  for (let c = 0; c < CHANNELS; c++) await scene.post(c)
  for (const ear of [...ears]) ear.close()
})

test('a socket holds one topic of a room: one for messages only, or one for all events', async () => {
  const scene = await Scene.build()
  for (const types of [[MESSAGE], ['message.*'], null, [NOTED]])
    for (const which of ['*', [0, 1]] as const) await scene.open(0, { which, types, own: true }, true)
  for (const c of [0, 1]) await scene.move(0, c)
  const topics = [...ears].map(({ held }) => [...held].toSorted())
  expect(topics.map(({ length }) => length)).toEqual([1, 2, 0, 0, 1, 2, 0, 0])
  expect(new Set(topics.flat()).size).toBe(6)
  for (const ear of [...ears]) ear.close()
})
