import type { Policy } from '../../access/policy'
import type { MatrixParts } from '../parts'
import type { Projector } from '../projector/projector'
import type { Users } from '../users'
import { RoomAliases } from './aliases'
import { Creations } from './creating'
import { RoomMemberships } from './membership'
import { RoomActs } from './room-acts'
import { Sendings } from './sending'
import { SentTransactions } from './sent-transactions'
import { States } from './states'

/** Creates the acts over Matrix. */
export function createActs(
  parts: MatrixParts & { readonly users: Users; readonly projector: Projector; readonly policy: Policy },
) {
  const acts = new RoomActs(parts)
  const roomMemberships = new RoomMemberships(parts, acts)
  return {
    sendings: new Sendings(parts, acts),
    roomMemberships,
    creations: new Creations(parts, acts, roomMemberships),
    stateSettings: new States(parts, acts, roomMemberships),
    roomAliases: new RoomAliases(parts, acts),
    sentTransactions: new SentTransactions(parts.secrets),
  }
}
