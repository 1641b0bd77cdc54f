import { type Actor, type Person, principalOf } from '../../identity/actor'
import type { Account, Token } from '../../kernel/entities'
import type { Writes } from '../../kernel/ports'
import type { Micros } from '../../kernel/time'
import type { Device } from '../device-ports'
import { matrixRefusal } from '../errors'
import { deviceIdOfToken } from '../ids'
import type { MatrixParts } from '../parts'

/** Devices kept in memory. What is kept of them never changes. */
const CAPACITY = 20_000

/** A device as its owner sees it. */
export interface SeenDevice {
  readonly device: Device
  readonly seenAt: Micros | null
  readonly seenIp: string | null
}

/** The devices of accounts. A device of a person has a session, and ends with it; a device of an agent has a token. */
export class Devices {
  private readonly ids = new Map<string, DeviceName>()

  constructor(private readonly parts: Pick<MatrixParts, 'core' | 'store'>) {}

  /** Returns the device of the caller. That of an agent is made at its first use. */
  async of(actor: Person): Promise<DeviceName> {
    const principal = principalOf(actor)
    if (principal.via === 'operator') throw new Error('a caller of Matrix has a credential')
    const { uuid } = principal.via === 'token' ? principal.token : principal.session
    const known = this.ids.get(uuid)
    if (known) return known
    const { id, deviceId } =
      principal.via === 'token'
        ? await this.ofToken(principal.account, principal.token)
        : await this.ofSession(principal.session.device)
    if (this.ids.size >= CAPACITY) this.ids.clear()
    this.ids.set(uuid, { id, deviceId })
    return { id, deviceId }
  }

  /** Lists the devices of the caller, in order of creation. */
  list(actor: Person): Promise<SeenDevice[]> {
    return this.ofAccount(actor.account)
  }

  /** Lists the devices of an account, in order of creation. */
  async ofAccount({ id: accountId }: Account): Promise<SeenDevice[]> {
    const { store, core } = this.parts
    const { reads } = store
    const devices = await reads.matrix().devices(accountId)
    const sessions = await reads.listSessions(accountId, core.clock.now())
    const used = new Map(
      sessions.map((session) => [session.device, core.usage.ofSession(session).lastUsedAt]),
    )
    const shown: SeenDevice[] = []
    for (const device of devices) {
      const { id, uuid, seenAt, seenIp } = device
      const token = used.has(id) ? undefined : await reads.token({ uuid })
      // The device of a token ends with it.
      if (token && token.revokedAt !== null) continue
      const lastUsedAt = (token ? core.usage.ofToken(token).lastUsedAt : used.get(id)) ?? null
      const isLater = lastUsedAt !== null && lastUsedAt > (seenAt ?? 0)
      shown.push({ device, seenAt: isLater ? lastUsedAt : seenAt, seenIp })
    }
    return shown
  }

  /** @throws M_NOT_FOUND */
  async find(actor: Person, deviceId: string): Promise<SeenDevice> {
    const found = (await this.list(actor)).find(({ device }) => device.deviceId === deviceId)
    if (!found) throw unknownDevice()
    return found
  }

  /** Names a device of the caller; null removes its name. @throws M_NOT_FOUND */
  async rename(actor: Person, deviceId: string, name: string | null): Promise<void> {
    const { core } = this.parts
    await core.transactions.run(actor, async (tx) => {
      const now = core.policy.current(actor)
      const device = await tx.matrix().device({ accountId: now.account.id, deviceId })
      if (!device) throw unknownDevice()
      await tx.matrix().updateDevice(device.id, { name })
    })
  }

  /** Ends devices of an account in the transaction of another act, with their sessions and keys. */
  async end(tx: Writes, actor: Actor, account: Account, deviceIds: readonly string[]): Promise<void> {
    const matrix = tx.matrix()
    for (const deviceId of new Set(deviceIds)) {
      const device = await matrix.device({ accountId: account.id, deviceId })
      if (!device) continue
      for (const session of await matrix.sessionsOfDevice(device.id))
        await this.parts.core.sessions.remove(tx, actor, account, session)
      await matrix.deleteDevices([device.id])
    }
  }

  private async ofSession(id: number | null): Promise<Device> {
    if (id === null) throw new Error('a session of Matrix has a device')
    const device = await this.parts.store.reads.matrix().device({ id })
    // The session has ended meanwhile.
    if (!device) throw matrixRefusal('M_UNKNOWN_TOKEN', 'Unknown access token')
    return device
  }

  private async ofToken(account: Account, token: Token): Promise<Device> {
    const { store } = this.parts
    const known = await store.reads.matrix().device({ uuid: token.uuid })
    return known ?? store.transact((tx) => ensureDevice(tx, account, token))
  }
}

/** The two ids of a device: that of the store, and the one that clients know. */
export type DeviceName = Pick<Device, 'id' | 'deviceId'>

async function ensureDevice(tx: Writes, { id: accountId }: Account, { uuid, name }: Token): Promise<Device> {
  const matrix = tx.matrix()
  const known = await matrix.device({ uuid })
  if (known) return known
  const taken = new Set((await matrix.devices(accountId)).map(({ deviceId }) => deviceId))
  const deviceId = deviceIdOfToken(uuid, (one) => taken.has(one))
  return matrix.insertDevice({ uuid, accountId, deviceId, name, seenIp: null })
}

function unknownDevice() {
  return matrixRefusal('M_NOT_FOUND', 'You have no device with this id')
}
