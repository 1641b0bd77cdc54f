import type { Media } from '../media'
import type { CaughtUp, MatrixParts } from '../parts'
import type { Projector } from '../projector/projector'
import type { Users } from '../users'
import { RoomAliases } from './aliases'
import { Creations } from './creating'
import { RoomMemberships } from './membership'
import { Publishing } from './publishing'
import { Redactions } from './redactions'
import { RoomActs } from './room-acts'
import { Sendings } from './sending'
import { SentFiles } from './sent-files'
import { SentTransactions } from './sent-transactions'
import { States } from './states'

/** Creates the acts over Matrix. */
export function createActs(
  parts: MatrixParts & {
    readonly users: Users
    readonly projector: Projector
    readonly media: Media
    readonly caughtUp: CaughtUp
  },
) {
  const acts = new RoomActs(parts)
  const redactions = new Redactions(parts, acts)
  const roomMemberships = new RoomMemberships(parts, acts)
  return {
    sendings: new Sendings(parts, acts, redactions, new SentFiles(parts, parts.media)),
    redactions,
    sentTransactions: new SentTransactions(parts.secrets),
    roomMemberships,
    creations: new Creations(parts, acts, roomMemberships),
    stateSettings: new States(parts, acts, roomMemberships),
    roomAliases: new RoomAliases(parts, acts),
    publishing: new Publishing(parts, acts),
  }
}
