import type { Person } from '../identity/actor'
import { AccountData } from './account-data/account-data'
import { DeviceKeys } from './account-data/device-keys'
import { MatrixProfiles } from './account-data/profiles'
import { UserDirectory } from './account-data/user-directory'
import { createActs } from './acts/create'
import { createAdministration } from './administration/administration'
import { CountedTotals } from './counted-totals'
import { createEphemeral } from './ephemeral/create'
import { DeviceSessions } from './login/device-sessions'
import { type DeviceName, Devices } from './login/devices'
import { Interactive } from './login/interactive'
import { IssuedTokens } from './login/issued-tokens'
import { Lifecycle } from './login/lifecycle'
import { Logins } from './login/login'
import { Registration } from './login/registration'
import { RegistrationTokens } from './login/registration-tokens'
import { ShortSecrets } from './login/short-secrets'
import { Media } from './media/media'
import { Previews } from './media/previews'
import { Thumbnails } from './media/thumbnails'
import { UnreferencedMedia } from './media/unreferenced'
import type { MatrixParts } from './parts'
import { createPlaces } from './places/places'
import { Projector } from './projector/projector'
import { tellOfReaders } from './projector/readers-elsewhere'
import { createPush } from './push/push'
import { createReading } from './reading/reading'
import { RecentEvents } from './reading/recent'
import { MatrixRoomRules } from './room-rules'
import { SigningKeys } from './signing-keys'
import { Standings } from './standings'
import { Waiters } from './sync/waiting'
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
    pace: core.pace,
    systemName: () => settings.get('instance.name'),
    newRooms: () => ({
      version: settings.get('matrix.room_version'),
      federate: settings.get('matrix.federate_channels'),
    }),
    run: (actor, work) => transactions.run(actor, work),
  })
  const caughtUp = async () => {
    await store.shared?.readBarrier()
    await projector.projected()
  }
  const standings = new Standings(store, parts.report)
  const media = new Media({ ...parts, standings })
  const signingKeys = new SigningKeys(parts)
  const devices = new Devices(parts)
  const deviceSessions = new DeviceSessions(parts)
  const shortSecrets = new ShortSecrets(parts)
  const registrationTokens = new RegistrationTokens(parts)
  const interactive = new Interactive(parts, users, shortSecrets, registrationTokens)
  const logins = new Logins(parts, users, deviceSessions, shortSecrets)
  core.rooms.fill(new MatrixRoomRules({ projector, users, settings, serverName, store }))
  const registration = new Registration(parts, { users, interactive, logins, shortSecrets })
  const recent = new RecentEvents(core, store)
  const push = createPush({ ...parts, recent }, users)
  const acts = createActs({ ...parts, ...push, users, projector, media, standings, caughtUp })
  const waiters = new Waiters(store, parts.timer)
  tellOfReaders({ core, store, projector, waiters })
  const { ephemeral, ...ofEphemeral } = createEphemeral({
    ...parts,
    standings,
    users,
    wake: (keys) => waiters.wakeKeys(keys),
  })
  const reading = createReading({
    ...parts,
    users,
    recent,
    unread: push.unread,
    transactionsOf: async (actor) => {
      const device = await devices.of(actor)
      return (event) => acts.sentTransactions.of(device, event)
    },
    caughtUp,
    projected: () => projector.position,
    waiters,
    ephemeral,
  })
  const told = push.tell(reading)
  return {
    serverName,
    ...acts,
    ...ofEphemeral,
    users,
    projector,
    devices,
    deviceSessions,
    interactive,
    logins,
    registration,
    registrationTokens,
    issuedTokens: new IssuedTokens(parts, users, shortSecrets),
    lifecycle: new Lifecycle(parts, devices),
    signingKeys,
    standings,
    administration: createAdministration({
      ...parts,
      users,
      devices,
      registration,
      signingKeys,
      projector,
      caughtUp,
      pushers: told.pushers,
    }),
    profiles: new MatrixProfiles({ ...parts, standings }, users),
    userDirectory: new UserDirectory(parts, users),
    accountData: new AccountData({ ...parts, caughtUp }, users),
    pushRules: push.pushRules,
    ...told,
    deviceKeys: new DeviceKeys(parts, users),
    ...reading,
    ...createPlaces({ ...parts, users, readers: reading.readers, caughtUp }),
    media,
    totals: new CountedTotals(store),
    unreferencedMedia: new UnreferencedMedia(parts),
    thumbnails: new Thumbnails(parts, media),
    previews: new Previews({ ...parts, clock: core.clock, media }),
    /** Reads what later acts need of the store. Call it before anything is served. */
    async open(): Promise<void> {
      await signingKeys.open()
      // What a locked user waits for would come after the lock.
      await standings.open((accountId) => waiters.endOf(`a${accountId}`))
    },
    /**
     * Notes the first use of a new session, and returns the device of the caller. Called for every request. `lockedToo`: a
     * locked user may do this. @throws M_USER_LOCKED
     */
    async entering(actor: Person, lockedToo = false): Promise<DeviceName> {
      if (!lockedToo) await standings.refuseLocked(actor.account)
      if (actor.via === 'session') await deviceSessions.settle(actor.session)
      return devices.of(actor)
    },
  }
}
