import { Latencies } from '../lib/latencies'
import { type Synapse, startBaseline, startSynapse } from '../lib/synapse'
import { ms, type Row, type Workload } from '../lib/workload'

const MATRIX = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }
const SYNC = '/_matrix/client/v3/sync'

const PAUSE_MILLISECONDS = 120

interface Answer {
  readonly next_batch: string
  readonly rooms: { readonly join: Readonly<Record<string, unknown>> }
}

/** An agent that reads over Matrix. */
class Reader {
  constructor(
    private readonly server: Pick<Synapse, 'port'>,
    private readonly token: string,
  ) {}

  async open(query: string, signal?: AbortSignal): Promise<Response> {
    const response = await fetch(`http://127.0.0.1:${this.server.port}${SYNC}?${query}`, {
      headers: { authorization: `Bearer ${this.token}` },
      ...(signal && { signal }),
    })
    if (!response.ok) throw new Error(`/sync was answered with ${response.status} ${await response.text()}`)
    return response
  }

  async sync(query = ''): Promise<Answer> {
    return (await (await this.open(query)).json()) as Answer
  }

  /** Reads on until there is nothing new, and returns the token. */
  async settled(): Promise<string> {
    let { next_batch: since } = await this.sync(
      'set_presence=offline&filter={"room":{"timeline":{"limit":1}}}',
    )
    for (;;) {
      const next = await this.sync(`set_presence=offline&since=${since}`)
      since = next.next_batch
      if (Object.keys(next.rooms.join).length === 0) return since
    }
  }
}

async function post(server: Synapse, token: string, channel: string, body: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${server.port}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ channel, body }),
  })
  if (response.status !== 201) throw new Error(`the post was answered with ${response.status}`)
  await response.arrayBuffer()
}

/** MX2: an incremental sync of a device in many rooms, in one of which there is one new event. */
export const oneOfManyRooms: Workload = {
  id: 'MX2',
  title: 'incremental /sync of 1,000 rooms with one new event',
  run: async ({ quick }) => {
    await using server = await startSynapse({ env: MATRIX })
    const rooms = quick ? 200 : 1000
    const slugs = Array.from({ length: rooms }, (_, i) => `room-${i}`)
    await server.agent('reader', slugs.slice(0, 1))
    for (const slug of slugs.slice(1)) {
      await server.admin('POST', '/v1/admin/channels', { slug, name: slug })
      await server.admin('POST', '/v1/admin/memberships', {
        account_handle: 'reader',
        channel_slug: slug,
        role: 'member',
      })
    }
    const scopes = ['channel:*:read', 'channel:*:post']
    const { token } = await server.admin<{ token: string }>('POST', '/v1/admin/tokens', {
      ...{ account_handle: 'reader', scopes },
    })
    const reader = new Reader(server, token)
    let since = await reader.settled()
    const latencies = new Latencies()
    let bytes = ''
    for (let i = 0; i < 200; i++) {
      await post(server, token, slugs[(i * 7) % rooms] ?? '', `news ${i}`)
      // The event is made before it is asked for: the wait for that is measured elsewhere.
      await Bun.sleep(PAUSE_MILLISECONDS)
      const started = performance.now()
      const response = await reader.open(`since=${since}`)
      bytes = await response.text()
      latencies.add(performance.now() - started)
      const { next_batch, rooms: news } = JSON.parse(bytes) as Answer
      if (Object.keys(news.join).length !== 1) throw new Error(`not one room was new: ${bytes.slice(0, 200)}`)
      since = next_batch
    }
    const raw = await rawLatencies(bytes.length)
    const [p50 = Number.NaN, p99 = Number.NaN] = latencies.quantiles(0.5, 0.99)
    const [rawP50 = Number.NaN] = raw.quantiles(0.5)
    const row: Row = {
      workload: 'MX2',
      shape: `GET /sync, ${rooms} rooms, one event in one of them`,
      measured: `p50 ${ms(p50)} p99 ${ms(p99)} ms`,
      baseline: `p50 ${ms(rawP50)} ms`,
      ratio: rawP50 / p50,
      goal: 'p99 ≤ 8 ms; ≥ 0.4 of raw',
      met: p99 <= 8 && rawP50 / p50 >= 0.4,
      data: { p50, p99, rawP50, rooms },
    }
    return [row]
  },
}

/** The same answer from a plain server. */
async function rawLatencies(bytes: number): Promise<Latencies> {
  await using server = await startBaseline('../matrix/raw-answer.ts', String(bytes))
  const latencies = new Latencies()
  for (let i = 0; i < 200; i++) {
    // As long as between the others: a process that has slept answers later.
    await Bun.sleep(PAUSE_MILLISECONDS)
    const started = performance.now()
    await (await fetch(`http://127.0.0.1:${server.port}${SYNC}`)).text()
    latencies.add(performance.now() - started)
  }
  return latencies
}

/** MX4: from a post on v1 to the answers of those who wait for it over Matrix. */
export const waking: Workload = {
  id: 'MX4',
  title: 'from a post on v1 to 200 waiting /sync',
  run: async ({ quick }) => {
    await using server = await startSynapse({ env: MATRIX })
    const readers: Reader[] = []
    const poster = await server.agent('poster', ['room'])
    for (let i = 0; i < 200; i++)
      readers.push(new Reader(server, await server.agent(`reader-${i}`, ['room'])))
    const tokens = await Promise.all(readers.map((reader) => reader.settled()))
    const latencies = new Latencies()
    for (let round = 0; round < (quick ? 5 : 30); round++) {
      const waits = readers.map(async (reader, i) => {
        // Who comes online would be news for the others.
        const response = await reader.open(`since=${tokens[i]}&timeout=30000&set_presence=offline`)
        const arrived = performance.now()
        tokens[i] = ((await response.json()) as Answer).next_batch
        return arrived
      })
      // All of them wait by then.
      await Bun.sleep(700)
      const started = performance.now()
      await post(server, poster, 'room', `news ${round}`)
      for (const arrived of await Promise.all(waits)) latencies.add(arrived - started)
    }
    const [p50 = Number.NaN, p99 = Number.NaN] = latencies.quantiles(0.5, 0.99)
    return [
      {
        workload: 'MX4',
        shape: 'POST /v1/messages → first byte at 200 waiting /sync',
        measured: `p50 ${ms(p50)} p99 ${ms(p99)} ms`,
        goal: 'p50 ≤ 8, p99 ≤ 30 ms',
        met: p50 <= 8 && p99 <= 30,
        data: { p50, p99 },
      },
    ]
  },
}
