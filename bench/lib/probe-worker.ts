// Asks a server on a schedule, on a thread of its own, so that the work of the benchmark delays nothing: probe.ts.
import { answerLength } from './http-load'
import { Latencies } from './latencies'
import type { Question, Schedule, Taken, Waits } from './probe'
import { thinSocket } from './websocket-load'

declare const self: Worker

/** A connection over which one question is asked. */
interface Connection {
  ask(): void
}

class Tally {
  private latencies = new Latencies()

  add(milliseconds: number): void {
    this.latencies.add(milliseconds)
  }

  take(): Waits {
    const { latencies } = this
    this.latencies = new Latencies()
    const [p50 = 0, p99 = 0, worst = 0] = latencies.quantiles(0.5, 0.99, 1)
    return { p50, p99, worst, count: latencies.count }
  }
}

const timer = new Tally()
let refused = 0

/** One question and its waits. */
class Series {
  private readonly waits = new Tally()
  /** Scheduled times of what was asked and is not answered. */
  private asked: number[] = []
  /** Scheduled times since. */
  private due: number[] = []
  private taken: { after: number; resolve: (waits: Waits) => void } | undefined
  private connection: Connection | undefined

  async connect(port: number, question: Question): Promise<void> {
    this.connection = await connect(port, question, () => this.answered())
  }

  schedule(at: number): void {
    this.due.push(at)
    if (this.asked.length === 0) this.ask()
  }

  /** Resolves at the answer to the first question that falls due after this call, hence to all before it. */
  take(): Promise<Waits> {
    const { promise, resolve } = Promise.withResolvers<Waits>()
    this.taken = { after: performance.now(), resolve }
    return promise
  }

  private ask(): void {
    this.asked = this.due
    this.due = []
    this.connection?.ask()
  }

  private answered(): void {
    const now = performance.now()
    for (const at of this.asked) this.waits.add(now - at)
    const last = this.asked.at(-1) ?? 0
    this.asked = []
    if (this.taken && last > this.taken.after) {
      this.taken.resolve(this.waits.take())
      this.taken = undefined
    }
    if (this.due.length > 0) this.ask()
  }
}

const series = new Map<string, Series>()

self.onmessage = ({ data }: MessageEvent<Schedule | 'take'>) => {
  if (data === 'take') void take()
  else void start(data)
}

async function take(): Promise<void> {
  const all = [...series].map(async ([name, one]) => [name, await one.take()] as const)
  const waits = Object.fromEntries(await Promise.all(all))
  self.postMessage({ waits, timer: timer.take(), refused } satisfies Taken)
  refused = 0
}

async function start({ port, questions, everyMilliseconds }: Schedule): Promise<void> {
  for (const question of questions) series.set(question.name, new Series())
  for (const question of questions) await series.get(question.name)?.connect(port, question)
  const begun = performance.now()
  let index = 0
  for (const one of series.values())
    repeat(one, begun + (everyMilliseconds * index++) / series.size, everyMilliseconds)
}

/** Timers count whole milliseconds, so what is due within the next one is asked at once. */
function repeat(one: Series, first: number, everyMilliseconds: number): void {
  let next = first
  const tick = () => {
    const now = performance.now()
    timer.add(Math.max(0, now - next))
    for (; next - now < 1; next += everyMilliseconds) one.schedule(Math.min(next, now))
    setTimeout(tick, Math.floor(next - now))
  }
  tick()
}

function connect(port: number, question: Question, onAnswer: () => void): Promise<Connection> {
  return 'request' in question
    ? overHttp(port, question.request, onAnswer)
    : overWebSocket(port, question, onAnswer)
}

async function overHttp(port: number, request: string, onAnswer: () => void): Promise<Connection> {
  let rest = ''
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data: (_, bytes) => {
        rest += bytes.toString('latin1')
        const end = answerLength(rest)
        if (end === undefined || rest.length < end) return
        if (rest.slice(9, 12) !== '200') refused++
        rest = rest.slice(end)
        onAnswer()
      },
    },
  })
  return { ask: () => socket.write(request) }
}

async function overWebSocket(
  port: number,
  question: Extract<Question, { frame: string }>,
  onAnswer: () => void,
): Promise<Connection> {
  const { path, headers, frame, answer } = question
  const socket = thinSocket({
    port,
    path,
    headers,
    onFrame: (bytes, start) => {
      // Other frames come on their own, such as positions.
      if (bytes.toString('latin1', start, start + answer.length) === answer) onAnswer()
    },
  })
  await socket.open
  return { ask: () => socket.send(frame) }
}
