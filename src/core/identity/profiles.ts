import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import type { Account } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { AccountChange, Passwords, Reads } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import { accountEvent } from '../log/events'
import { endSessions, hashPassword, normalName } from './accounts'
import { isAdmin, type Person, requireHuman } from './actor'
import type { SelfService } from './self-service'
import type { Client, Sessions } from './sessions'

/** The fields of an account that it may change itself. */
export type ProfilePatch = Pick<AccountChange, 'displayName' | 'about' | 'capabilities' | 'residency'>

/** Accounts as they see themselves and each other. */
export class Profiles {
  constructor(
    private readonly deps: {
      readonly reads: Reads
      readonly directory: Directory
      readonly policy: Policy
      readonly transactions: Transactions
      readonly selfService: SelfService
      readonly sessions: Sessions
      readonly passwords: Passwords
      readonly settings: Settings
    },
  ) {}

  /**
   * Returns the actor itself, or an account that shares a channel with it; for system admins, any account.
   * @throws account_not_found, also for an account that the actor may not see
   */
  async find(actor: Person, handle: string): Promise<Account> {
    const { directory, policy, settings } = this.deps
    const name = normalName(handle)
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const account = directory.accountByHandle(name)
      const isKnown =
        account &&
        (account.id === now.account.id ||
          isAdmin(now, settings) ||
          directory.shareChannel(now.account.id, account.id))
      if (!isKnown) throw refusal('account_not_found')
      return account
    })
  }

  /**
   * Changes the actor's own profile.
   * @throws humans_only or missing_scope if the account is a person's and the actor is not that person
   */
  async update(actor: Person, patch: ProfilePatch): Promise<Account> {
    return this.deps.selfService.act(actor, async (tx, now) => {
      if (now.account.kind === 'human') requireHuman(now)
      const changed = Object.keys(patch)
      if (changed.length === 0) return now.account
      const updated = await tx.updateAccount(now.account.id, patch)
      const words = changed.map((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
      await tx.append(accountEvent('account.updated', updated, { changed: words }), updated)
      await tx.audit(
        entryBy(now, 'account.update', { type: 'account', id: updated.uuid }, { changed: words }),
      )
      return updated
    })
  }

  /**
   * Sets a new password and ends the person's other sessions. Wrong current passwords count like failed logins.
   * @throws humans_only, missing_scope; draining, login_throttled, invalid_credentials, weak_password
   */
  async changePassword(actor: Person, current: string, next: string, client: Client): Promise<void> {
    requireHuman(actor)
    const { selfService, passwords, reads, sessions, settings, transactions } = this.deps
    transactions.refuseWhileDraining(actor)
    const { account } = actor
    const attempt = await sessions.countAttempt(account.handle, client)
    const stored = await reads.passwordHash(account.id)
    if (!(await passwords.verify(current, stored))) throw refusal('invalid_credentials')
    const passwordHash = await hashPassword(next, passwords, settings)
    await selfService.act(actor, async (tx, now) => {
      requireHuman(now)
      // Another request may have changed the password in between.
      if ((await tx.passwordHash(account.id)) !== stored) throw refusal('invalid_credentials')
      const updated = await tx.updateAccount(account.id, { passwordHash })
      await tx.append(accountEvent('account.updated', updated, { changed: ['password'] }), updated)
      await endSessions(tx, now, updated, now.via === 'session' ? now.session.id : undefined)
      await tx.audit(entryBy(now, 'password.change', { type: 'account', id: updated.uuid }))
      await tx.forgetAttempts(attempt)
    })
  }
}
