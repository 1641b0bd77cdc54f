import { chmodSync, rmSync } from 'node:fs'
import type { Server, ServerWebSocket } from 'bun'
import { KEEP_ALIVE_SECONDS, notePeer, type Peer } from './client'
import { failureOf, HttpError, renderError } from './errors'
import { type Listener, SwitchableListener } from './listener'
import type { HttpServer } from './server'
import type { SocketSession } from './socket'
import { underPlainUrl } from './target'

/** Above all our own limits, because Bun's own 413 has an empty body. A body that is not read is not received either. */
const MAX_REQUEST_BYTES = 2 * 1024 * 1024 * 1024 - 1
const SOCKET_IDLE_SECONDS = 60
const MAX_FRAME_BYTES = 64 * 1024
/** A backstop behind the hub's limit, which parks and closes slow readers much earlier. */
const SOCKET_FUSE_BYTES = 4 * 1024 * 1024

const websocket = {
  maxPayloadLength: MAX_FRAME_BYTES,
  idleTimeout: SOCKET_IDLE_SECONDS,
  backpressureLimit: SOCKET_FUSE_BYTES,
  closeOnBackpressureLimit: true,
  perMessageDeflate: false,
  open: (socket: ServerWebSocket<SocketSession>) => socket.data.open(socket),
  message: (socket: ServerWebSocket<SocketSession>, frame: string | Buffer) => {
    socket.data.heard()
    socket.data.message(frame)
  },
  ping: (socket: ServerWebSocket<SocketSession>) => socket.data.heard(),
  pong: (socket: ServerWebSocket<SocketSession>) => socket.data.heard(),
  drain: (socket: ServerWebSocket<SocketSession>) => socket.data.drain(),
  close: (socket: ServerWebSocket<SocketSession>) => socket.data.close(),
}

/**
 * Listens on a TCP address. `accepts` judges the peer's address before its request is read.
 * @throws Error with the code EADDRINUSE, EADDRNOTAVAIL or EACCES
 */
export function listenTcp(options: {
  readonly host: string
  readonly port: number
  readonly accepts: ((address: string) => boolean) | null
  /** Whether every accepted caller is the operator. Only for loopback. */
  readonly rescue: boolean
  /** The certificate for HTTPS; read again at each renewal. */
  readonly tls: (() => { readonly cert: string; readonly key: string }) | undefined
  readonly http: HttpServer
  readonly report: (fault: unknown) => void
  /** Idle time of a connection between requests, up to 255 seconds. */
  readonly keepAliveSeconds?: number
}): Listener {
  const { host, port, accepts, rescue, tls, http, report, keepAliveSeconds = KEEP_ALIVE_SECONDS } = options
  const kind: TcpKind = { secure: tls !== undefined, rescue }
  const serve = (at: number) =>
    Bun.serve<SocketSession>({
      hostname: host,
      port: at,
      // Otherwise a second server on the port would start silently and take half of the connections.
      reusePort: false,
      development: false,
      // Bun allows ten seconds for the first request of a connection, whatever this value is.
      idleTimeout: keepAliveSeconds,
      maxRequestBodySize: MAX_REQUEST_BYTES,
      fetch: (request, self) => {
        const peer = new TcpPeer(self, request, kind)
        const isRemote = accepts !== null && !(peer.address !== null && accepts(peer.address))
        const refused = isRemote ? remoteRefusal() : rescue ? refusalInRescue(request) : undefined
        if (refused) {
          notePeer(request, peer)
          return http.refuse(request, refused)
        }
        const routed = routable(request)
        notePeer(routed, peer)
        return http.fetch(routed)
      },
      error: () => unexpected(),
      websocket,
      ...(tls === undefined ? {} : { tls: tls() }),
    })
  return new SwitchableListener({ hostname: host, port }, serve, report)
}

/** The router finds the path only in `http://` URLs. */
function routable(request: Request): Request {
  return request.url.startsWith('http://') ? request : underPlainUrl(request)
}

/** Shared by all connections of a listener. */
interface TcpKind {
  readonly secure: boolean
  readonly rescue: boolean
}

const OWN_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Without a credential only a direct local request is accepted: not one through a proxy, and not one from a page of a
 * site whose name was pointed here (DNS rebinding).
 */
function refusalInRescue(request: Request): HttpError | undefined {
  const proxy = [...request.headers.keys()].find(isOfProxies)
  if (proxy !== undefined)
    return new HttpError(
      403,
      'proxied_request_refused',
      `Rescue mode accepts no requests through proxies (${proxy})`,
    )
  const host = (request.headers.get('host') ?? '').toLowerCase().replace(/:\d*$/, '')
  if (OWN_HOSTS.has(host)) return undefined
  return new HttpError(421, 'host_not_local', 'Rescue mode answers only to localhost, 127.0.0.1 and [::1]')
}

/**
 * The peer of a request over TCP. Its address is looked up when first asked for, because few requests need it, and then
 * kept.
 */
class TcpPeer implements Peer {
  readonly transport = 'tcp'
  held = false
  private known: string | undefined

  constructor(
    private readonly server: Server<SocketSession>,
    private readonly request: Request,
    private readonly kind: TcpKind,
  ) {}

  get secure(): boolean {
    return this.kind.secure
  }

  get rescue(): boolean {
    return this.kind.rescue
  }

  get address(): string | null {
    this.known ??= this.server.requestIP(this.request)?.address
    return this.known ?? null
  }

  upgrade(data: object, headers: Record<string, string>): boolean {
    // The data of a socket is always a session of a surface.
    return this.server.upgrade(this.request, { data: data as SocketSession, headers })
  }

  hold(seconds = 0): void {
    this.held = true
    this.server.timeout(this.request, seconds)
  }
}

/** The peer of a request over the Unix socket. */
class LocalPeer implements Peer {
  readonly transport = 'local'
  readonly address = null
  readonly secure = false
  held = false

  constructor(
    private readonly server: Server<SocketSession>,
    private readonly request: Request,
  ) {}

  hold(seconds = 0): void {
    this.held = true
    this.server.timeout(this.request, seconds)
  }
}

/**
 * Listens on a Unix socket. The file mode is the credential of the local operator, so the directory must be private.
 */
export function listenUnix(path: string, http: HttpServer, report: (fault: unknown) => void): Listener {
  const serve = () => {
    // The holder of the home's lock may remove the socket of a killed server.
    rmSync(path, { force: true })
    const server = Bun.serve<SocketSession>({
      unix: path,
      development: false,
      maxRequestBodySize: MAX_REQUEST_BYTES,
      fetch: (request, self) => {
        const routed = routable(request)
        notePeer(routed, new LocalPeer(self, request))
        const refused = refusalOnSocket(request)
        return refused ? http.refuse(routed, refused) : http.fetch(routed)
      },
      error: () => unexpected(),
      websocket,
    })
    chmodSync(path, 0o600)
    return server
  }
  return new SwitchableListener({ unix: path }, serve, report)
}

/** Rejects requests that came through a proxy or from a web page. */
function refusalOnSocket({ headers }: Request): HttpError | undefined {
  const foreign = [...headers.keys()].find(isOfProxiesOrPages)
  if (foreign !== undefined) {
    const message = `The local socket takes no requests of proxies or pages (${foreign})`
    return new HttpError(403, 'socket_is_local_only', message)
  }
  if (!headers.has('upgrade')) return undefined
  return new HttpError(426, 'socket_no_websocket', 'The local socket has no WebSockets')
}

function isOfProxiesOrPages(header: string): boolean {
  return header === 'origin' || isOfProxies(header)
}

function isOfProxies(header: string): boolean {
  return header === 'forwarded' || header.startsWith('x-forwarded-')
}

function remoteRefusal(): HttpError {
  return new HttpError(403, 'remote_not_allowed', 'This server accepts no clients from your address')
}

/** The answer if even the rejection failed. */
function unexpected(): Response {
  const requestId = Bun.randomUUIDv7()
  const { status, body } = renderError(failureOf(new Error('unexpected')), requestId)
  return new Response(body, {
    status,
    headers: {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-request-id': requestId,
    },
  })
}
