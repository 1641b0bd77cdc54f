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

/** The longest that a token which was replaced goes on working. */
export const MAX_GRACE_SECONDS = 86_400

/** Tokens that people make for themselves, and the replacing of any token by whoever holds it. */
export class OwnTokens {
  constructor(
    private readonly reads: Reads,
    private readonly acts: SelfService,
    private readonly tokens: Tokens,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** By creation, revoked ones included. @throws humans_only, missing_scope */
  async list(actor: Person, page: ListPage): Promise<Token[]> {
    requireHuman(actor)
    return this.reads.listTokens(actor.account.id, page)
  }

  /**
   * Makes a personal token: it acts as the person, within its scopes.
   * @throws humans_only, missing_scope; scopes_required, invalid_scope, scope_escalation, quota_exceeded
   */
  async issue(actor: Person, request: PersonalTokenRequest): Promise<IssuedToken> {
    return this.acts.act(actor, async (tx, now) => {
      requireHuman(now)
      refuseEscalation(legalScopes(request.scopes), grantedTo(now), isAdmin(now, this.settings))
      return this.tokens.insert(tx, now, now.account, request)
    })
  }

  /** Effective with the commit. @throws humans_only, missing_scope; token_not_found, also for somebody else's */
  async revoke(actor: Person, uuid: Uuid): Promise<Token> {
    return this.acts.act(actor, async (tx, now) => {
      requireHuman(now)
      const token = await tx.token({ uuid })
      if (token?.accountId !== now.account.id) throw refusal('token_not_found')
      return this.tokens.end(tx, now, now.account, token)
    })
  }

  /**
   * Replaces the token that the actor came with by one with the same name, scopes and end. The old one goes on working
   * for so many seconds; 0 ends it, and its streams, at once.
   * @throws rotate_requires_bearer, quota_exceeded
   */
  async rotate(actor: Person, graceSeconds: number): Promise<IssuedToken> {
    if (actor.via !== 'token') throw refusal('rotate_requires_bearer')
    return this.acts.act(actor, async (tx, now) => {
      const { account, token: old } = now
      const { name, scopes, expiresAt, actors, device } = old
      const made = await this.tokens.write(tx, account, { name, scopes, expiresAt, actors, device }, old)
      // Told of before the old one ends, so that a reader of the log has the new one first.
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
