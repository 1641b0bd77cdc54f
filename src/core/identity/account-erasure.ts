import type { HeldLeases } from '../coordination/held-leases'
import { entryBy } from '../governance/audit'
import type { LiveSettings } from '../governance/live-settings'
import type { Account, SettingChange } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Secrets } from '../kernel/ids'
import type { Reads, Writes } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import { accountEvent, channelEvent, type ErasedFacts, settingEvent } from '../log/events'
import { normalName } from './accounts'
import { type Actor, accountOf, isListedAdmin } from './actor'
import { deleteDevices } from './ended-sessions'
import { SYSTEM_HANDLE } from './system-account'

/** Settings that name accounts by their handles and can be changed at run time. */
const NAMING_SETTINGS = ['named_aliases', 'impersonation_allowlist']
/** Changes of one setting that are read. */
const CHANGES = 10_000

/** What an erasure did to the account itself. */
export interface ErasedAccount {
  readonly account: Account
  readonly tokensRevoked: number
}

/**
 * The first part of an erasure, in one transaction: the account, its credentials, memberships, and what names it. Its
 * messages follow in slices (messages/erasures.ts). The contract: docs/contract/accounts.md#erasure.
 */
export class AccountErasure {
  constructor(
    private readonly deps: {
      readonly settings: LiveSettings
      readonly secrets: Secrets
      readonly clock: Clock
      readonly leases: HeldLeases
    },
  ) {}

  /** Checks that the account may be erased. @throws confirm_mismatch, system_account, last_system_admin */
  async check(reads: Reads, account: Account, confirm: string): Promise<void> {
    if (normalName(confirm) !== account.handle) throw refusal('confirm_mismatch')
    if (account.handle === SYSTEM_HANDLE) throw refusal('system_account')
    const { settings, clock } = this.deps
    const people = (await reads.humansWithPassword()).filter((person) => isListedAdmin(person, settings))
    const agents = await reads.accountsWithAdminToken(clock.now())
    const admins = new Set([...people.map(({ id }) => id), ...agents])
    if (admins.has(account.id) && admins.size === 1) throw refusal('last_system_admin')
  }

  /** Erases an account that was not erased before. */
  async erase(tx: Writes, actor: Actor, account: Account): Promise<ErasedAccount> {
    const { id } = account
    const { leases } = this.deps
    const open = await leases.openOf(tx, id)
    const now = tx.now()
    await tx.deleteWebhooksOf(id)
    const tokensRevoked = await tx.deleteCredentials(id, this.deps.clock.now())
    await deleteDevices(tx, await tx.deleteSessions({ accountId: id }))
    await tx.eraseTokenNames(id)
    const channels = await tx.deleteMembershipsOf(id)
    const erased = await tx.updateAccount(id, {
      handle: await this.freeHandle(tx),
      displayName: 'Erased account',
      email: null,
      passwordHash: null,
      isAdmin: false,
      chainLimit: null,
      about: '',
      capabilities: [],
      residency: 'episodic',
      archivedAt: account.archivedAt ?? now,
      erasedAt: now,
    })
    // An account that erases itself must not be named as it was.
    const by = accountOf(actor)?.id === id ? erased : accountOf(actor)
    const facts: ErasedFacts = { channels }
    await leases.end(tx, open, erased, by)
    await tx.forgetPausesOf(id)
    await tx.forgetBlocksOf(id)
    await tx.append(accountEvent('account.erased', erased, facts), by)
    await this.replaceHandle(tx, actor, by, account.handle, erased.handle)
    return { account: erased, tokensRevoked }
  }

  /** Drops what is remembered of an erased account outside the store. Call it after the commit. */
  forget(erased: Account): void {
    this.deps.leases.gone(erased)
  }

  /** Replaces the old handle wherever it refers to the account, so that the next account with it inherits no rights. */
  private async replaceHandle(tx: Writes, actor: Actor, by: Account | null, from: string, to: string) {
    for (const id of await tx.replaceHandle(from, to)) {
      const channel = await tx.channel({ id })
      if (channel) await tx.append(channelEvent('channel.updated', channel, { changed: ['aliases'] }), by)
    }
    for (const key of NAMING_SETTINGS) {
      const [newest, ...earlier] = await tx.settingHistory(key, {
        before: Number.MAX_SAFE_INTEGER,
        limit: CHANGES,
      })
      const value = newest && valueWith(newest, from, to)
      if (newest && value !== undefined) {
        const { seq, at } = await tx.append(settingEvent({ key, value }), by)
        await tx.insertSettingChange({ seq, key, value, actorId: by?.id ?? null, at })
        await tx.audit(entryBy(actor, 'setting.set', { type: 'setting', id: key }, { seq }))
        earlier.unshift(newest)
      }
      for (const change of earlier) {
        const past = valueWith(change, from, to)
        if (past !== undefined) await tx.updateSettingChange(change.seq, past)
      }
    }
  }

  private async freeHandle(tx: Reads): Promise<string> {
    const { secrets } = this.deps
    for (;;) {
      const handle = `erased-${secrets.sha256(secrets.secret()).slice(0, 8)}`
      if (!(await tx.account({ handle }))) return handle
    }
  }
}

/** Returns the value of a setting with another handle; undefined if it does not contain the handle. */
function valueWith({ value }: SettingChange, from: string, to: string): string | undefined {
  if (value === null) return undefined
  const changed = JSON.stringify(replaced(JSON.parse(value), from, to))
  return changed === value ? undefined : changed
}

function replaced(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return normalName(value) === from ? to : value
  if (Array.isArray(value)) return value.map((entry) => replaced(entry, from, to))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, replaced(entry, from, to)]))
}
