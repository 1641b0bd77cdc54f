import type { Person } from '../identity/actor'
import { DeviceSessions } from './login/device-sessions'
import { type DeviceName, Devices } from './login/devices'
import { Lifecycle } from './login/lifecycle'
import { Logins } from './login/login'
import { ShortSecrets } from './login/short-secrets'
import { Media } from './media'
import type { MatrixParts } from './parts'
import { Projector } from './projector/projector'
import { Users } from './users'

export type Matrix = ReturnType<typeof createMatrix>

/** Creates the homeserver over a core. */
export function createMatrix(parts: MatrixParts) {
  const { core, serverName, store } = parts
  const { settings, transactions } = core
  const users = new Users(store, serverName)
  const projector = new Projector({
    ...parts,
    users,
    head: () => core.log.head,
    systemName: () => settings.get('instance.name'),
    newRooms: () => ({
      version: settings.get('matrix.room_version'),
      federate: settings.get('matrix.federate_channels'),
    }),
    run: (actor, work) => transactions.run(actor, work),
  })
  const devices = new Devices(parts)
  const deviceSessions = new DeviceSessions(parts)
  const shortSecrets = new ShortSecrets(parts)
  return {
    serverName,
    users,
    projector,
    devices,
    deviceSessions,
    logins: new Logins(parts, users, deviceSessions, shortSecrets),
    lifecycle: new Lifecycle(parts),
    media: new Media(parts),
    /** Notes the first use of a new session, and returns the device of the caller. Called for every request. */
    async entering(actor: Person): Promise<DeviceName> {
      if (actor.via === 'session') await deviceSessions.settle(actor.session)
      return devices.of(actor)
    },
  }
}
