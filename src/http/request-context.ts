import type { Core } from '../core'
import type { Credential } from '../core/identity'
import type { Through } from '../core/identity/actor'
import type { RequestOrigin } from './client'
import type { Endpoint } from './endpoint'
import type { AccessRule, ActorOf, Entrance, Who } from './entrance'
import type { RatePolicy } from './rate-limits'
import type { WholeSurface } from './surface'

/** What all requests to a surface share. */
export interface SurfaceContext {
  readonly core: Core
  readonly surface: WholeSurface
  readonly entrance: Entrance
  readonly inside: InsideCalls
}

/** Makes requests within a request. */
export type InsideCalls = (outer: RequestContext, call: InsideCall) => Promise<Response>

/**
 * A request to an endpoint of another surface, by the caller of this one. It is checked, counted, logged and answered
 * like a request of its own.
 */
export interface InsideCall {
  readonly method: Endpoint['method']
  /** As declared: with parameters as `:name`. */
  readonly path: string
  readonly params?: Readonly<Record<string, string>>
  /** Values that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  readonly retryKey?: string | null
  /** What messages say in `via`; by default the kind of the credential. */
  readonly through?: Through
}

/** The context of one request, including the rate limit reported in its answer. */
export class RequestContext {
  private policy: RatePolicy | null = null
  private tokens = 0

  constructor(
    readonly of: SurfaceContext,
    readonly request: Request,
    readonly requestId: string,
  ) {}

  /** Admits the caller by the credential that the surface reads. @throws as `Entrance.enter` */
  enter<W extends Exclude<Who, 'anyone'>>(
    rule: AccessRule<W>,
    origin: RequestOrigin | null = null,
  ): Promise<ActorOf<W>> {
    const { core, surface, entrance } = this.of
    return entrance.enter(this, surface.credentials.read(core, this.request), rule, origin)
  }

  /** Admits the caller by a credential that the endpoint read itself. @throws as `Entrance.enter` */
  enterBy<W extends Exclude<Who, 'anyone'>>(
    credential: Credential,
    rule: AccessRule<W>,
    origin: RequestOrigin | null = null,
  ): Promise<ActorOf<W>> {
    return this.of.entrance.enter(this, credential, rule, origin)
  }

  /** Makes a request within this one, with the same credential. @throws Error if there is no such endpoint */
  call(call: InsideCall): Promise<Response> {
    return this.of.inside(this, call)
  }

  /** Receives the caller's remaining tokens from the rate limits. */
  tell(policy: RatePolicy, tokens: number): void {
    this.policy = policy
    this.tokens = tokens
  }

  /**
   * Adds the rate limit headers, in the draft form of the HTTP working group (draft-ietf-httpapi-ratelimit-headers) and
   * in the older form. Adds nothing if the request was not counted.
   */
  addTo(headers: Record<string, string>): void {
    const { policy } = this
    if (policy === null) return
    const left = String(Math.floor(this.tokens))
    const reset = String(policy.seconds(policy.rate.burst - this.tokens))
    headers['ratelimit-policy'] = policy.header
    headers.ratelimit = `"${policy.name}";r=${left};t=${reset}`
    headers['ratelimit-limit'] = policy.limit
    headers['ratelimit-remaining'] = left
    headers['ratelimit-reset'] = reset
  }
}
