import { entryBy } from '../../governance/audit'
import { endSessions, hashPassword } from '../../identity/accounts'
import { type Person, requireHuman } from '../../identity/actor'
import { accountEvent } from '../../log/events'
import { matrixRefusal } from '../errors'
import type { MatrixParts } from '../parts'
import type { Devices } from './devices'
import type { Passed } from './interactive'

/** How devices and accounts end, and passwords change: acts of a person on itself. */
export class Lifecycle {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'passwords'>,
    private readonly devices: Devices,
  ) {}

  /** Ends the session and device of the caller. @throws M_FORBIDDEN for the token of an agent */
  async logout(actor: Person): Promise<void> {
    const { core } = this.parts
    if (actor.via !== 'session') throw tokenStays()
    const { account, session } = actor
    await core.transactions.run(actor, (tx) => core.sessions.remove(tx, actor, account, session))
  }

  /** Ends the sessions of all devices of the caller. Those of browsers go on. @throws M_FORBIDDEN for an agent */
  async logoutAll(actor: Person): Promise<void> {
    const { core } = this.parts
    if (actor.via !== 'session') throw tokenStays()
    const { account } = actor
    await core.transactions.run(actor, async (tx) => {
      const sessions = await tx.listSessions(account.id, core.clock.now())
      for (const session of sessions)
        if (session.device !== null) await core.sessions.remove(tx, actor, account, session)
    })
  }

  /** Ends devices of the caller. Unknown ones are none. */
  async endDevices(actor: Person, deviceIds: readonly string[], passed: Passed): Promise<void> {
    const { core } = this.parts
    await core.transactions.run(actor, async (tx) => {
      const now = core.policy.current(actor)
      requireHuman(now)
      await passed.finish(tx)
      await this.devices.end(tx, now, now.account, deviceIds)
    })
  }

  /** Sets a new password. `endsOthers`: other sessions end, those of browsers too. @throws weak_password */
  async changePassword(actor: Person, password: string, endsOthers: boolean, passed: Passed): Promise<void> {
    const { core, passwords } = this.parts
    const passwordHash = await hashPassword(password, passwords, core.settings)
    await core.transactions.run(actor, async (tx) => {
      const now = core.policy.current(actor)
      requireHuman(now)
      const updated = await tx.updateAccount(now.account.id, { passwordHash })
      await tx.append(accountEvent('account.updated', updated, { changed: ['password'] }), updated)
      await passed.finish(tx)
      const kept = now.via === 'session' ? now.session.id : undefined
      const ended = endsOthers ? await endSessions(tx, now, updated, kept) : 0
      const target = { type: 'account', id: updated.uuid } as const
      await tx.audit(entryBy(now, 'password.change', target, { sessions_ended: ended }))
    })
  }

  /**
   * Archives the account of the caller, for good: its sessions, devices, keys, profile and account data go. `erases`:
   * its events are served redacted to those who join later.
   */
  async deactivate(actor: Person, erases: boolean, passed: Passed): Promise<void> {
    const { core } = this.parts
    const gone = await core.transactions.run(actor, async (tx) => {
      const now = core.policy.current(actor)
      requireHuman(now)
      await passed.finish(tx)
      const archived = await core.accounts.archiveIn(tx, now, now.account)
      const matrix = tx.matrix()
      await matrix.deactivateUser(archived.id, { at: tx.now(), erased: erases })
      await matrix.forgetUser(archived.id)
      return archived
    })
    core.accounts.archived(gone)
  }
}

function tokenStays() {
  return matrixRefusal('M_FORBIDDEN', 'The token of an agent is revoked on this server, not over Matrix')
}
