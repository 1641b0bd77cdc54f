/**
 * What administrators do to the homeserver: users, registration tokens, rooms, files, keys and the projector. Every verb
 * checks that the actor administers, and every change is audited. Imports the core alone.
 * Start reading here, then users.ts.
 */
import { Administration } from '../../governance/administration'
import type { Devices } from '../login/devices'
import type { Registration } from '../login/registration'
import type { CaughtUp, MatrixParts } from '../parts'
import type { Projector } from '../projector/projector'
import type { Pushers } from '../push/pushers'
import type { SigningKeys } from '../signing-keys'
import type { Users } from '../users'
import { KeyAdministration } from './keys'
import { MediaAdministration } from './media'
import { Rebuilding } from './rebuilding'
import { RegistrationTokenAdministration } from './registration-tokens'
import { RoomAdministration } from './rooms'
import { StatusReport } from './status'
import { UserAdministration } from './users'

export function createAdministration(
  parts: MatrixParts & {
    readonly users: Users
    readonly devices: Devices
    readonly projector: Projector
    readonly caughtUp: CaughtUp
    readonly pushers: Pushers
    readonly registration: Registration
    readonly signingKeys: SigningKeys
  },
) {
  const administration = new Administration(parts.core.transactions, parts.policy, parts.core.settings)
  const deps = { ...parts, administration }
  return {
    users: new UserAdministration(deps),
    registrationTokens: new RegistrationTokenAdministration(deps),
    keys: new KeyAdministration(deps),
    rooms: new RoomAdministration(deps),
    media: new MediaAdministration(deps),
    rebuilding: new Rebuilding(deps),
    status: new StatusReport(deps),
  }
}

export type MatrixAdministration = ReturnType<typeof createAdministration>
