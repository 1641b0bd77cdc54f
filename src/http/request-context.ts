import type { Core } from '../core'
import type { Actor } from '../core/actor'
import type { RateClass, RateLimits, RatePolicy } from './rate-limits'
import type { WholeSurface } from './surface'

/** What all requests to one surface have in common. */
export interface SurfaceContext {
  readonly core: Core
  readonly surface: WholeSurface
  readonly rates: RateLimits
}

/** One request on its way through the server, and what its answer says of the caller's rate. */
export class RequestContext {
  private policy: RatePolicy | null = null
  private tokens = 0

  constructor(
    readonly of: SurfaceContext,
    readonly request: Request,
    readonly requestId: string,
  ) {}

  /** @throws rate_limited */
  take(actor: Actor, name: RateClass): void {
    this.of.rates.take(actor, name, this)
  }

  /** Told by the limits what is left. */
  tell(policy: RatePolicy, tokens: number): void {
    this.policy = policy
    this.tokens = tokens
  }

  /**
   * Adds what the answer says of the rate, by the draft of the HTTP working group (draft-ietf-httpapi-ratelimit-headers)
   * and by its older form; nothing where nothing was counted.
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
