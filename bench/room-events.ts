import type { Person } from '../src/core/identity/actor'
import type { Channel } from '../src/core/kernel/entities'
import { type LogEvent, memberEvent } from '../src/core/log/events'
import type { FeedFilter } from '../src/core/log/feed'
import type { Sink } from '../src/core/log/streams'
import type { NewPost } from '../src/core/messages/new-post'
import { Wire } from '../src/http/v1'
import { openEngine } from '../test/store/engines'
import { liveCore } from '../test/support/live-core'
import { catalogueWithNotes, notedEvent } from '../test/support/noted'
import type { Row, Workload } from './lib/workload'

const STREAMS = 2000
/** Streams of one account. */
const EACH = 20
const MESSAGE = 'message.created'

interface Shape {
  readonly title: string
  /** What the n-th stream asks for. */
  readonly filter: (n: number, channelId: number) => FeedFilter
}

const everything = (channelId: number): FeedFilter => ({
  channelIds: new Set([channelId]),
  types: null,
  threadRoot: null,
  notActorId: null,
  inbox: false,
})

const shapes: readonly Shape[] = [
  { title: 'sockets that want everything', filter: (_, id) => everything(id) },
  {
    title: 'sockets, of which half want messages alone',
    filter: (n, id) => ({ ...everything(id), types: n % 2 === 0 ? null : [MESSAGE] }),
  },
  {
    title: 'streams with a filter of their own',
    filter: (_, id) => ({ ...everything(id), notActorId: Number.MAX_SAFE_INTEGER }),
  },
]

/** E1: what an event of a room costs the process that tells everybody of it, beside a message. The network is left out. */
export const roomEvents: Workload = {
  id: 'E1',
  title: `an event of a room before ${STREAMS} streams, beside a message`,
  run: async ({ quick }) => {
    await using bench = await open()
    const rows: Row[] = []
    for (const shape of shapes) rows.push(await compare(bench, shape, quick ? 3 : 11))
    return rows
  },
}

async function open() {
  await using undo = new AsyncDisposableStack()
  const engine = undo.use(await openEngine('sqlite', catalogueWithNotes))
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => new Response(),
    websocket: { message: () => {} },
  })
  undo.defer(() => server.stop(true))
  const publish = (topic: string, event: LogEvent) => {
    const text = wire.envelope(event)
    server.publish(topic, text)
    return text.length
  }
  const { core, hub } = undo.use(await liveCore(engine, catalogueWithNotes, publish))
  const wire = new Wire(core)
  const operator = { via: 'operator' } as const
  const { channel } = await core.channels.create(operator, { slug: 'room', name: 'Room' })
  const readers: Person[] = []
  for (let i = 0; i < STREAMS / EACH; i++) {
    const handle = `reader-${i}`
    const account = await core.accounts.create(operator, { kind: 'agent', handle })
    const scopes = ['channel:*:read', 'channel:*:post']
    const { token } = await core.tokens.issue(operator, { handle, scopes })
    await core.memberships.add(operator, handle, channel.slug, 'member')
    readers.push({ via: 'token', account, token })
  }
  const opened = undo.move()
  return { core, hub, wire, publish, channel, readers, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
type Bench = Awaited<ReturnType<typeof open>>

async function compare(bench: Bench, { title, filter }: Shape, rounds: number): Promise<Row> {
  const { hub, channel, readers } = bench
  const streams = await Promise.all(
    Array.from({ length: STREAMS }, async (_, n) => {
      const stream = hub.open(readers[n % readers.length] as Person, outlet(bench.wire))
      await stream.select(filter(n, channel.id), null)
      return stream
    }),
  )
  const kinds = await eventsOf(bench)
  const announce = async (events: readonly LogEvent[]) => {
    for (const event of events) hub.announce([event])
    await hub.flushed()
  }
  const raw = async (events: readonly LogEvent[]) => {
    for (const event of events) bench.publish('raw', event)
  }
  const took = { raw: [] as number[], message: [] as number[], note: [] as number[], role: [] as number[] }
  for (let round = -1; round < rounds; round++) {
    const times = {
      raw: await microsecondsEach(kinds.messages(500), raw),
      message: await microsecondsEach(kinds.messages(500), announce),
      note: await microsecondsEach(kinds.notes(500), announce),
      role: await microsecondsEach(kinds.roles(20), announce),
    }
    // The first round compiles.
    if (round >= 0)
      for (const kind of ['raw', 'message', 'note', 'role'] as const) took[kind].push(times[kind])
  }
  for (const stream of streams) stream.closed()
  const [message, note] = [median(took.message), median(took.note)]
  return {
    workload: 'E1',
    shape: `${STREAMS} ${title}`,
    measured: `message ${us(message)}, another event of the room ${us(note)}, one that is judged ${us(median(took.role))}`,
    baseline: `rendered and published once: ${us(median(took.raw))}`,
    ratio: note / message,
    goal: 'another event ≤ 2 × a message',
    met: note <= 2 * message,
    data: took,
  }
}

/** Events of each kind, each of them new, so that each is rendered. */
async function eventsOf({ core, channel, readers }: Bench) {
  const [writer] = readers
  if (!writer) throw new Error('there are no readers')
  const posted = await core.messages.post(writer, newPost(channel))
  if (posted.replayed) throw new Error('the post made no message')
  const { event } = posted
  let { seq } = event
  const many = (count: number, make: () => LogEvent) => Array.from({ length: count }, make)
  const { at, actor, message } = event
  return {
    messages: (count: number) => many(count, () => ({ ...event, seq: ++seq, message: { ...message } })),
    notes: (count: number) =>
      many(count, () => ({ ...notedEvent(message, 'seen'), seq: ++seq, at, actor }) as LogEvent),
    roles: (count: number) =>
      many(count, () => ({
        ...memberEvent('member.role', channel, writer.account, { role: 'member', previous: 'admin' }),
        ...{ seq: ++seq, at, actor },
      })) as LogEvent[],
  }
}

const newPost = ({ slug }: Channel): NewPost => ({
  channel: slug,
  body: 'x'.repeat(256),
  format: 'markdown',
  threadId: null,
  replyTo: null,
  kind: 'message',
  priority: 'normal',
  metadata: {},
  clientMessageId: null,
  idempotency: null,
})

function outlet(wire: Wire): Sink {
  const held = new Set<string>()
  return {
    topics: { add: (topic) => void held.add(topic), delete: (topic) => void held.delete(topic) },
    frames: 'none',
    frame: () => {},
    beatEvery: Number.MAX_SAFE_INTEGER,
    event: (event) => void wire.envelope(event),
    item: () => {},
    batch: (send) => send(),
    beat: () => {},
    dropped: () => {},
    buffered: () => 0,
    end: () => {},
  }
}

async function microsecondsEach(
  events: readonly LogEvent[],
  tell: (events: readonly LogEvent[]) => Promise<void>,
): Promise<number> {
  const started = performance.now()
  await tell(events)
  return ((performance.now() - started) * 1000) / events.length
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}

function us(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} µs`
}
