/** A real receiver of webhooks: it keeps what it was sent, and answers as a test says. */

/** A request that a receiver got. */
export interface Received {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

type Answer = Response | Promise<Response>

export class Receiver implements Disposable {
  readonly received: Received[] = []
  /** How it answers; default: 202. */
  answer: (request: Received) => Answer = () => new Response(null, { status: 202 })
  private readonly server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const text = await request.text()
      const body = JSON.parse(text || '{}')
      const { pathname: path } = new URL(request.url)
      const one = { path, headers: request.headers.toJSON(), text, body }
      this.received.push(one)
      return this.answer(one)
    },
  })

  get url(): string {
    return `http://127.0.0.1:${this.server.port}/hook`
  }

  /** The requests that were sent to a path. */
  at(path: string): Received[] {
    return this.received.filter((one) => one.path === path)
  }

  [Symbol.dispose](): void {
    this.server.stop(true)
  }
}
