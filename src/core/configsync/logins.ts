import type { Policy } from '../access/policy'
import { isForSyncOnly } from '../access/scopes'
import type { Settings } from '../governance/settings'
import type { Principal } from '../identity/actor'
import type { Client, Sessions } from '../identity/sessions'
import type { Tokens } from '../identity/tokens'
import type { Account } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import type { Store } from '../kernel/ports'
import { type Clock, MICROS_PER_SECOND } from '../kernel/time'
import { type ConfigSyncActor, requireEnabled, SYNC_SCOPE } from './actor'
import { syncEntry } from './audit'
import type { ConfigSyncUser } from './ports'
import type { UserActs } from './user-acts'

/** What a signed token says. Its end is that of the token or of the session that it was made for. */
export interface SyncClaims {
  readonly accountId: Uuid
  readonly userId: number
  readonly scope: string
  /** The id of the token that it was made with; null after a login by password. */
  readonly tokenId: Uuid | null
  /** The id of the session that a login by password began. */
  readonly sessionId: Uuid | null
  readonly credentialVersion: number
  /** In seconds since 1970. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Signs tokens with a key that all processes of a server share. */
export interface TokenSigner {
  sign(claims: SyncClaims): Promise<string>
  /** Returns undefined unless the token was signed here and is valid at `now`, in seconds since 1970. */
  verify(text: string, now: number): Promise<SyncClaims | undefined>
}

export interface SyncLogin {
  /** A JSON Web Token. */
  readonly token: string
  readonly lifetimeSeconds: number
  readonly userId: number
  readonly handle: string
}

export interface LoginsDeps {
  readonly store: Store
  readonly settings: Settings
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly acts: UserActs
  readonly signer: TokenSigner
  readonly clock: Clock
}

/** Logins that exchange a token or a password for a signed token of short life. */
export class SyncLogins {
  constructor(private readonly deps: LoginsDeps) {}

  /** Signs a token for the holder of another one. It ends with that one. */
  async withToken(actor: ConfigSyncActor): Promise<SyncLogin> {
    const { store } = this.deps
    const user = requireEnabled(await store.reads.configsync.user({ id: actor.userId }))
    await store.transact((tx) => tx.configsync.insertAudit([syncEntry(actor, 'login')]))
    const scope = actor.canWrite ? SYNC_SCOPE : 'configsync:read'
    return this.signed(actor.by.account, user, { scope, tokenId: actor.tokenUuid, sessionId: null })
  }

  /**
   * Signs a token for a person. It begins a session, so that it ends with the other sessions of the person. Every failure
   * is the same error. @throws invalid_credentials; login_throttled
   */
  async withPassword(
    who: { readonly handle: string } | { readonly email: string },
    password: string,
    client: Client,
  ): Promise<SyncLogin> {
    const { sessions } = this.deps
    const { account, user, sessionId } = await sessions.signIn(who, password, client, async (tx, account) => {
      const user = await tx.configsync.user({ accountId: account.id })
      if (user === undefined || user.disabledAt !== null) throw refusal('invalid_credentials')
      const { session } = await sessions.insert(tx, account, client, { lifetimeSeconds: this.lifetime })
      const ip = client.address
      await tx.configsync.insertAudit([
        { userId: user.id, tokenUuid: null, ip, event: 'login', ref: null, bytes: null },
      ])
      return { session, result: { account, user, sessionId: session.uuid } }
    })
    return this.signed(account, user, { scope: SYNC_SCOPE, tokenId: null, sessionId })
  }

  /** Returns how the bearer of a signed token is judged; undefined if it is not valid. */
  async judge(text: string): Promise<((policy: Policy) => Principal) | undefined> {
    const { signer, clock, store } = this.deps
    const claims = await signer.verify(text, clock.now() / MICROS_PER_SECOND)
    if (!claims) return undefined
    if (claims.tokenId !== null) {
      const hash = (await store.reads.token({ uuid: claims.tokenId }))?.hash
      return hash === undefined ? undefined : (policy) => policy.byToken(hash)
    }
    if (claims.sessionId === null) return undefined
    const user = await store.reads.configsync.user({ id: claims.userId })
    if (user?.credentialVersion !== claims.credentialVersion) return undefined
    const hash = (await store.reads.session({ uuid: claims.sessionId }))?.hash
    return hash === undefined ? undefined : (policy) => policy.bySession(hash)
  }

  /**
   * Revokes a token of the user: the one in use, or one that is for this store alone.
   * @throws token_not_found; `UserActs.write`
   */
  revokeToken(actor: ConfigSyncActor, uuid: Uuid): Promise<void> {
    return this.deps.acts.write(actor, async (tx) => {
      const { account } = actor.by
      const token = await tx.token({ uuid })
      const isOwn = token?.accountId === account.id && token.revokedAt === null
      if (!isOwn || (token.uuid !== actor.tokenUuid && !isForSyncOnly(token.scopes)))
        throw new AppError('not_found', 'token_not_found', 'there is no such token')
      await this.deps.tokens.end(tx, actor.by, account, token)
      await tx.configsync.insertAudit([syncEntry(actor, 'token.revoke', `token:${uuid}`)])
    })
  }

  private async signed(
    account: Account,
    user: ConfigSyncUser,
    of: Pick<SyncClaims, 'scope' | 'tokenId' | 'sessionId'>,
  ): Promise<SyncLogin> {
    const lifetimeSeconds = this.lifetime
    const issuedAt = Math.floor(this.deps.clock.now() / MICROS_PER_SECOND)
    const token = await this.deps.signer.sign({
      ...of,
      accountId: account.uuid,
      userId: user.id,
      credentialVersion: user.credentialVersion,
      issuedAt,
      expiresAt: issuedAt + lifetimeSeconds,
    })
    return { token, lifetimeSeconds, userId: user.id, handle: account.handle }
  }

  private get lifetime(): number {
    return this.deps.settings.get('configsync.jwt_ttl_s')
  }
}
