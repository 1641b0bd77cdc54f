import { postRequest } from './lib/http-load'
import { Latencies } from './lib/latencies'
import { startBaseline, startSynapse } from './lib/synapse'
import { thinSocket } from './lib/websocket-load'
import { ms, type Row, type Workload } from './lib/workload'
import { openWriters } from './lib/writers'

interface Shape {
  readonly id: string
  readonly sockets: number
  readonly perSecond: number
  readonly goal: string
  readonly met: (result: FanOut) => boolean
}

interface FanOut {
  readonly posted: number
  readonly expected: number
  readonly received: number
  readonly inversions: number
  readonly p50: number
  readonly p99: number
  /** One frame as it came. */
  readonly frame: string
  readonly serverCpu: number
  readonly clientCpu: number
}

const shapes: readonly Shape[] = [
  {
    id: 'W1',
    sockets: 1000,
    perSecond: 20,
    goal: 'p50 ≤ 5, p99 ≤ 12 ms, 0 lost, 0 inversions',
    met: (r) => r.p50 <= 5 && r.p99 <= 12 && isWhole(r),
  },
  {
    id: 'W2',
    sockets: 1000,
    perSecond: 100,
    goal: '99k deliveries/s held, p99 ≤ 15 ms',
    met: (r) => r.p99 <= 15 && isWhole(r),
  },
  { id: 'W3', sockets: 5000, perSecond: 2, goal: 'p99 ≤ 60 ms', met: (r) => r.p99 <= 60 && isWhole(r) },
]

/** W1 to W3: one channel, many sockets, posts at a fixed rate whatever the answers do (open loop). */
export const fanOut: readonly Workload[] = shapes.map((shape) => ({
  id: shape.id,
  title: `${shape.sockets} sockets × ${shape.perSecond} posts/s of 256 bytes`,
  run: async ({ quick }) => {
    const seconds = quick ? 5 : 60
    const ours = await synapse(shape, seconds)
    const raw = await baseline(shape, quick ? 5 : 20, ours.frame)
    const rate = (r: FanOut, time: number) => `${((r.received / time) * 1e-3).toFixed(1)}k/s`
    return [
      {
        workload: shape.id,
        shape: `${shape.sockets} sockets × ${shape.perSecond}/s × ${seconds} s`,
        measured: `p50 ${ms(ours.p50)} p99 ${ms(ours.p99)} ms, ${rate(ours, seconds)}, ${ours.expected - ours.received} lost, ${ours.inversions} inversions, server ${ours.serverCpu.toFixed(0)} % client ${ours.clientCpu.toFixed(0)} % of a core`,
        baseline: `p50 ${ms(raw.p50)} p99 ${ms(raw.p99)} ms (the same frames)`,
        ratio: raw.p50 / ours.p50,
        goal: shape.goal,
        met: shape.met(ours),
        data: { ours, raw },
      } satisfies Row,
    ]
  },
}))

/** Deliveries per second as fast as they go: what Synapse reaches of a plain publish of frames of the same size. */
export const saturation: Workload = {
  id: 'WX',
  title: '1,000 sockets, posts as fast as they are answered',
  run: async ({ quick }) => {
    const seconds = quick ? 4 : 15
    const shape = { sockets: 1000, perSecond: Number.POSITIVE_INFINITY }
    const ours = await synapse(shape, seconds)
    const raw = await baseline(shape, seconds, ours.frame)
    const ratio = ours.received / raw.received
    return [
      {
        workload: 'WX',
        shape: '1,000 sockets, 4 writers in a closed loop',
        measured: `${((ours.received / seconds) * 1e-3).toFixed(0)}k deliveries/s`,
        baseline: `${((raw.received / seconds) * 1e-3).toFixed(0)}k/s (the same frames)`,
        ratio,
        goal: '≥ 0.85 of raw publish',
        met: ratio >= 0.85,
        data: { ours, raw },
      },
    ]
  },
}

type Load = Pick<Shape, 'sockets' | 'perSecond'>

async function synapse({ sockets, perSecond }: Load, seconds: number): Promise<FanOut> {
  await using server = await startSynapse()
  const token = await server.agent('reader', ['room'])
  const auth = `Authorization: Bearer ${token}\r\n`
  return await measure({
    port: server.port,
    path: '/v1/ws',
    headers: auth,
    hello: JSON.stringify({ type: 'subscribe', channels: ['room'] }),
    post: (text) => postRequest('/v1/messages', JSON.stringify({ channel: 'room', body: text }), auth),
    cpuSeconds: server.cpuSeconds,
    sockets,
    perSecond,
    seconds,
  })
}

/** Raw Bun sends frames that look like ours, so that the client, which shares the machine, has the same work. */
async function baseline({ sockets, perSecond }: Load, seconds: number, frame: string): Promise<FanOut> {
  await using server = await startBaseline('raw-publish.ts', frame)
  return await measure({
    port: server.port,
    path: '/',
    headers: '',
    hello: undefined,
    post: (text) => postRequest('/', text, ''),
    cpuSeconds: server.cpuSeconds,
    sockets,
    perSecond,
    seconds,
  })
}

interface Measurement extends Load {
  readonly port: number
  readonly path: string
  readonly headers: string
  readonly hello: string | undefined
  readonly post: (text: string) => string
  readonly cpuSeconds: () => number
  readonly seconds: number
}

/** `#<sent at, ms>#` at the start of each body says when it was due. */
async function measure(options: Measurement): Promise<FanOut> {
  const { sockets, seconds } = options
  const latencies = new Latencies()
  let received = 0
  let inversions = 0
  let frame = ''
  const clients = []
  for (let i = 0; i < sockets; i++) {
    let last = -1
    const client = thinSocket({
      port: options.port,
      path: options.path,
      headers: options.headers,
      onFrame: (bytes, start, end) => {
        if (!isMessage(bytes, start)) return
        const mark = bytes.indexOf(0x23, start)
        if (mark < 0 || mark > end) return
        const due = bytes.toString('latin1', mark + 1, mark + 20).split('#')[0]
        const seq = seqAfter(bytes, mark)
        if (seq <= last) inversions++
        last = seq
        received++
        frame ||= bytes.toString('utf8', start, end)
        if (i % 10 === 0) latencies.add(performance.now() - Number(due))
      },
    })
    clients.push(client)
    if (i % 100 === 99) await Promise.all(clients.slice(-100).map((one) => one.open))
  }
  await Promise.all(clients.map((client) => client.open))
  if (options.hello) for (const client of clients) client.send(options.hello)
  await Bun.sleep(500 + sockets / 10)

  const cpu = { server: options.cpuSeconds(), client: process.cpuUsage() }
  const posted = await write(options)
  const expected = posted * sockets
  const patience = performance.now() + 15_000
  while (received < expected && performance.now() < patience) await Bun.sleep(20)
  const used = process.cpuUsage(cpu.client)
  for (const client of clients) client.close()
  const [p50 = Number.NaN, p99 = Number.NaN] = latencies.quantiles(0.5, 0.99)
  const serverCpu = ((options.cpuSeconds() - cpu.server) / seconds) * 100
  const clientCpu = ((used.user + used.system) / 1e6 / seconds) * 100
  return { posted, expected, received, inversions, p50, p99, frame, serverCpu, clientCpu }
}

/** Posts at a fixed rate, or (without one) each of four writers as soon as its last post was answered. */
async function write({ port, post, perSecond, seconds }: Measurement): Promise<number> {
  const closedLoop = perSecond === Number.POSITIVE_INFINITY
  const started = performance.now()
  const padding = 'x'.repeat(220)
  let posted = 0
  const next = (due: number) => {
    posted++
    writers.send(post(`#${due.toFixed(3)}#${padding}`))
  }
  const writers = await openWriters(port, 4, () => {
    if (closedLoop && performance.now() - started < seconds * 1000) next(performance.now())
  })
  if (closedLoop) {
    for (let i = 0; i < 4; i++) next(performance.now())
    await Bun.sleep(seconds * 1000)
  } else
    for (let n = 0; n < seconds * perSecond; n++) {
      const due = started + (n * 1000) / perSecond
      const wait = due - performance.now()
      if (wait > 0.5) await Bun.sleep(wait)
      next(due)
    }
  await writers.finish()
  return posted
}

/** Tells messages from other frames by their first bytes (`{"type":"me…`). */
function isMessage(bytes: Buffer, start: number): boolean {
  return bytes[start + 9] === 0x6d && bytes[start + 10] === 0x65
}

/** The place of a frame in the order; grows from one to the next. */
function seqAfter(bytes: Buffer, from: number): number {
  const at = bytes.indexOf('"seq":', from) + 6
  return Number.parseInt(bytes.toString('latin1', at, at + 16), 10)
}

function isWhole({ received, expected, inversions }: FanOut): boolean {
  return received === expected && inversions === 0
}
