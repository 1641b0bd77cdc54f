import type { Core } from '../core'
import type { Credential } from '../core/identity'
import type { RequestOrigin } from './client'
import type { AccessRule, ActorOf, Entrance, Who } from './entrance'
import type { RatePolicy } from './rate-limits'
import type { WholeSurface } from './surface'

/** What all requests to one surface have in common. */
export interface SurfaceContext {
  readonly core: Core
  readonly surface: WholeSurface
  readonly entrance: Entrance
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

  /** Lets the caller in by the credential that the surface reads. @throws as `Entrance.enter` */
  enter<W extends Exclude<Who, 'nobody'>>(
    rule: AccessRule<W>,
    origin: RequestOrigin | null = null,
  ): Promise<ActorOf<W>> {
    const { core, surface, entrance } = this.of
    return entrance.enter(this, surface.credentials.read(core, this.request), rule, origin)
  }

  /** The same by a credential that the endpoint has read itself. @throws as `Entrance.enter` */
  enterBy<W extends Exclude<Who, 'nobody'>>(
    credential: Credential,
    rule: AccessRule<W>,
  ): Promise<ActorOf<W>> {
    return this.of.entrance.enter(this, credential, rule, null)
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
