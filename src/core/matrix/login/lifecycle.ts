import type { Person } from '../../identity/actor'
import { endSession, noteEnded } from '../../identity/ended-sessions'
import { matrixRefusal } from '../errors'
import type { MatrixParts } from '../parts'

/** How sessions of devices end, and accounts. */
export class Lifecycle {
  constructor(private readonly parts: Pick<MatrixParts, 'core'>) {}

  /** Ends the session and device of the caller. @throws M_FORBIDDEN for the token of an agent */
  async logout(actor: Person): Promise<void> {
    const { core } = this.parts
    if (actor.via !== 'session') throw tokenStays()
    const { account, session } = actor
    await core.transactions.run(actor, (tx) => endSession(tx, actor, account, session))
  }

  /** Ends the sessions of all devices of the caller. Those of browsers go on. @throws M_FORBIDDEN for an agent */
  async logoutAll(actor: Person): Promise<void> {
    const { core } = this.parts
    if (actor.via !== 'session') throw tokenStays()
    const { account } = actor
    await core.transactions.run(actor, async (tx) => {
      const sessions = await tx.listSessions(account.id, core.clock.now())
      for (const { id, device } of sessions)
        if (device !== null) await noteEnded(tx, actor, account, await tx.deleteSessions({ id }))
    })
  }
}

function tokenStays() {
  return matrixRefusal('M_FORBIDDEN', 'The token of an agent is revoked on this server, not over Matrix')
}
