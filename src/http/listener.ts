import type { Server } from 'bun'
import { background } from '../core/kernel/background'
import type { SocketSession } from './socket'

type BunServer = Server<SocketSession>

/** Where connections come to. */
type ListenAddress = { readonly hostname: string; readonly port: number } | { readonly unix: string }

/** Something that takes connections. */
export interface Listener {
  /** Undefined for the Unix socket. */
  readonly port: number | undefined
  /** Sends a text to every WebSocket of this listener that subscribed to the topic. */
  publish(topic: string, text: string): void
  /** Closes connections that wait for a request. Answers how many. */
  closeIdle(): number
  /** Answers every new connection with 503, and keeps none. Those that are there go on. */
  refuse(): void
  /** Takes connections again after `refuse`. @throws an error with a `code` when the address cannot be had */
  accept(): void
  /** Takes new connections by what `serve` now says, such as another certificate. Those that are there go on. */
  renew(): void
  /** Refuses new connections and waits for requests in flight, at most so long; then cuts what is left. */
  stop(graceMilliseconds: number): Promise<void>
}

/**
 * One address. Bun changes neither the certificate of a server that listens, nor whether it takes connections: so another
 * one takes its place, and the one before it keeps the connections it has until they end.
 */
export class SwitchableListener implements Listener {
  private current: BunServer | undefined
  private readonly before = new Set<BunServer>()
  private refusal: Disposable | undefined
  private isStopped = false
  readonly port: number | undefined

  constructor(
    private readonly place: ListenAddress,
    /** Listens; on the port that was found for the first one. */
    private readonly serve: (port: number) => BunServer,
    private readonly report: (fault: unknown) => void,
  ) {
    this.current = serve('unix' in place ? 0 : place.port)
    this.port = this.current.port
  }

  publish(topic: string, text: string): void {
    this.current?.publish(topic, text)
    for (const server of this.before) server.publish(topic, text)
  }

  closeIdle(): number {
    return this.servers.reduce((sum, server) => sum + server.closeIdleConnections(), 0)
  }

  refuse(): void {
    if (this.refusal || this.isStopped) return
    this.leave()
    this.refusal = refusing('unix' in this.place ? this.place : { ...this.place, port: this.port ?? 0 })
  }

  accept(): void {
    if (this.isStopped) return
    this.refusal?.[Symbol.dispose]()
    this.refusal = undefined
    this.current ??= this.serve(this.port ?? 0)
  }

  renew(): void {
    if (this.refusal || this.isStopped) return
    this.leave()
    this.accept()
  }

  async stop(graceMilliseconds: number): Promise<void> {
    this.isStopped = true
    this.refusal?.[Symbol.dispose]()
    const { servers } = this
    const finished = Promise.all(servers.map((server) => server.stop()))
    const grace = Promise.withResolvers<void>()
    const timer = setTimeout(grace.resolve, graceMilliseconds)
    await Promise.race([finished, grace.promise])
    // Left running it would keep the process alive for as long.
    clearTimeout(timer)
    await Promise.all(servers.map((server) => server.stop(true)))
  }

  private get servers(): BunServer[] {
    return this.current ? [this.current, ...this.before] : [...this.before]
  }

  /** The address is free afterwards. */
  private leave(): void {
    const { current } = this
    if (!current) return
    this.current = undefined
    this.before.add(current)
    background(
      current.stop().then(() => this.before.delete(current)),
      this.report,
    )
  }
}

const ANSWER = '{"detail":"The server has no room for another connection","code":"too_many_connections"}'
const REFUSAL = [
  'HTTP/1.1 503 Service Unavailable',
  'Retry-After: 5',
  'Connection: close',
  'Cache-Control: no-store',
  'Content-Type: application/json',
  `Content-Length: ${ANSWER.length}`,
  '',
  ANSWER,
].join('\r\n')
/** So many may read their answer; to close a connection at once cuts it off for who has sent a request. */
const LINGERING = 16
const LINGER_MILLISECONDS = 1000

/** Refuses whoever comes to this address. Over TLS, which would cost more than it gives, the answer is unreadable. */
function refusing(place: ListenAddress): Disposable {
  const lingering = new Set<Bun.Socket>()
  const socket = {
    open: (socket: Bun.Socket) => {
      if (lingering.size >= LINGERING) {
        socket.terminate()
        return
      }
      lingering.add(socket)
      socket.end(REFUSAL)
      setTimeout(() => socket.terminate(), LINGER_MILLISECONDS)
    },
    data: () => {},
    close: (socket: Bun.Socket) => {
      lingering.delete(socket)
    },
    error: () => {},
  }
  const listener = 'unix' in place ? Bun.listen({ ...place, socket }) : Bun.listen({ ...place, socket })
  return { [Symbol.dispose]: () => listener.stop() }
}
