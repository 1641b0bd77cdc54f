import { connect, createServer, type Server, type Socket } from 'node:net'

/** The number of bytes from the server so far that get through; undefined means all. */
export type Cut = (sent: string) => number | undefined

/** The cut of one stream, which reconnects when the test allows it. */
export interface Breaking {
  /** Resolves when the first connection has received hello. */
  readonly opened: Promise<void>
  /** Resolves when everything before the cut was passed on. */
  readonly reached: Promise<void>
  /** Breaks the connection. */
  cut(): void
  /** Lets the stream connect again. */
  mend(): void
}

interface Rule {
  readonly cut: Cut
  readonly opened: PromiseWithResolvers<void>
  readonly reached: PromiseWithResolvers<void>
  readonly broken: PromiseWithResolvers<void>
  readonly mended: PromiseWithResolvers<void>
  isUsed: boolean
}

const PAGE = '<!doctype html><title>a page</title><link rel="icon" href="data:,">'

/**
 * A proxy that breaks connections to one server at a given point. A stream names its cut in its address (`cut=…`); its
 * later connections are held until the cut is over, and then get through. Clients reconnect after 20 ms instead of 2 s.
 */
export class CuttingProxy implements AsyncDisposable {
  private readonly rules = new Map<string, Rule>()
  private readonly sockets = new Set<Socket>()

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(target: string): Promise<CuttingProxy> {
    const server = createServer((socket) => proxy.take(socket, new URL(target)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    const proxy = new CuttingProxy(server, `http://127.0.0.1:${address.port}`)
    return proxy
  }

  /** A page of the same origin, from which a browser can open streams. */
  get page(): string {
    return `${this.url}/a-page`
  }

  breaks(name: string, cut: Cut): Breaking {
    const opened = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const broken = Promise.withResolvers<void>()
    const mended = Promise.withResolvers<void>()
    this.rules.set(name, { cut, opened, reached, broken, mended, isUsed: false })
    return {
      opened: opened.promise,
      reached: reached.promise,
      cut: () => broken.resolve(),
      mend: () => mended.resolve(),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private take(client: Socket, { hostname, port }: URL): void {
    this.keep(client)
    client.once('data', async (head: Buffer) => {
      client.pause()
      const request = head.toString('latin1')
      if (request.startsWith('GET /a-page ')) {
        client.end(
          `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${PAGE.length}\r\nConnection: close\r\n\r\n${PAGE}`,
        )
        return
      }
      const rule = this.rules.get(/[?&]cut=([\w-]+)/.exec(request)?.[1] ?? '')
      const cut = rule?.isUsed === false ? rule.cut : undefined
      if (rule?.isUsed) await rule.mended.promise
      if (rule) rule.isUsed = true
      const upstream = connect(Number(port), hostname, () => upstream.write(head))
      this.keep(upstream)
      client.on('data', (data) => upstream.write(data))
      client.resume()
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        one.on('close', () => other.destroy())
      let sent = ''
      let isHeld = false
      void rule?.broken.promise.then(() => {
        if (cut) client.destroy()
      })
      upstream.on('data', (data: Buffer) => {
        // A browser waits as long as `retry` says. The length of the text does not change.
        const text = data.toString('latin1').replace('retry: 2000', 'retry: 0020')
        const passed = sent.length
        sent += text
        if (sent.includes('event: hello')) rule?.opened.resolve()
        const end = cut?.(sent)
        if (!isHeld) client.write(sent.slice(passed, end), 'latin1')
        isHeld = end !== undefined
        if (isHeld) rule?.reached.resolve()
      })
    })
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.sockets.delete(socket))
  }
}
