import { legalScopes, refuseEscalation } from '../access/scopes'
import type { Settings } from '../governance/settings'
import type { Token } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import type { ListPage, Reads } from '../kernel/ports'
import { type Clock, later, MICROS_PER_SECOND, type Micros, toMicros } from '../kernel/time'
import { accountEvent } from '../log/events'
import { type Human, isAdmin, type Person, requireHuman } from './actor'
import type { SelfService } from './self-service'
import { factsOf, type IssuedToken, type Tokens, tokenEntry } from './tokens'

export interface PersonalTokenRequest {
  readonly name: string
  readonly scopes: readonly string[]
  readonly expiresAt: Micros | null
}

/** The longest time that a replaced token continues to work. */
export const MAX_GRACE_SECONDS = 86_400

/** Personal tokens, which people issue to themselves, and rotation of any token by its holder. */
export class OwnTokens {
  constructor(
    private readonly reads: Reads,
    private readonly selfService: SelfService,
    private readonly tokens: Tokens,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** In order of creation, revoked ones included. @throws humans_only, missing_scope */
  async list(actor: Person, page: ListPage): Promise<Token[]> {
    requireHuman(actor)
    return this.reads.listTokens(actor.account.id, page)
  }

  /**
   * Issues a personal token. It acts as the person, within its scopes.
   * @throws humans_only, missing_scope; scopes_required, invalid_scope, scope_escalation, quota_exceeded
   */
  async issue(actor: Person, request: PersonalTokenRequest): Promise<IssuedToken> {
    return this.selfService.act(actor, async (tx, now) => {
      requireHuman(now)
      refuseEscalation(legalScopes(request.scopes), grantedTo(now), isAdmin(now, this.settings))
      return this.tokens.insert(tx, now, now.account, request)
    })
  }

  /**
   * Revokes a personal token, effective with the commit. @throws humans_only, missing_scope; token_not_found, also for
   * another person's token
   */
  async revoke(actor: Person, uuid: Uuid): Promise<Token> {
    return this.selfService.act(actor, async (tx, now) => {
      requireHuman(now)
      const token = await tx.token({ uuid })
      if (token?.accountId !== now.account.id) throw refusal('token_not_found')
      return this.tokens.end(tx, now, now.account, token)
    })
  }

  /**
   * Replaces the actor's token by one with the same name, scopes and expiry. The old one works for `graceSeconds` more;
   * 0 ends it and its streams at once.
   * @throws rotate_requires_bearer, quota_exceeded
   */
  async rotate(actor: Person, graceSeconds: number): Promise<IssuedToken> {
    if (actor.via !== 'token') throw refusal('rotate_requires_bearer')
    return this.selfService.act(actor, async (tx, now) => {
      const { account, token: old } = now
      const { name, scopes, expiresAt, actors, device } = old
      const made = await this.tokens.write(
        tx,
        account,
        { name, scopes, expiresAt, actors, device },
        { replaced: old },
      )
      // This event precedes the end of the old token, so that a reader of the log learns of the new one first.
      await tx.append(
        accountEvent('account.token_issued', account, { ...factsOf(made.token), replaces: old.uuid }),
        account,
      )
      await tx.audit(tokenEntry(now, 'token.rotate', made.token, account))
      if (graceSeconds === 0) await this.tokens.end(tx, now, account, old)
      else {
        const end = later(this.clock.now(), graceSeconds * MICROS_PER_SECOND)
        await tx.limitToken(old.id, toMicros(Math.min(end, expiresAt ?? end)))
      }
      return made
    })
  }
}

function grantedTo(actor: Human): readonly string[] | null {
  return actor.via === 'token' ? actor.token.scopes : null
}
