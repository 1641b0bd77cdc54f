/** Opens the addresses of the server: decides which are allowed, who may connect to each, and whether they use TLS. */

import type { Config } from '../config'
import { OperatorError } from '../core/kernel/operator-error'
import {
  acceptsPeer,
  type BindDecision,
  CertificateWatch,
  checkBind,
  checkLan,
  localName,
  readTls,
  type TlsPair,
  urlHost,
} from '../home'
import { listenTcp, listenUnix } from '../http/listen'
import type { Listener } from '../http/listener'
import type { HttpServer } from '../http/server'
import type { Logger } from '../platform/logger'

/** Options of a run beyond the configuration. */
export interface RunOptions {
  /** Rescue mode: every request from this machine is the operator's. */
  readonly rescue?: boolean
  /** The addresses of this machine; default: those that the system lists. */
  readonly addresses?: () => readonly string[]
}

/** The addresses to open, decided before any of them is opened. */
export interface BindPlan {
  readonly bind: Extract<BindDecision, { ok: true }>
  readonly tls: TlsPair | undefined
  readonly rescue: boolean
  /** Lines to log as warnings. */
  readonly notices: readonly string[]
}

/** Decides where to listen. @throws OperatorError if an address is not allowed */
export function planBind(config: Config, { rescue = false, addresses }: RunOptions): BindPlan {
  const bind = rescue
    ? checkBind(['127.0.0.1'], false)
    : config.lan
      ? checkLan(config.allowPublicBind, addresses?.())
      : checkBind(config.hosts, config.allowPublicBind)
  if (!bind.ok) throw bind.refusal
  const tls = config.tls === undefined || rescue ? undefined : readTls(config.tls)
  const notices = [
    ...bind.notices,
    ...(rescue ? ['RESCUE MODE: every program on this machine is the operator, without a credential'] : []),
    ...(config.lan && tls === undefined && !rescue
      ? ['tokens travel unencrypted in this network; use --tls-cert and --tls-key, or a TLS proxy']
      : []),
  ]
  return { bind, tls, rescue, notices }
}

/** Refuses rescue mode for a server with a public address. @throws OperatorError */
export function refusePublicRescue({ rescue }: BindPlan, baseUrl: string | null): void {
  if (!rescue || baseUrl === null) return
  throw new OperatorError(
    'refused',
    `rescue mode is only for servers without a public address, and this one has ${baseUrl}`,
    'unset the address for that run (synapse config unset base_url; SYNAPSE_BASE_URL, SYNAPSE_DOMAIN), or administer the server over its socket: synapse admin --help',
  )
}

/** The addresses of a running server. */
export interface Listeners {
  /** The addresses at which clients reach the server. */
  readonly urls: readonly string[]
  readonly port: number
  /** The certificate, if the server uses TLS. */
  readonly certificate?: CertificateWatch
}

interface ListenerParts {
  readonly http: HttpServer
  readonly logger: Logger
  readonly listeners: Listener[]
  readonly report: (fault: unknown) => void
}

/**
 * Opens the socket and every address. Each open one is added to `listeners` before the next one is tried.
 * @throws a system error with a `code` if it cannot listen on an address
 */
export function openListeners(
  config: Config,
  { bind, tls, rescue, notices }: BindPlan,
  { http, logger, listeners, report }: ListenerParts,
): Listeners {
  if (config.socket) listeners.push(listenUnix(config.socket, http, report))
  const urls: string[] = []
  let certificate: CertificateWatch | undefined
  const current = () => certificate?.current ?? { cert: tls?.cert ?? '', key: tls?.key ?? '' }
  // With port 0 the first address gets a free port, and the others use the same one.
  let { port } = config
  for (const { host, bindClass, reachedAt = [host] } of bind.listeners) {
    const accepts = bindClass === 'private' ? (peer: string) => acceptsPeer(bindClass, peer) : null
    const listener = listenTcp({ host, port, accepts, rescue, tls: tls && current, http, report })
    listeners.push(listener)
    port = listener.port ?? port
    for (const at of reachedAt) urls.push(urlOf(tls, at, port))
  }
  for (const notice of notices) logger.warning(notice)
  if (tls === undefined || config.tls === undefined) return { urls, port }
  certificate = new CertificateWatch({
    files: config.tls,
    pair: tls,
    renew: () => {
      for (const listener of listeners) if (listener.port !== undefined) listener.renew()
    },
    say: (level, message, facts) => logger[level](message, { ...facts }),
    report,
  })
  return { urls, port, certificate }
}

/** Returns the URL of this machine with its name in the local network. */
export function localUrl(config: Config, port: number): string {
  return urlOf(config.tls, localName(), port)
}

function urlOf(tls: unknown, host: string, port: number): string {
  return `${tls === undefined ? 'http' : 'https'}://${urlHost(host)}:${port}`
}
