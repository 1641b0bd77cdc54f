/** Every proxy with a recipe in the guide, in front of one server; front.ts starts one of them. */
import { Caller } from '../support/caller'
import type { Via } from '../support/sockets'
import { caddy, hasCaddy } from './caddy'
import type { Front } from './front'
import { haproxy, hasHaproxy } from './haproxy'
import { hasNginx, nginx, nginxWithHttp2 } from './nginx'

if (!(hasNginx && hasCaddy && hasHaproxy))
  console.log('skipped: tests behind nginx, Caddy or HAProxy (scripts/provision.sh fetches them)')

const proxies = [
  { name: 'nginx', isThere: hasNginx, start: nginx, protocols: ['http1.1'] },
  { name: 'nginx with HTTP/2', isThere: hasNginx, start: nginxWithHttp2, protocols: ['http2'] },
  { name: 'Caddy', isThere: hasCaddy, start: caddy, protocols: ['http1.1', 'http2'] },
  { name: 'HAProxy', isThere: hasHaproxy, start: haproxy, protocols: ['http1.1', 'http2'] },
] as const

export type ProxyName = (typeof proxies)[number]['name']
export type Protocol = 'http1.1' | 'http2'

/** A proxy and the protocol to speak with it. */
export interface Way {
  readonly name: ProxyName
  readonly protocol: Protocol
  readonly isThere: boolean
}

export const ways: readonly Way[] = proxies.flatMap(({ name, isThere, protocols }) =>
  protocols.map((protocol) => ({ name, protocol, isThere })),
)

/** Headers larger than the server accepts. */
export const tooLarge: [title: string, headers: Readonly<Record<string, string>>][] = [
  ['a header of 18 kB', { 'x-large': 'x'.repeat(18_000) }],
  [
    'cookies of 18 kB',
    { cookie: Array.from({ length: 40 }, (_, i) => `c${i}=${'x'.repeat(450)}`).join('; ') },
  ],
  ['a token of 60 kB', { authorization: `Bearer ${'x'.repeat(60_000)}` }],
]

/**
 * The possible answers to them: the proxy's own refusal, or the 431 of the server. Caddy passes them on and answers 502
 * when the server refuses while Caddy is still writing.
 */
export function refusals(name: ProxyName): readonly number[] {
  return name === 'Caddy' ? [431, 502] : [400, 431]
}

/** Each installed proxy, in front of a port where a server can start and stop. */
export class Fronts implements AsyncDisposable {
  readonly port = String(keptPort())
  private readonly fronts = new Map<ProxyName, Front>()

  async start(): Promise<void> {
    for (const { name, isThere, start } of proxies)
      if (isThere) this.fronts.set(name, await start(`127.0.0.1:${this.port}`))
  }

  at(name: ProxyName): Front {
    const front = this.fronts.get(name)
    if (front === undefined) throw new Error(`${name} does not run`)
    return front
  }

  /** What a client needs to use this proxy and protocol. */
  via({ name, protocol }: Way): Via {
    const { ca } = this.at(name)
    return { tls: { ca }, ...(protocol === 'http2' ? { protocol } : {}) }
  }

  /** A caller with a token that uses this proxy and protocol. */
  caller(way: Way, token: string): Caller {
    const { origin } = this.at(way.name)
    const via = this.via(way)
    const send = (path: string, init: RequestInit) => fetch(`${origin}${path}`, { ...init, ...via })
    return new Caller(send, { authorization: `Bearer ${token}` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const front of this.fronts.values()) await front[Symbol.asyncDispose]()
  }
}

/**
 * A port that is free and that no connection gets while the server is down: the kernel gives connections ports from
 * 32768 on (ip_local_port_range), and a proxy that retries could even connect to itself there.
 */
export function keptPort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => {} } }).stop(true)
      return port
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    }
  }
}
