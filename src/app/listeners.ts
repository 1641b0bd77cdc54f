/** Puts the server behind its addresses: which ones may be listened on, by whom they are used, and in what they speak. */

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

/** What a run differs in from what is configured. */
export interface RunOptions {
  /** Rescue mode: whoever reaches 127.0.0.1 is the operator. */
  readonly rescue?: boolean
  /** The addresses of this machine; default: as the system lists them. */
  readonly addresses?: () => readonly string[]
}

/** What was decided before anything was opened. */
export interface BindPlan {
  readonly bind: Extract<BindDecision, { ok: true }>
  readonly tls: TlsPair | undefined
  readonly rescue: boolean
  /** Lines to log as warnings. */
  readonly notices: readonly string[]
}

/** Decides where this configuration listens. @throws OperatorError when it must not */
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
    ...(rescue ? ['RESCUE MODE: everybody on this machine is the operator, without any credential'] : []),
    ...(config.lan && tls === undefined && !rescue
      ? ['tokens travel unencrypted in this network: --tls-cert and --tls-key, or a TLS proxy, change that']
      : []),
  ]
  return { bind, tls, rescue, notices }
}

/** Rescue mode is for a server that nobody reaches from elsewhere. @throws OperatorError for one with a public address */
export function refusePublicRescue({ rescue }: BindPlan, baseUrl: string | null): void {
  if (!rescue || baseUrl === null) return
  throw new OperatorError(
    'refused',
    `rescue mode is for this machine alone, and this server has a public address (${baseUrl})`,
    'for that run unset it (synapse config unset base_url; SYNAPSE_BASE_URL, SYNAPSE_DOMAIN), or administer the server by its socket: synapse admin --help',
  )
}

/** The addresses of a running server. */
export interface Listeners {
  /** Where it is reached. */
  readonly urls: readonly string[]
  readonly port: number
  /** What it speaks TLS with. */
  readonly certificate?: CertificateWatch
}

interface ListenerParts {
  readonly http: HttpServer
  readonly logger: Logger
  readonly listeners: Listener[]
  readonly report: (fault: unknown) => void
}

/**
 * Opens the socket and every address; what is open already is added to `listeners` before the next one is tried.
 * @throws an error with a `code` when an address cannot be had
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
  // Port 0 is whatever the first address gets; the others then listen there as well.
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

/** The address by which others in the local network find this machine without knowing its number. */
export function localUrl(config: Config, port: number): string {
  return urlOf(config.tls, localName(), port)
}

function urlOf(tls: unknown, host: string, port: number): string {
  return `${tls === undefined ? 'http' : 'https'}://${urlHost(host)}:${port}`
}
