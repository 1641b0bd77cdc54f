import type { HeldLeases } from '../coordination/held-leases'
import type { Administration } from '../governance/administration'
import { type AuditFacts, entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import type { Account, AccountKind, Residency } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import { HANDLE_PATTERN, MAX_PASSWORD, RESERVED_HANDLES } from '../kernel/limits'
import type { AccountChange, ListPage, Passwords, Reads, Writes } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import { accountEvent } from '../log/events'
import { type Actor, accountOf, isListedAdmin } from './actor'
import { deleteDevices, noteEnded } from './ended-sessions'

export interface NewAccountRequest {
  readonly kind: AccountKind
  readonly handle: string
  /** Defaults to the handle. */
  readonly displayName?: string
  readonly email?: string | null
  /** Required for humans, refused for agents. */
  readonly password?: string | null
  readonly isAdmin?: boolean
}

export interface AccountPatch {
  readonly displayName?: string
  readonly email?: string
  readonly password?: string
  readonly isAdmin?: boolean
  readonly chainLimit?: number | null
  readonly about?: string
  readonly capabilities?: readonly string[]
  readonly residency?: Residency
}

/** Normalizes a handle to its stored spelling. */
export function normalName(name: string): string {
  return name.trim().toLowerCase()
}

/** Accounts of people and agents, as managed by administrators. */
export class Accounts {
  constructor(
    private readonly reads: Reads,
    private readonly administration: Administration,
    private readonly passwords: Passwords,
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly leases: HeldLeases,
  ) {}

  /** By handle. @throws admin_scope_required, not_admin */
  async list(actor: Actor, page: ListPage): Promise<Account[]> {
    this.administration.check(actor)
    return this.reads.listAccounts(page)
  }

  /** In how many channels each of these accounts is: neither archived ones nor direct conversations. */
  channelCounts(accounts: readonly Account[]): Promise<ReadonlyMap<number, number>> {
    return this.reads.channelCounts(accounts.map(({ id }) => id))
  }

  /**
   * @throws admin_scope_required, not_admin; invalid_handle, password_required, password_not_allowed, weak_password,
   *   handle_exists, quota_exceeded
   */
  async create(actor: Actor, request: NewAccountRequest): Promise<Account> {
    this.administration.check(actor)
    const handle = this.legalHandle(request.handle)
    if (request.kind === 'human' && !request.password) throw refusal('password_required')
    if (request.kind === 'agent' && request.password) throw refusal('password_not_allowed')
    if (request.kind === 'agent' && request.isAdmin)
      throw new AppError(
        'invalid',
        'agents_use_scopes',
        'Agents administer with a token that has the scope admin:*',
      )
    const passwordHash = request.password
      ? await hashPassword(request.password, this.passwords, this.settings)
      : null
    return this.administration.act(actor, (tx) =>
      this.insert(tx, actor, {
        kind: request.kind,
        handle,
        displayName: request.displayName ?? handle,
        email: request.email ?? null,
        passwordHash,
        isAdmin: request.isAdmin ?? false,
      }),
    )
  }

  /**
   * Inserts an account within the transaction of another verb. The actor is null for somebody who registers.
   * @throws handle_exists, quota_exceeded
   */
  async insert(
    tx: Writes,
    actor: Actor | null,
    account: Parameters<Writes['insertAccount']>[0],
  ): Promise<Account> {
    if (await tx.account({ handle: account.handle })) throw refusal('handle_exists')
    const limit = this.settings.get('quota.accounts')
    if ((await tx.countAccounts()) >= limit) throw quotaExceeded('quota.accounts', limit)
    const created = await tx.insertAccount(account)
    await tx.append(accountEvent('account.created', created), actor && accountOf(actor))
    const facts = { kind: created.kind, is_admin: created.isAdmin }
    await tx.audit(entryBy(actor, 'account.create', { type: 'account', id: created.uuid }, facts))
    return created
  }

  /** @throws admin_scope_required, not_admin, account_not_found, account_erased, humans_only_password, weak_password */
  async update(actor: Actor, uuid: Uuid, patch: AccountPatch): Promise<Account> {
    this.administration.check(actor)
    const { password, ...fields } = patch
    const passwordHash =
      password === undefined ? undefined : await hashPassword(password, this.passwords, this.settings)
    return this.administration.act(actor, async (tx) => {
      const account = await existing(tx, uuid)
      refuseErased(account)
      if (account.kind !== 'human' && password !== undefined) throw refusal('humans_only_password')
      if (account.kind !== 'human' && patch.isAdmin)
        throw new AppError(
          'invalid',
          'agents_use_scopes',
          'Agents administer with a token that has the scope admin:*',
        )
      const change: AccountChange = { ...fields, ...(passwordHash === undefined ? {} : { passwordHash }) }
      const changed = Object.keys(patch).filter((key) => patch[key as keyof AccountPatch] !== undefined)
      if (changed.length === 0) return account
      const updated = await tx.updateAccount(account.id, change)
      const words = changed.map((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
      await tx.append(accountEvent('account.updated', updated, { changed: words }), accountOf(actor))
      // A new password ends the sessions that the old one opened.
      const ended = passwordHash === undefined ? undefined : await endSessions(tx, actor, updated)
      await auditUpdate(tx, actor, updated, words, ended)
      return updated
    })
  }

  /**
   * Archives an account: ends its sessions, streams and leases; its tokens get `Account unavailable`. Does nothing if it is
   * archived.
   */
  async archive(actor: Actor, uuid: Uuid): Promise<Account> {
    const result = await this.administration.act(actor, async (tx) => {
      const account = await existing(tx, uuid)
      return account.archivedAt === null ? this.archiveIn(tx, actor, account) : account
    })
    this.archived(result)
    return result
  }

  /** Archives an account in the transaction of another verb. Call `archived` after its commit. */
  async archiveIn(tx: Writes, actor: Actor, account: Account): Promise<Account> {
    const open = await this.leases.openOf(tx, account.id)
    const archived = await tx.updateAccount(account.id, { archivedAt: tx.now() })
    await tx.append(accountEvent('account.archived', archived), accountOf(actor))
    await tx.audit(entryBy(actor, 'account.archive', { type: 'account', id: account.uuid }))
    await deleteDevices(tx, await tx.deleteSessions({ accountId: account.id }))
    await this.leases.end(tx, open, archived, accountOf(actor))
    return archived
  }

  /** Ends what the memory of this process has of an account that was archived. */
  archived(account: Account): void {
    this.leases.gone(account)
  }

  /** @throws account_not_found, account_erased */
  async unarchive(actor: Actor, uuid: Uuid): Promise<Account> {
    return this.administration.act(actor, async (tx) => {
      const account = await existing(tx, uuid)
      refuseErased(account)
      if (account.archivedAt === null) return account
      const active = await tx.updateAccount(account.id, { archivedAt: null })
      await tx.append(accountEvent('account.unarchived', active), accountOf(actor))
      await tx.audit(entryBy(actor, 'account.unarchive', { type: 'account', id: uuid }))
      return active
    })
  }

  /** Active people who are system admins and have a password. */
  async humanAdmins(): Promise<Account[]> {
    return (await this.reads.humansWithPassword()).filter((account) => isListedAdmin(account, this.settings))
  }

  /** Whether there is an active person with a password. Anybody may ask. */
  canSignIn(): Promise<boolean> {
    return this.reads.hasHumanWithPassword()
  }

  /**
   * Counts the credentials that could administer now: all valid `admin:*` tokens together count as one, each human
   * admin as one.
   */
  async adminCredentials(): Promise<number> {
    const humans = await this.humanAdmins()
    const agents = await this.reads.accountsWithAdminToken(this.clock.now())
    return humans.length + (agents.length > 0 ? 1 : 0)
  }

  /** @throws invalid_handle */
  legalHandle(text: string): string {
    const handle = normalName(text)
    if (!HANDLE_PATTERN.test(handle) || RESERVED_HANDLES.has(handle)) throw refusal('invalid_handle')
    return handle
  }
}

/** @throws weak_password */
export async function hashPassword(
  password: string,
  passwords: Passwords,
  settings: Settings,
): Promise<string> {
  requireStrong(password, settings)
  return passwords.hash(password)
}

/** @throws weak_password */
export function requireStrong(password: string, settings: Settings): void {
  const least = settings.get('auth.password_min')
  const { length } = [...password]
  if (length < least || length > MAX_PASSWORD)
    throw new AppError('invalid', 'weak_password', `A password has ${least} to ${MAX_PASSWORD} characters`)
}

export function quotaExceeded(quota: string, limit: number): AppError {
  return new AppError(
    'forbidden',
    'quota_exceeded',
    `The limit of ${limit} is reached; raise the setting ${quota}`,
    {
      quota,
      limit,
    },
  )
}

/**
 * Deletes every session of an account except `not`, with an event each, so that their streams close on all servers.
 * Returns how many.
 */
export async function endSessions(
  tx: Writes,
  actor: Actor,
  account: Account,
  spared?: number,
): Promise<number> {
  const sessions = await tx.deleteSessions({ accountId: account.id, not: spared })
  await tx.configsync.endLogins(account.id)
  await noteEnded(tx, actor, account, sessions)
  return sessions.length
}

/**
 * A new password and a change of the admin flag have entries of their own. For other changes only the keys are
 * recorded.
 */
async function auditUpdate(
  tx: Writes,
  actor: Actor,
  { uuid, isAdmin }: Account,
  changed: readonly string[],
  sessionsEnded: number | undefined,
): Promise<void> {
  const note = (action: 'account.update' | 'account.admin' | 'password.change', facts: AuditFacts) =>
    tx.audit(entryBy(actor, action, { type: 'account', id: uuid }, facts))
  const rest = changed.filter((key) => key !== 'password' && key !== 'is_admin')
  if (rest.length > 0) await note('account.update', { changed: rest })
  if (changed.includes('is_admin')) await note('account.admin', { is_admin: isAdmin })
  if (sessionsEnded !== undefined) await note('password.change', { sessions_ended: sessionsEnded })
}

/** Refuses to change an account that does not come back. @throws account_erased */
export function refuseErased({ erasedAt }: Account): void {
  if (erasedAt !== null) throw refusal('account_erased')
}

/** @throws account_not_found */
export async function existing(tx: Reads, uuid: Uuid): Promise<Account> {
  const account = await tx.account({ uuid })
  if (!account) throw refusal('account_not_found')
  return account
}
