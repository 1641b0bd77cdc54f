import { ADMIN_SCOPE, HUMAN_SCOPE, legalScopes } from '../access/scopes'
import type { Administration } from '../governance/administration'
import { entryBy } from '../governance/audit'
import type { Account, Token } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Secrets, Uuid } from '../kernel/ids'
import { HANDLE_PATTERN, MAX_TOKENS_PER_ACCOUNT } from '../kernel/limits'
import type { ListPage, NewToken, Store, Writes } from '../kernel/ports'
import type { Clock, Micros } from '../kernel/time'
import { accountEvent } from '../log/events'
import { normalName, refuseErased } from './accounts'
import { type Actor, accountOf } from './actor'
import { systemAccount } from './system-account'

export interface NewTokenRequest {
  readonly handle: string
  readonly scopes: readonly string[]
  readonly name?: string | null
  readonly expiresAt?: Micros | null
  /** Handles that the holder may act as; `*` = everyone except system admins. */
  readonly actors?: readonly string[] | null
}

/** The beginning of a token's text: of any, or of one for the encrypted snapshot store. */
export type TokenPrefix = 'syn_' | 'cs_'

/** The fields of a token besides its secret. The scopes are validated. */
type TokenFields = Omit<NewToken, 'accountId' | 'hash'>

export interface IssuedToken {
  readonly token: Token
  readonly account: Account
  /** Shown only here; the store keeps its hash. */
  readonly secret: string
}

/** Bearer tokens, as managed by administrators. */
export class Tokens {
  constructor(
    private readonly store: Store,
    private readonly administration: Administration,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  /** In order of creation, revoked ones included. @throws admin_scope_required, not_admin, account_not_found */
  async list(actor: Actor, handle: string, page: ListPage): Promise<{ account: Account; tokens: Token[] }> {
    this.administration.check(actor)
    const account = await this.store.reads.account({ handle: normalName(handle) })
    if (!account) throw refusal('account_not_found')
    return { account, tokens: await this.store.reads.listTokens(account.id, page) }
  }

  /**
   * @throws admin_scope_required, not_admin, account_not_found, tokens_for_agents_only, scopes_required, invalid_scope,
   *   invalid_handle, quota_exceeded
   */
  async issue(actor: Actor, request: NewTokenRequest): Promise<IssuedToken> {
    return this.administration.act(actor, async (tx) => {
      const account = await tx.account({ handle: normalName(request.handle) })
      if (!account) throw refusal('account_not_found')
      if (account.kind !== 'agent') throw refusal('tokens_for_agents_only')
      return this.insert(tx, actor, account, request)
    })
  }

  /** Inserts a token within the transaction of another verb. @throws as `issue` */
  async insert(
    tx: Writes,
    actor: Actor,
    account: Account,
    request: Omit<NewTokenRequest, 'handle'> & { readonly device?: string; readonly prefix?: TokenPrefix },
  ): Promise<IssuedToken> {
    const { name = null, expiresAt = null, device = null } = request
    const scopes = scopesFor(account, request.scopes)
    const actors = legalActors(request.actors ?? null)
    const issued = await this.write(tx, account, { name, scopes, expiresAt, actors, device }, request)
    await tx.append(accountEvent('account.token_issued', account, factsOf(issued.token)), accountOf(actor))
    await tx.audit(tokenEntry(actor, 'token.issue', issued.token, account))
    return issued
  }

  /**
   * Inserts only the row of a token, which may replace `replaced`, and begins with `prefix`. The caller appends the event.
   * @throws account_erased, quota_exceeded
   */
  async write(
    tx: Writes,
    account: Account,
    fields: TokenFields,
    { replaced, prefix = 'syn_' }: { readonly replaced?: Token; readonly prefix?: TokenPrefix } = {},
  ): Promise<IssuedToken> {
    refuseErased(account)
    const live = (await tx.countLiveTokens(account.id, this.clock.now())) - (replaced ? 1 : 0)
    if (live >= MAX_TOKENS_PER_ACCOUNT)
      throw new AppError(
        'forbidden',
        'quota_exceeded',
        `An account has at most ${MAX_TOKENS_PER_ACCOUNT} live tokens; revoke one first`,
        { quota: 'tokens', limit: MAX_TOKENS_PER_ACCOUNT },
      )
    const secret = `${prefix}${this.secrets.secret()}`
    const token = await tx.insertToken({
      ...fields,
      accountId: account.id,
      hash: this.secrets.sha256(secret),
    })
    return { token, account, secret }
  }

  /**
   * Revokes a token, effective with the commit: the next request fails and its streams close. @throws token_not_found
   */
  async revoke(actor: Actor, uuid: Uuid): Promise<{ token: Token; account: Account }> {
    return this.administration.act(actor, async (tx) => {
      const token = await tx.token({ uuid })
      const account = token && (await tx.account({ id: token.accountId }))
      if (!token || !account) throw refusal('token_not_found')
      return { token: await this.end(tx, actor, account, token), account }
    })
  }

  /** Revokes a token unless it is revoked already. */
  async end(tx: Writes, actor: Actor, account: Account, token: Token): Promise<Token> {
    if (token.revokedAt !== null) return token
    const revoked = await tx.revokeToken(token.id)
    await tx.append(accountEvent('account.token_revoked', account, factsOf(revoked)), accountOf(actor))
    await tx.audit(tokenEntry(actor, 'token.revoke', token, account))
    return revoked
  }

  /**
   * Stores a secret from the server's configuration as an `admin:*` token of the account `system`, once, if no
   * credential could administer otherwise. Returns whether it was stored now.
   */
  async bootstrap(secret: string, adminCredentials: number): Promise<boolean> {
    if (adminCredentials > 0) return false
    const hash = this.secrets.sha256(secret)
    return this.store.transact(async (tx) => {
      // A revoked secret remains revoked.
      if (await tx.token({ hash })) return false
      const owner = await systemAccount(tx)
      const token = await tx.insertToken({
        accountId: owner.id,
        hash,
        name: 'bootstrap-env',
        scopes: [ADMIN_SCOPE],
        expiresAt: null,
      })
      await tx.append(accountEvent('account.token_issued', owner, factsOf(token)), null)
      await tx.audit(tokenEntry(null, 'token.issue', token, owner))
      return true
    })
  }
}

/** The facts of a token in events. */
export function factsOf(token: Token) {
  return { token_id: token.uuid, name: token.name, scopes: token.scopes }
}

export function tokenEntry(
  actor: Actor | null,
  action: 'token.issue' | 'token.revoke' | 'token.rotate',
  token: Token,
  account: Account,
) {
  const facts = { account_id: account.uuid, scopes: token.scopes }
  return entryBy(actor, action, { type: 'token', id: token.uuid }, facts)
}

/** Only a person's token may have `human:act`. @throws scopes_required, invalid_scope */
export function scopesFor(account: Account, requested: readonly string[]): string[] {
  const scopes = legalScopes(requested)
  if (account.kind === 'agent' && scopes.includes(HUMAN_SCOPE))
    throw new AppError('invalid', 'invalid_scope', `${HUMAN_SCOPE} is for the personal tokens of people`)
  return scopes
}

/** Normalizes the handles that a token may act as. @throws invalid_handle */
export function legalActors(requested: readonly string[] | null): readonly string[] | null {
  const actors = [...new Set((requested ?? []).map(normalName).filter((name) => name !== ''))]
  for (const name of actors) if (name !== '*' && !HANDLE_PATTERN.test(name)) throw refusal('invalid_handle')
  return actors.length === 0 ? null : actors
}
