import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What a proxy does with a stream: `cuts` it at its request, `greets` it and cuts it after hello, or `holds` back what the
 * server sends, as one that buffers.
 */
export type Treatment = 'passes' | 'cuts' | 'greets' | 'holds'

const EVENT_STREAM = /^accept: *text\/event-stream/im
const WEBSOCKET = /^upgrade: *websocket/im

/** A proxy before a server, which cuts connections when it is told, and does not pass every kind of stream. */
export class TestProxy implements AsyncDisposable {
  eventStreams: Treatment = 'passes'
  sockets: Treatment = 'passes'
  /** What it does with all other requests. */
  requests: Treatment = 'passes'
  /** Streams of either kind that began. */
  begun = 0
  /** When they began, in milliseconds. */
  readonly begunAt: number[] = []
  /** Connections so far. */
  taken = 0
  /** What the proxy answers itself, by path: a content type and a text. */
  readonly pages = new Map<string, readonly [type: string, text: string]>()
  private readonly open = new Set<Socket>()
  private readonly holds = new Set<() => void>()

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async before(target: string): Promise<TestProxy> {
    const server = createServer((socket) => proxy.take(socket, new URL(target)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    const proxy = new TestProxy(server, `http://127.0.0.1:${address.port}`)
    return proxy
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.open) socket.destroy()
  }

  /** Sends nothing more on the connections that are open. */
  holdAll(): void {
    for (const hold of this.holds) hold()
  }

  private take(client: Socket, { hostname, port }: URL): void {
    this.taken++
    const server = connect(Number(port), hostname)
    let treatment: Treatment = 'passes'
    const hold = () => {
      treatment = 'holds'
    }
    this.holds.add(hold)
    client.on('close', () => this.holds.delete(hold))
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.open.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        this.open.delete(one)
        other.destroy()
      })
    }
    client.on('data', (sent) => {
      const head = sent.toString('latin1')
      const page = this.pages.get(/^GET ([^ ?]+)/.exec(head)?.[1] ?? '')
      if (page) return client.end(answer(...page))
      const isStream = EVENT_STREAM.test(head)
      const isSocket = WEBSOCKET.test(head)
      if (isStream || isSocket) {
        this.begun++
        this.begunAt.push(performance.now())
      }
      treatment = isStream ? this.eventStreams : isSocket ? this.sockets : this.requests
      if (treatment === 'cuts') return client.destroy()
      return server.write(sent)
    })
    server.on('data', (sent) => {
      if (treatment === 'greets' && sent.includes('event: hello')) client.end(sent)
      else if (treatment !== 'holds') client.write(sent)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
  }
}

function answer(type: string, text: string): string {
  const length = Buffer.byteLength(text)
  return `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${text}`
}
