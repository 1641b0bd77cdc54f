/**
 * Clients that misbehave: a TCP connection that a test controls, and a WebSocket written by hand on it. They can stop
 * reading, so that first the kernel's buffers fill and then the server's; leave pings unanswered; and send what no
 * library sends.
 */
import { connect, type Socket } from 'node:net'
import { within } from './sockets'

const PATIENCE_MS = 10_000

/** How a connection ended: the peer closed it, or it broke. */
export type Ending = 'fin' | 'reset'

/** A connection that reads only while it is told to. */
export class RawConnection implements Disposable {
  /** Everything that was received and not yet taken. */
  buffered: Buffer = Buffer.alloc(0)
  /** The number of bytes received. */
  total = 0
  readonly ended: Promise<Ending>
  private ending: Ending | undefined
  private whenMore: (() => void)[] = []

  private constructor(private readonly socket: Socket) {
    const { promise, resolve } = Promise.withResolvers<Ending>()
    this.ended = promise
    const end = (how: Ending) => {
      this.ending ??= how
      resolve(this.ending)
      this.wake()
    }
    socket.on('data', (chunk: Buffer) => {
      this.total += chunk.length
      this.buffered = this.buffered.length === 0 ? chunk : Buffer.concat([this.buffered, chunk])
      this.wake()
    })
    socket.on('end', () => end('fin'))
    socket.on('error', () => end('reset'))
    socket.on('close', () => end('reset'))
  }

  static open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        socket.setNoDelay(true)
        resolve(new RawConnection(socket))
      })
    })
  }

  /** The local port. */
  get port(): number {
    return this.socket.localPort ?? 0
  }

  write(data: string | Uint8Array): void {
    if (this.ending !== 'reset') this.socket.write(data)
  }

  /** Closes the sending half; received data is still read. */
  finish(): void {
    this.socket.end()
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  take(length: number): Buffer {
    const taken = this.buffered.subarray(0, length)
    this.buffered = this.buffered.subarray(length)
    return taken
  }

  /** Waits until `ask` finds something in the received data; undefined if the connection ends or time runs out first. */
  async when<Found>(ask: () => Found | undefined, withinMs = PATIENCE_MS): Promise<Found | undefined> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const found = ask()
      const left = deadline - performance.now()
      if (found !== undefined || this.ending !== undefined || left <= 0) return found
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.whenMore.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** How it ended; undefined if it is still open after that time. Keeps reading, so that an end can be seen. */
  endedWithin(withinMs: number): Promise<Ending | undefined> {
    this.resume()
    return within(withinMs, this.ended)
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  /** Makes every waiting call check again. */
  wake(): void {
    for (const resume of this.whenMore.splice(0)) resume()
  }
}

/** An answer as it was sent. */
export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** The answer at the start of the received data, once its head and a body of known length are complete. */
export function answerIn(connection: RawConnection): RawAnswer | undefined {
  const text = connection.buffered.toString('latin1')
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
  const length = Number(headers.get('content-length') ?? 0)
  if (connection.buffered.length < headEnd + 4 + length) return undefined
  const head = connection.take(headEnd + 4)
  const body = connection.take(length).toString('utf8')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0)
  return head.length === 0 ? undefined : { status, headers, body }
}

/** Reads a body that comes in chunks (RFC 9112 §7.1): answers, each time it is called, the text that has come since. */
export function chunkedBody(connection: RawConnection): () => string {
  const decoder = new TextDecoder()
  return () => {
    let text = ''
    for (;;) {
      const lineEnd = connection.buffered.indexOf('\r\n')
      const size =
        lineEnd < 0 ? Number.NaN : Number.parseInt(connection.buffered.toString('latin1', 0, lineEnd), 16)
      if (Number.isNaN(size) || connection.buffered.length < lineEnd + 2 + size + 2) return text
      connection.take(lineEnd + 2)
      text += decoder.decode(connection.take(size), { stream: true })
      connection.take(2)
    }
  }
}

/** Sends raw bytes and returns the reply: an answer, a close, or nothing within the time. */
export async function exchange(
  url: string,
  bytes: string | Uint8Array,
  withinMs = PATIENCE_MS,
): Promise<RawAnswer | 'closed' | 'silence'> {
  using connection = await RawConnection.open(url)
  connection.write(bytes)
  const answer = await connection.when(() => answerIn(connection), withinMs)
  if (answer) return answer
  return (await connection.endedWithin(0)) === undefined ? 'silence' : 'closed'
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameShape {
  readonly opcode: keyof typeof opcodes | number
  readonly payload?: string | Uint8Array
  readonly fin?: boolean
  /** The three reserved bits as a number. */
  readonly rsv?: number
  readonly masked?: boolean
  /** How the length is written: as short as possible, or always in 16 or 64 bits. */
  readonly lengthBits?: 7 | 16 | 64
  /** The length to write if it differs from that of the payload. */
  readonly declared?: bigint
}

/** A frame of RFC 6455 §5.2, well formed or not. */
export function frame({
  opcode,
  payload = '',
  fin = true,
  rsv = 0,
  masked = true,
  ...shape
}: FrameShape): Buffer {
  const data = Buffer.from(payload)
  const length = shape.declared ?? BigInt(data.length)
  const bits = shape.lengthBits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64)
  const code = typeof opcode === 'number' ? opcode : opcodes[opcode]
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | code
  head[1] = (masked ? 0x80 : 0) | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127)
  if (bits === 16) head.writeUInt16BE(Number(length), 2)
  if (bits === 64) head.writeBigUInt64BE(length, 2)
  if (!masked) return Buffer.concat([head, data])
  const mask = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([head, mask, data.map((byte, i) => byte ^ (mask[i % 4] ?? 0))])
}

/** The payload of a close frame. */
export function closing(code: number, reason: string | Uint8Array = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)])
}

/** How a WebSocket ended: with a close frame of this code (1005: without a code), or without a close frame (1006). */
export interface SocketEnd {
  readonly code: number
  readonly reason: string
}

/** A WebSocket opened by hand. It keeps reading until `pause`. */
export class RawWebSocket implements Disposable {
  /** Text frames, in order. */
  readonly texts: string[] = []
  pings = 0
  pongs = 0
  end: SocketEnd | undefined
  readonly ended: Promise<SocketEnd>

  private constructor(
    readonly connection: RawConnection,
    readonly answer: RawAnswer,
    private readonly answersPings: boolean,
  ) {
    this.ended = this.read()
  }

  /** Opens it. @throws if the server refuses, with the status and body */
  static async open(
    url: string,
    options: {
      readonly path?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly answersPings?: boolean
    } = {},
  ): Promise<RawWebSocket> {
    const connection = await RawConnection.open(url)
    connection.write(handshake(url, options.path ?? '/v1/ws', options.headers))
    const answer = await connection.when(() => answerIn(connection))
    if (answer?.status === 101) return new RawWebSocket(connection, answer, options.answersPings ?? true)
    connection[Symbol.dispose]()
    throw new Error(`no WebSocket: ${answer?.status ?? 'no answer'} ${answer?.body ?? ''}`)
  }

  send(shape: FrameShape): void {
    this.connection.write(frame(shape))
  }

  say(value: object): void {
    this.send({ opcode: 'text', payload: JSON.stringify(value) })
  }

  pause(): void {
    this.connection.pause()
  }

  resume(): void {
    this.connection.resume()
  }

  /** The first text frame from `from` on that contains `part`. @throws if none arrives */
  async text(part: string, { from = 0, withinMs = PATIENCE_MS } = {}): Promise<string> {
    const found = await this.connection.when(
      () => this.texts.slice(from).find((text) => text.includes(part)),
      withinMs,
    )
    if (found === undefined)
      throw new Error(
        `no frame with ${part} came; ${this.texts.length} others, end: ${JSON.stringify(this.end)}`,
      )
    return found
  }

  /** How it ended; undefined if it is still open after that time. */
  async endedWithin(withinMs: number): Promise<SocketEnd | undefined> {
    const ending = await this.connection.endedWithin(withinMs)
    return this.end ?? (ending === undefined ? undefined : await this.ended)
  }

  [Symbol.dispose](): void {
    this.connection[Symbol.dispose]()
  }

  private async read(): Promise<SocketEnd> {
    const { connection } = this
    while (this.end === undefined) {
      const next = await connection.when(() => frameIn(connection), 3_600_000)
      if (next === undefined) this.end = { code: 1006, reason: '' }
      else this.take(next)
      connection.wake()
    }
    return this.end
  }

  private take({ opcode, payload }: { opcode: number; payload: Buffer }): void {
    if (opcode === opcodes.text) this.texts.push(payload.toString('utf8'))
    if (opcode === opcodes.pong) this.pongs++
    if (opcode === opcodes.ping) {
      this.pings++
      if (this.answersPings) this.send({ opcode: 'pong', payload })
    }
    if (opcode === opcodes.close)
      this.end = {
        code: payload.length >= 2 ? payload.readUInt16BE(0) : 1005,
        reason: payload.subarray(2).toString('utf8'),
      }
  }
}

/** The request that opens a WebSocket. */
export function handshake(url: string, path: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = {
    Host: new URL(url).host,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': btoa('0123456789abcdef'),
    'Sec-WebSocket-Version': '13',
    ...headers,
  }
  const text = Object.entries(lines).map(([name, value]) => `${name}: ${value}`)
  return `GET ${path} HTTP/1.1\r\n${text.join('\r\n')}\r\n\r\n`
}

/** The frame at the start of the received data, once it is complete. */
function frameIn(connection: RawConnection): { opcode: number; payload: Buffer } | undefined {
  const { buffered } = connection
  if (buffered.length < 2) return undefined
  const short = (buffered[1] ?? 0) & 0x7f
  const headLength = short === 127 ? 10 : short === 126 ? 4 : 2
  if (buffered.length < headLength) return undefined
  const length =
    short === 127 ? Number(buffered.readBigUInt64BE(2)) : short === 126 ? buffered.readUInt16BE(2) : short
  if (buffered.length < headLength + length) return undefined
  const opcode = (buffered[0] ?? 0) & 0x0f
  connection.take(headLength)
  return { opcode, payload: connection.take(length) }
}
