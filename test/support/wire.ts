/**
 * A TCP proxy between a page and its server, by which a test loses, delays and cuts what goes over the network:
 *
 *   wire.rule = (request) => (request.startsWith('POST /v1/messages') ? 'hold' : 'pass')
 *   …
 *   wire.release()
 */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What becomes of an answer. `hold`: it waits for `release`, or is lost with its connection. `cut`: its first byte ends the
 * connection, after the server has acted. `stall`: it is not even read, so that the server notices a slow reader.
 */
export type Fate = 'pass' | 'hold' | 'cut' | 'stall'

/** The request of the socket with the live events. */
export const isSocket = (request: string): boolean => request.startsWith('GET /v1/ws')

const REQUEST = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \S+/

interface Line {
  readonly near: Socket
  readonly far: Socket
  request: string
  held: Buffer[]
}

export class Wire implements AsyncDisposable {
  /** The fate of the answer to a request such as `POST /v1/messages`. It is asked for each part of an answer. */
  rule: (request: string) => Fate = () => 'pass'
  /** The requests whose answer was cut. */
  readonly cuts: string[] = []
  private readonly lines = new Set<Line>()
  private isDown = false

  private constructor(
    private readonly server: Server,
    private readonly target: () => number,
  ) {
    server.on('connection', (near: Socket) => this.join(near))
  }

  /** `target`: the port of the server now. */
  static async open(target: () => number): Promise<Wire> {
    const server = createServer()
    const wire = new Wire(server, target)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return wire
  }

  get port(): number {
    // A TCP server has an address of this form.
    return (this.server.address() as AddressInfo).port
  }

  /** The requests whose answers are held now. */
  get held(): string[] {
    return [...this.lines].filter(({ held }) => held.length > 0).map(({ request }) => request)
  }

  /** From now on everything passes, what was held first. */
  release(): void {
    this.rule = () => 'pass'
    for (const line of this.lines) {
      line.far.resume()
      for (const part of line.held.splice(0)) line.near.write(part)
    }
  }

  /** Ends the connections of these requests; default: all. */
  cut(which: (request: string) => boolean = () => true): void {
    for (const { near, far, request } of this.lines)
      if (which(request)) for (const one of [near, far]) one.destroy()
  }

  /** Ends all connections, and each new one, until `mend`. */
  break(): void {
    this.isDown = true
    this.cut()
  }

  mend(): void {
    this.isDown = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.server.close()
  }

  private join(near: Socket): void {
    if (this.isDown) return void near.destroy()
    const far = connect(this.target(), '127.0.0.1')
    const line: Line = { near, far, request: '', held: [] }
    this.lines.add(line)
    near.on('data', (part) => {
      const request = REQUEST.exec(part.toString('latin1', 0, 200))?.[0]
      // A socket carries no further requests.
      if (request !== undefined && !isSocket(line.request)) line.request = request
      far.write(part)
    })
    far.on('data', (part) => this.carry(line, Buffer.from(part)))
    for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
      socket.on('error', () => {})
      socket.on('end', () => other.end())
      socket.on('close', () => {
        this.lines.delete(line)
        other.destroy()
      })
    }
  }

  private carry(line: Line, part: Buffer): void {
    const fate = this.rule(line.request)
    switch (fate) {
      case 'cut':
        this.cuts.push(line.request)
        line.near.resetAndDestroy()
        return
      case 'stall':
        line.far.pause()
        line.held.push(part)
        return
      case 'hold':
        line.held.push(part)
        return
      case 'pass':
        if (line.held.length > 0) line.held.push(part)
        else line.near.write(part)
    }
  }
}
