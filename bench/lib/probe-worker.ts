// Asks /healthz over and over, on a thread of its own, so that the work of the benchmark delays nothing: probe.ts.
import { Latencies } from './latencies'

declare const self: Worker

const EVERY_MILLISECONDS = 2

let latencies = new Latencies()
let worst = 0
let asked: (() => void) | undefined

self.onmessage = ({ data }: MessageEvent<{ port: number } | 'take'>) => {
  if (data === 'take') asked = report
  else void Bun.connect({ hostname: '127.0.0.1', port: data.port, socket: { open: ask, data: heard } })
}

let sentAt = 0

function ask(socket: Bun.Socket): void {
  sentAt = performance.now()
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
}

/** The answer is short and comes in one piece. */
function heard(socket: Bun.Socket): void {
  const waited = performance.now() - sentAt
  latencies.add(waited)
  worst = Math.max(worst, waited)
  asked?.()
  asked = undefined
  setTimeout(() => ask(socket), EVERY_MILLISECONDS)
}

function report(): void {
  const [p99 = 0] = latencies.quantiles(0.99)
  self.postMessage({ worst, p99, count: latencies.count })
  latencies = new Latencies()
  worst = 0
}
