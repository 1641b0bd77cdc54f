import { type Stream, type Synapse, SynapseError, type TransportName } from '@synapse/client'
import { render } from '../../metrics'
import { CliError, UsageError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'
import { printTable, tableOf } from '../lib/table'
import { note, print } from '../lib/terminal'
import { wholeNumber } from './check'
import { type Client, clientCommand, printWire } from './index'

const MOST_TIMEOUT_S = 300
const TEXT = 'synapse probe: this message is deleted at once'

/** The ways by which a message comes back, and the transports of those that are streams. */
const streams = {
  'long-poll': 'poll',
  sse: 'sse',
  websocket: 'websocket',
} as const satisfies Record<string, TransportName>
type StreamWay = keyof typeof streams
type Way = 'rest' | StreamWay
// They are the keys of the object above.
const STREAM_WAYS = Object.keys(streams) as readonly StreamWay[]
const WAYS: readonly Way[] = ['rest', ...STREAM_WAYS]

/** What became of the message on one way. */
interface Trip {
  readonly way: Way
  /** Milliseconds from sending the post to reading the message; null if it did not come. */
  readonly ms: number | null
  readonly error?: string
}

export const probe = clientCommand({
  args: {
    channel: { type: 'string', required: true, valueHint: 'slug', description: 'Channel to post in' },
    timeout: { type: 'string', valueHint: 's', default: '10', description: 'The longest that it may take' },
    prometheus: { type: 'boolean', description: 'Print metrics in the text format of Prometheus' },
  },
  notes: [
    'Posts one message with the priority fyi, which wakes no program, waits until it comes back over REST, a long poll,',
    'server-sent events and a WebSocket, and deletes it. The times begin when the post is sent. Exit status 1 if it did not',
    'come on every way.',
  ],
  examples: [
    'synapse probe --channel general',
    'synapse probe --channel general --timeout 5 --json',
    'synapse probe --channel general --prometheus > synapse.prom',
  ],
  async act(client, args) {
    if (args.json === true && args.prometheus === true)
      throw new UsageError('print either JSON or metrics: --json or --prometheus')
    const channel = args.channel.replace(/^#/, '')
    const seconds = wholeNumber(args.timeout, '--timeout', MOST_TIMEOUT_S)
    let trips: readonly Trip[]
    try {
      trips = await trip(client, channel, seconds * 1000)
    } catch (error) {
      // A monitor gets its metrics even where nothing can be posted.
      if (args.prometheus === true)
        print(
          metricsOf(
            channel,
            WAYS.map((way) => missed(way, '')),
          ),
        )
      if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error
      throw new CliError(EXIT.unreachable, `cannot reach ${client.config.url} within ${seconds} s`, [
        `synapse doctor --url ${client.config.url}  # finds out why`,
      ])
    }
    const isFine = trips.every(({ ms }) => ms !== null)
    if (args.prometheus === true) print(metricsOf(channel, trips))
    else if (args.json === true) printWire({ ok: isFine, url: client.config.url, channel, ways: trips })
    else show(trips)
    return isFine ? undefined : EXIT.failure
  },
})

/** Sends a message and waits for it on every way. Each step may take the timeout. @throws SynapseError if it was not posted */
async function trip({ synapse }: Client, channel: string, timeout: number): Promise<Trip[]> {
  const mark = crypto.randomUUID()
  const listeners = await Promise.all(
    STREAM_WAYS.map((way) => Listener.open(way, synapse, { channel, mark, timeout })),
  )
  try {
    const started = performance.now()
    const sent = { priority: 'fyi', metadata: { probe: mark }, signal: AbortSignal.timeout(timeout) } as const
    const { id } = await synapse.post(channel, TEXT, sent)
    try {
      const rest = await readBack(synapse, id, started, timeout)
      return [rest, ...(await Promise.all(listeners.map((one) => one.arrival(started, timeout))))]
    } finally {
      await remove(synapse, id, timeout)
    }
  } finally {
    await Promise.all(listeners.map((one) => one.close()))
  }
}

async function readBack(synapse: Synapse, id: string, started: number, timeout: number): Promise<Trip> {
  try {
    await synapse.request('GET /v1/messages/{id}', { path: { id }, signal: AbortSignal.timeout(timeout) })
    return { way: 'rest', ms: rounded(performance.now() - started) }
  } catch (error) {
    return missed('rest', reasonOf(error))
  }
}

async function remove(synapse: Synapse, id: string, timeout: number): Promise<void> {
  try {
    await synapse.request('DELETE /v1/messages/{id}', { path: { id }, signal: AbortSignal.timeout(timeout) })
  } catch (error) {
    note(`! the message ${id} could not be deleted: ${reasonOf(error)}`)
  }
}

/** Waits for the message on one stream. */
class Listener {
  private readonly found = Promise.withResolvers<number>()
  private failure: string | undefined

  private constructor(
    private readonly way: StreamWay,
    private readonly stream: Stream,
    mark: string,
  ) {
    this.read(mark).catch((error: unknown) => {
      this.failure ??= reasonOf(error)
      this.found.resolve(Number.NaN)
    })
  }

  /** Opens the stream. One that does not open in time is reported later. */
  static async open(
    way: StreamWay,
    synapse: Synapse,
    { channel, mark, timeout }: { readonly channel: string; readonly mark: string; readonly timeout: number },
  ): Promise<Listener> {
    const types = ['message.created']
    const stream = synapse.stream({ channels: [channel], types, transport: streams[way] })
    const listener = new Listener(way, stream, mark)
    const isOpen = await within(
      timeout,
      stream.ready().then(
        () => true,
        () => true,
      ),
    )
    if (isOpen === undefined) listener.failure = `it did not open within ${timeout / 1000} s`
    return listener
  }

  /** Returns when the message came; at most `timeout` from now. */
  async arrival(started: number, timeout: number): Promise<Trip> {
    const at = this.failure === undefined ? await within(timeout, this.found.promise) : undefined
    if (at !== undefined && !Number.isNaN(at)) return { way: this.way, ms: rounded(at - started) }
    return missed(this.way, this.failure ?? `the message did not come within ${timeout / 1000} s`)
  }

  close(): Promise<void> {
    return this.stream.close()
  }

  private async read(mark: string): Promise<void> {
    for await (const event of this.stream)
      if (event.type === 'message.created' && event.message.metadata.probe === mark)
        this.found.resolve(performance.now())
  }
}

/** Resolves to undefined if it takes longer than so many milliseconds. */
async function within<Value>(milliseconds: number, work: Promise<Value>): Promise<Value | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, milliseconds)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

function missed(way: Way, error: string): Trip {
  return { way, ms: null, error }
}

function reasonOf(error: unknown): string {
  if (error instanceof SynapseError) return error.detail
  return error instanceof Error ? error.message : String(error)
}

/** Milliseconds with one digit after the point. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}

function show(trips: readonly Trip[]): void {
  const time = ({ ms }: Trip) => (ms === null ? '-' : `${ms} ms`)
  printTable(tableOf(trips, { WAY: ({ way }) => way, TIME: time, PROBLEM: ({ error = '' }) => error }))
}

function metricsOf(channel: string, trips: readonly Trip[]): string {
  const labels = (way: Way) => ({ channel, way })
  const came = trips.filter((one): one is Trip & { readonly ms: number } => one.ms !== null)
  return render([
    {
      name: 'synapse_probe_success',
      type: 'gauge',
      help: 'Whether a message came back on this way.',
      samples: trips.map(({ way, ms }) => ({ labels: labels(way), value: ms === null ? 0 : 1 })),
    },
    {
      name: 'synapse_probe_seconds',
      type: 'gauge',
      help: 'Time from sending a message until it came back on this way.',
      samples: came.map(({ way, ms }) => ({ labels: labels(way), value: ms / 1000 })),
    },
  ]).trimEnd()
}
