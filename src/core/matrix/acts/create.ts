import type { Media } from '../media/media'
import type { CaughtUp, MatrixParts } from '../parts'
import type { Projector } from '../projector/projector'
import type { PushRules } from '../push/push-rules'
import type { Standings } from '../standings'
import type { Users } from '../users'
import { RoomAliases } from './aliases'
import { Creations } from './creating'
import { GroupedSends } from './grouped-sends'
import { RoomMemberships } from './membership'
import { NewRooms } from './new-rooms'
import { Publishing } from './publishing'
import { Redactions } from './redactions'
import { RoomActs } from './room-acts'
import { Sendings } from './sending'
import { SentFiles } from './sent-files'
import { SentTransactions } from './sent-transactions'
import { States } from './states'
import { Upgrades } from './upgrading'

/** Creates the acts over Matrix. */
export function createActs(
  parts: MatrixParts & {
    readonly users: Users
    readonly projector: Projector
    readonly media: Media
    readonly pushRules: PushRules
    readonly standings: Standings
    readonly caughtUp: CaughtUp
  },
) {
  const acts = new RoomActs(parts)
  const redactions = new Redactions(parts, acts)
  const roomMemberships = new RoomMemberships(parts, acts)
  const stateSettings = new States(parts, acts, roomMemberships)
  const newRooms = new NewRooms(parts)
  return {
    sendings: new Sendings(
      parts,
      acts,
      redactions,
      new SentFiles(parts, parts.media),
      new GroupedSends(parts),
    ),
    redactions,
    sentTransactions: new SentTransactions(parts.secrets),
    roomMemberships,
    creations: new Creations(parts, acts, newRooms, roomMemberships),
    stateSettings,
    upgrades: new Upgrades(parts, acts, newRooms, stateSettings),
    roomAliases: new RoomAliases(parts, acts),
    publishing: new Publishing(parts, acts),
  }
}
