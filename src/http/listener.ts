import type { Server } from 'bun'
import { background } from '../core/kernel/background'
import type { SocketSession } from './socket'

type BunServer = Server<SocketSession>

/** The address of a listener. */
type ListenAddress = { readonly hostname: string; readonly port: number } | { readonly unix: string }

/** Accepts connections at one address. */
export interface Listener {
  /** Undefined for the Unix socket. */
  readonly port: number | undefined
  /** Sends a text to every WebSocket of this listener that subscribed to the topic. */
  publish(topic: string, text: string): void
  /** Closes idle connections. Returns their number. */
  closeIdle(): number
  /** Answers every new connection with 503 and closes it. Open connections continue. */
  refuse(): void
  /** Accepts connections again after `refuse`. @throws Error with a `code` if the address is not available */
  accept(): void
  /** Restarts `serve` for new connections, for example with another certificate. Open connections continue. */
  renew(): void
  /** Refuses new connections, waits up to the grace period for running requests, then closes the rest. */
  stop(graceMilliseconds: number): Promise<void>
}

/**
 * A listener at one address whose server can be replaced. Bun cannot change the certificate of a running server or
 * pause it. Instead a new server takes over, and the old one keeps its connections until they end.
 */
export class SwitchableListener implements Listener {
  private current: BunServer | undefined
  private readonly before = new Set<BunServer>()
  private refusal: Disposable | undefined
  private isStopped = false
  readonly port: number | undefined

  constructor(
    private readonly place: ListenAddress,
    /** Starts a server on a port; the port found for the first server is used again for later ones. */
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
    // A running timer would keep the process alive.
    clearTimeout(timer)
    await Promise.all(servers.map((server) => server.stop(true)))
  }

  private get servers(): BunServer[] {
    return this.current ? [this.current, ...this.before] : [...this.before]
  }

  /** Releases the address. */
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
/**
 * The most rejected connections that may still read their answer. Closing at once would lose it for a client that has
 * sent a request.
 */
const LINGERING = 16
const LINGER_MILLISECONDS = 1000

/**
 * Rejects every connection to the address. Over TLS the answer is unreadable; a handshake would not be worth its cost.
 */
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
