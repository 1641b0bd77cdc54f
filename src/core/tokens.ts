import { normalName } from './accounts'
import { type Actor, accountOf } from './actor'
import type { Administration } from './administration'
import { entryBy } from './audit'
import type { Account, Token } from './entities'
import { AppError, refusal } from './errors'
import { accountEvent } from './events'
import type { Secrets, Uuid } from './ids'
import { MAX_TOKENS_PER_ACCOUNT } from './limits'
import type { ListPage, Store, Writes } from './ports'
import { ADMIN_SCOPE, legalScopes } from './scopes'
import type { Micros } from './time'

/** The account that a server's own credentials belong to. */
const SYSTEM_HANDLE = 'system'

export interface NewTokenRequest {
  readonly handle: string
  readonly scopes: readonly string[]
  readonly name?: string | null
  readonly expiresAt?: Micros | null
}

export interface IssuedToken {
  readonly token: Token
  readonly account: Account
  /** Shown once, here; the store keeps its hash. */
  readonly secret: string
}

/** Bearer tokens of agents, as administrators manage them. */
export class Tokens {
  constructor(
    private readonly store: Store,
    private readonly administration: Administration,
    private readonly secrets: Secrets,
  ) {}

  /** By creation, revoked ones included. @throws admin_scope_required, not_admin, account_not_found */
  async list(actor: Actor, handle: string, page: ListPage): Promise<{ account: Account; tokens: Token[] }> {
    this.administration.check(actor)
    const account = await this.store.reads.account({ handle: normalName(handle) })
    if (!account) throw refusal('account_not_found')
    return { account, tokens: await this.store.reads.listTokens(account.id, page) }
  }

  /**
   * @throws admin_scope_required, not_admin, account_not_found, tokens_for_agents_only, scopes_required, invalid_scope,
   *   quota_exceeded
   */
  async issue(actor: Actor, request: NewTokenRequest): Promise<IssuedToken> {
    return this.administration.act(actor, async (tx) => {
      const account = await tx.account({ handle: normalName(request.handle) })
      if (!account) throw refusal('account_not_found')
      return this.insert(tx, actor, account, request)
    })
  }

  /** The rows of a new token, for verbs that make one along the way. @throws as `issue` */
  async insert(
    tx: Writes,
    actor: Actor,
    account: Account,
    request: Omit<NewTokenRequest, 'handle'>,
  ): Promise<IssuedToken> {
    if (account.kind !== 'agent') throw refusal('tokens_for_agents_only')
    const scopes = legalScopes(request.scopes)
    if ((await tx.countLiveTokens(account.id)) >= MAX_TOKENS_PER_ACCOUNT)
      throw new AppError(
        'forbidden',
        'quota_exceeded',
        `An account has at most ${MAX_TOKENS_PER_ACCOUNT} live tokens; revoke one first`,
        { quota: 'tokens', limit: MAX_TOKENS_PER_ACCOUNT },
      )
    const secret = `syn_${this.secrets.secret()}`
    const token = await tx.insertToken({
      accountId: account.id,
      hash: this.secrets.sha256(secret),
      name: request.name ?? null,
      scopes,
      expiresAt: request.expiresAt ?? null,
    })
    await tx.append(accountEvent('account.token_issued', account, factsOf(token)), accountOf(actor))
    await tx.audit(tokenEntry(actor, 'token.issue', token, account))
    return { token, account, secret }
  }

  /** Effective with the commit: the next request fails and its streams close. @throws token_not_found */
  async revoke(actor: Actor, uuid: Uuid): Promise<{ token: Token; account: Account }> {
    return this.administration.act(actor, async (tx) => {
      const token = await tx.token({ uuid })
      const account = token && (await tx.account({ id: token.accountId }))
      if (!token || !account) throw refusal('token_not_found')
      if (token.revokedAt !== null) return { token, account }
      const revoked = await tx.revokeToken(token.id)
      await tx.append(accountEvent('account.token_revoked', account, factsOf(revoked)), accountOf(actor))
      await tx.audit(tokenEntry(actor, 'token.revoke', token, account))
      return { token: revoked, account }
    })
  }

  /**
   * Stores a secret from the server's configuration as an `admin:*` token of the account `system`, if nobody could
   * administrate otherwise. Answers whether it was stored now.
   */
  async bootstrap(secret: string, adminCredentials: number): Promise<boolean> {
    if (adminCredentials > 0) return false
    const hash = this.secrets.sha256(secret)
    await this.store.transact(async (tx) => {
      const owner = (await tx.account({ handle: SYSTEM_HANDLE })) ?? (await this.insertSystem(tx))
      const token = await tx.insertToken({
        accountId: owner.id,
        hash,
        name: 'bootstrap-env',
        scopes: [ADMIN_SCOPE],
        expiresAt: null,
      })
      await tx.append(accountEvent('account.token_issued', owner, factsOf(token)), null)
      await tx.audit(tokenEntry(null, 'token.issue', token, owner))
    })
    return true
  }

  private async insertSystem(tx: Writes): Promise<Account> {
    const account = await tx.insertAccount({
      kind: 'agent',
      handle: SYSTEM_HANDLE,
      displayName: 'Synapse',
      email: null,
      passwordHash: null,
      isAdmin: false,
    })
    await tx.append(accountEvent('account.created', account), null)
    await tx.audit(
      entryBy(null, 'account.create', { type: 'account', id: account.uuid }, { kind: account.kind }),
    )
    return account
  }
}

function factsOf(token: Token) {
  return { token_id: token.uuid, name: token.name, scopes: token.scopes }
}

function tokenEntry(
  actor: Actor | null,
  action: 'token.issue' | 'token.revoke',
  token: Token,
  account: Account,
) {
  const facts = { account_id: account.uuid, scopes: token.scopes }
  return entryBy(actor, action, { type: 'token', id: token.uuid }, facts)
}
