import { Latencies } from './latencies'

/** A request as bytes, made anew for each one. */
export type RequestOf = (connection: number, count: number) => string

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly perSecond: number
  readonly latencies: Latencies
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>
}

/**
 * Closed-loop load over plain TCP: each connection sends the next request when the last one was answered. The client is
 * as thin as it can be, because it shares the machine with the server.
 */
export async function httpLoad(options: {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  readonly warmupSeconds: number
  readonly request: RequestOf
}): Promise<LoadResult> {
  const { port, connections, request } = options
  const statuses: Record<number, number> = {}
  const latencies = new Latencies()
  let requests = 0
  let measuring = false
  let running = true
  const closed: Promise<void>[] = []
  for (let connection = 0; connection < connections; connection++) {
    const { promise, resolve } = Promise.withResolvers<void>()
    closed.push(promise)
    let sentAt = 0
    let count = 0
    let rest = ''
    await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => send(socket),
        data: (socket, bytes) => {
          rest += bytes.toString('latin1')
          const end = answerLength(rest)
          if (end === undefined || rest.length < end) return
          if (measuring) {
            latencies.add(performance.now() - sentAt)
            requests++
            const status = Number(rest.slice(9, 12))
            statuses[status] = (statuses[status] ?? 0) + 1
          }
          rest = rest.slice(end)
          if (running) send(socket)
          else socket.end()
        },
        close: () => resolve(),
        error: () => resolve(),
      },
    })
    function send(socket: Bun.Socket): void {
      sentAt = performance.now()
      socket.write(request(connection, count++))
    }
  }
  await Bun.sleep(options.warmupSeconds * 1000)
  measuring = true
  const started = performance.now()
  await Bun.sleep(options.seconds * 1000)
  measuring = false
  const seconds = (performance.now() - started) / 1000
  running = false
  await Promise.race([Promise.all(closed), Bun.sleep(2000)])
  return { requests, seconds, perSecond: requests / seconds, latencies, statuses }
}

/** Length of the first answer in the text, with its headers; undefined until they are complete. */
export function answerLength(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return undefined
  const match = /content-length: (\d+)/i.exec(text.slice(0, head))
  return head + 4 + Number(match?.[1] ?? 0)
}

export function getRequest(path: string, token: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`
}

export function postRequest(path: string, body: string, headers: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`
}
