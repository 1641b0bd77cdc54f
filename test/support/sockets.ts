/**
 * Clients that receive events: both forms of the WebSocket, the event stream, and polls. Each keeps everything it
 * received in order, and lets a test wait for something without sleeping.
 */
import type { WireEvent } from './ledger'

const PATIENCE_MS = 15_000
const POLL_MS = 5

/** Calls until there is a result. @throws with the name of what it waited for */
export async function until<Answer>(
  what: string,
  ask: () => Answer | undefined | false | Promise<Answer | undefined | false>,
  withinMs = PATIENCE_MS,
): Promise<Answer> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await Bun.sleep(POLL_MS)
  }
}

/** The result of a promise; undefined if time runs out first. */
export async function within<Result>(ms: number, promise: Promise<Result>): Promise<Result | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), ms)
  try {
    return await Promise.race([promise, over])
  } finally {
    clearTimeout(timer)
  }
}

/** Items that arrive one after another. */
export class Arrivals<Item> {
  readonly items: Item[] = []
  private seen = 0
  private over: string | undefined
  private waiting: (() => void)[] = []

  push(item: Item): void {
    this.items.push(item)
    this.wake()
  }

  /** No more items will arrive. */
  end(how: string): void {
    this.over ??= how
    this.wake()
  }

  /** The first match after the last one that was waited for. @throws if none arrives */
  async next(match: (item: Item) => boolean, what: string, withinMs = PATIENCE_MS): Promise<Item> {
    const deadline = performance.now() + withinMs
    for (;;) {
      while (this.seen < this.items.length) {
        const item = this.items[this.seen++]
        if (item !== undefined && match(item)) return item
      }
      const left = deadline - performance.now()
      if (this.over !== undefined || left <= 0) throw new Error(`${what} did not come: ${this.told()}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  private told(): string {
    const last = this.items.slice(-5).map((item) => JSON.stringify(item).slice(0, 200))
    return `${this.over ?? 'still open'}; ${this.items.length} came, the last: ${last.join(' ')}`
  }

  private wake(): void {
    for (const resume of this.waiting.splice(0)) resume()
  }
}

/** The headers that identify a client. */
export type Credential = Readonly<Record<string, string>>

/** Connection settings other than the runtime's defaults. A WebSocket always uses HTTP/1.1. */
export interface Via {
  readonly tls?: { readonly ca: string }
  readonly protocol?: 'http2'
}

/** A frame of the server. Its keys depend on its type. */
export interface Frame {
  readonly type: string
  readonly [key: string]: unknown
}

/** A WebSocket of the runtime's own client. */
export class LiveSocket implements Disposable {
  readonly arrivals = new Arrivals<Frame>()
  /** Every frame as it was sent. */
  readonly texts: string[] = []
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  end: { readonly code: number; readonly reason: string } | undefined
  private asked = 0

  private constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
      this.texts.push(data)
      // The server's frames are JSON objects with a type; anything else fails the test that reads it.
      this.arrivals.push(JSON.parse(data) as Frame)
    })
    this.closed = new Promise((resolve) =>
      socket.addEventListener('close', ({ code, reason }) => {
        this.end = { code, reason }
        this.arrivals.end(`closed ${code} ${reason}`)
        resolve(this.end)
      }),
    )
  }

  /** Opens one. @throws if the server refuses or does not answer */
  static async open(
    url: string,
    credential: Credential,
    options: {
      readonly path?: string
      readonly headers?: Record<string, string>
      readonly protocols?: string[]
      readonly via?: Via
    } = {},
  ): Promise<LiveSocket> {
    const { path = '/v1/ws', headers = {}, protocols, via: { tls } = {} } = options
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, {
      headers: { ...credential, ...headers },
      ...(protocols === undefined ? {} : { protocols }),
      ...(tls === undefined ? {} : { tls }),
    })
    const live = new LiveSocket(socket)
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve())
      void live.closed.then(({ code, reason }) => reject(new Error(`no WebSocket: ${code} ${reason}`)))
    })
    return live
  }

  get frames(): readonly Frame[] {
    return this.arrivals.items
  }

  /** The events among the frames. */
  get events(): (Frame & WireEvent)[] {
    return this.frames.filter(isEvent)
  }

  say(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.socket.send(bytes)
  }

  /** The next frame of a type, after the last one that was waited for. */
  next(type: string, withinMs?: number): Promise<Frame> {
    return this.arrivals.next((frame) => frame.type === type, `a frame ${type}`, withinMs)
  }

  /** Sends a frame and waits for its answer, which may be an error. */
  async ask(frame: { readonly type: string; readonly [key: string]: unknown }): Promise<Frame> {
    const id = `ask-${++this.asked}`
    this.say({ ...frame, id })
    return this.arrivals.next((answer) => answer.id === id, `an answer to ${JSON.stringify(frame)}`)
  }

  subscribe(channels: readonly string[], more: object = {}): Promise<Frame> {
    return this.ask({ type: 'subscribe', channels, ...more })
  }

  /** Waits until everything that the server has sent so far has arrived. */
  async settle(): Promise<void> {
    await this.ask({ type: 'ping' })
  }

  /** How it was closed; undefined if it is still open after that time. */
  closedWithin(withinMs: number): Promise<{ readonly code: number; readonly reason: string } | undefined> {
    return within(withinMs, this.closed)
  }

  close(): void {
    this.socket.close(1000)
  }

  /** Breaks the connection without a close frame. */
  terminate(): void {
    this.socket.terminate()
  }

  [Symbol.dispose](): void {
    this.socket.terminate()
  }
}

export function isEvent(frame: Frame): frame is Frame & WireEvent {
  return typeof frame.seq === 'number' && typeof frame.cursor === 'string'
}

/** A block of an event stream (html.spec.whatwg.org, "Server-sent events"). */
export interface Block {
  readonly id?: string
  readonly event?: string
  readonly data?: string
  readonly comment?: string
  readonly retry?: string
}

/** An event stream. */
export class EventStream implements Disposable {
  readonly arrivals = new Arrivals<Block>()
  readonly ended: Promise<void>
  text = ''

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {
    this.ended = this.read().then(
      () => this.arrivals.end('ended'),
      (error: unknown) => this.arrivals.end(`broke: ${error}`),
    )
  }

  /** Opens one, or returns the refusal of the server. */
  static async request(
    url: string,
    credential: Credential,
    options: { readonly query?: string; readonly headers?: Record<string, string>; readonly via?: Via } = {},
  ): Promise<EventStream | Response> {
    const abort = new AbortController()
    const response = await fetch(`${url}/v1/events${options.query ?? ''}`, {
      ...options.via,
      headers: { ...credential, accept: 'text/event-stream', ...options.headers },
      signal: abort.signal,
    })
    return response.ok ? new EventStream(response, abort) : response
  }

  static async open(...request: Parameters<typeof EventStream.request>): Promise<EventStream> {
    const answer = await EventStream.request(...request)
    if (answer instanceof EventStream) return answer
    throw new Error(`no event stream: ${answer.status} ${await answer.text()}`)
  }

  get blocks(): readonly Block[] {
    return this.arrivals.items
  }

  get events(): WireEvent[] {
    return this.blocks.flatMap(({ id, event, data }) =>
      event === 'hello' || id === undefined || data === undefined ? [] : [JSON.parse(data) as WireEvent],
    )
  }

  /** The next block of an event type, after the last one that was waited for. */
  next(event: string, withinMs?: number): Promise<Block> {
    return this.arrivals.next((block) => block.event === event, `an event ${event}`, withinMs)
  }

  [Symbol.dispose](): void {
    this.abort.abort()
  }

  private async read(): Promise<void> {
    if (!this.response.body) return
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of this.response.body) {
      const text = decoder.decode(chunk, { stream: true })
      this.text += text
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) this.arrivals.push(blockOf(block))
    }
  }
}

function blockOf(text: string): Block {
  const fields = text.split('\n').map((line) => {
    const colon = line.indexOf(':')
    const name = colon === 0 ? 'comment' : line.slice(0, colon)
    return [name, line.slice(colon + 1).replace(/^ /, '')] as const
  })
  return Object.fromEntries(fields)
}

/** A page of GET /v1/events. */
export interface EventPage {
  readonly events: readonly WireEvent[]
  readonly cursor: string
  readonly head_cursor: string
  readonly has_more: boolean
  readonly timed_out: boolean
}
