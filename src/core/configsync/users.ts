import type { Administration } from '../governance/administration'
import { entryBy } from '../governance/audit'
import { normalName } from '../identity/accounts'
import { type Actor, type Person, principalOf, withoutRetry } from '../identity/actor'
import { type IssuedToken, scopesFor, type Tokens } from '../identity/tokens'
import type { Account } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Reads, Store, Writes } from '../kernel/ports'
import type { Micros } from '../kernel/time'
import type { UnusedBlobs } from '../kernel/unused-blobs'
import { type ConfigSyncActor, SYNC_SCOPE, syncActor } from './actor'
import type { SyncEvent } from './audit'
import type { ConfigSyncUser } from './ports'

/** A user with its account. */
export interface UserOfAccount {
  readonly user: ConfigSyncUser
  readonly account: Account
}

/** The begin of every token that is made for this store. */
const TOKEN_PREFIX = 'cs_'

/** The accounts that may use the store. An admin enables each of them. */
export class SyncUsers {
  constructor(
    private readonly store: Pick<Store, 'reads' | 'transact'>,
    private readonly administration: Administration,
    private readonly tokens: Tokens,
    private readonly unusedBlobs: UnusedBlobs,
  ) {}

  /** Returns the actor of an account's credential. @throws missing_scope, configsync_not_enabled */
  async actorOf(by: Person): Promise<ConfigSyncActor> {
    return syncActor(by, await this.store.reads.configsync.user({ accountId: by.account.id }))
  }

  /** Does nothing if the account is enabled. @throws account_not_found, account_archived, the errors of `Administration.act` */
  async enable(actor: Actor, handle: string): Promise<UserOfAccount> {
    return this.administration.act(actor, async (tx) => {
      const account = await accountIn(tx, handle)
      if (account.archivedAt !== null) throw refusal('account_archived')
      const known = await tx.configsync.user({ accountId: account.id })
      if (known?.disabledAt === null) return { account, user: known }
      const user = known
        ? await tx.configsync.updateUser(known.id, { disabledAt: null })
        : await tx.configsync.insertUser(account.id)
      await noteAdmin(tx, actor, { account, user }, 'enable')
      return { account, user }
    })
  }

  /** Refuses all further requests of the account; its data stays. @throws account_not_found, configsync_user_not_found */
  async disable(actor: Actor, handle: string): Promise<UserOfAccount> {
    return this.administration.act(actor, async (tx) => {
      const { account, user: known } = await userIn(tx, handle)
      if (known.disabledAt !== null) return { account, user: known }
      const user = await tx.configsync.updateUser(known.id, { disabledAt: tx.now() })
      await noteAdmin(tx, actor, { account, user }, 'disable')
      return { account, user }
    })
  }

  /**
   * Deletes everything that the store has of an account, and the user itself: an account that is enabled later has
   * another id. Continues what an interrupted purge has left.
   * @throws account_not_found, configsync_user_not_found, confirm_mismatch, the errors of `Administration.act`
   */
  async purge(actor: Actor, handle: string, confirm: string): Promise<Account> {
    const { account } = await this.administration.act(withoutRetry(actor), async (tx) => {
      const found = await userIn(tx, handle)
      if (normalName(confirm) !== found.account.handle) throw refusal('confirm_mismatch')
      // From here on the user writes nothing more.
      await tx.configsync.updateUser(found.user.id, { disabledAt: found.user.disabledAt ?? tx.now() })
      await noteAdmin(tx, actor, found, 'purge')
      return found
    })
    while (!(await purgeSliceOf(account.id, this.store, this.unusedBlobs)));
    return account
  }

  /**
   * Issues a token with one scope of this store, to an agent or a person.
   * @throws account_not_found, configsync_user_not_found, quota_exceeded, the errors of `Administration.act`
   */
  async issueToken(
    actor: Actor,
    handle: string,
    token: { readonly label: string; readonly expiresAt: Micros | null; readonly readOnly: boolean },
  ): Promise<IssuedToken> {
    return this.administration.act(actor, async (tx) => {
      const found = await userIn(tx, handle)
      const scopes = scopesFor(found.account, [token.readOnly ? 'configsync:read' : SYNC_SCOPE])
      const { label: name, expiresAt } = token
      const fields = { name, scopes, expiresAt, prefix: TOKEN_PREFIX } as const
      const issued = await this.tokens.insert(tx, actor, found.account, fields)
      await noteAdmin(tx, actor, found, 'token.issue', `token:${issued.token.uuid}`)
      return issued
    })
  }
}

/** Rows of each kind that are deleted in one transaction. */
const PURGED_AT_ONCE = 50

/** Deletes a slice of what the store has of an account. Its bytes go after the commit. Returns whether nothing is left. */
export async function purgeSliceOf(
  accountId: number,
  store: Pick<Store, 'transact'>,
  unusedBlobs: UnusedBlobs,
): Promise<boolean> {
  const isDone = await store.transact(async (tx) => {
    const user = await tx.configsync.user({ accountId })
    return user === undefined || tx.configsync.purgeSlice(user.id, PURGED_AT_ONCE)
  })
  unusedBlobs.marked()
  return isDone
}

/** @throws account_not_found */
async function accountIn(tx: Reads, handle: string): Promise<Account> {
  const account = await tx.account({ handle: normalName(handle) })
  if (!account) throw refusal('account_not_found')
  return account
}

/** Returns the user, also a disabled one. @throws account_not_found, configsync_user_not_found */
export async function userIn(tx: Reads, handle: string): Promise<UserOfAccount> {
  const account = await accountIn(tx, handle)
  const user = await tx.configsync.user({ accountId: account.id })
  if (user) return { account, user }
  const message = `${account.handle} was never enabled for ConfigSync; synapse configsync enable does it`
  throw new AppError('not_found', 'configsync_user_not_found', message)
}

/** Notes an administrative act in the server's audit log and in that of the store. `about`: null for all users. */
export async function noteAdmin(
  tx: Writes,
  actor: Actor,
  about: UserOfAccount | null,
  what: string,
  ref: string | null = null,
): Promise<void> {
  const principal = principalOf(actor)
  const event: SyncEvent = `admin.${what}`
  await tx.configsync.insertAudit([
    {
      userId: about?.user.id ?? null,
      tokenUuid: principal.via === 'token' ? principal.token.uuid : null,
      ip: principal.origin?.address() ?? null,
      event,
      ref,
      bytes: null,
    },
  ])
  const facts = { what, ...(ref === null ? {} : { ref }) }
  const target = about && ({ type: 'account', id: about.account.uuid } as const)
  await tx.audit(entryBy(actor, 'configsync.admin', target, facts))
}
