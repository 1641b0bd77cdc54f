import type { Session } from '../kernel/entities'
import type { Uuid } from '../kernel/ids'
import type { Micros } from '../kernel/time'

/** A device of a Matrix client: what an access token belongs to. */
export interface Device {
  readonly id: number
  /** The device of a token has the id of the token. */
  readonly uuid: Uuid
  readonly accountId: number
  /** As the client knows it: its own choice, or one of the server. */
  readonly deviceId: string
  readonly name: string | null
  /** The last sign-in, and its address. Later uses are those of its session. */
  readonly seenAt: Micros | null
  readonly seenIp: string | null
  readonly createdAt: Micros
}

export interface DeviceReads {
  device(
    by: { id: number } | { uuid: Uuid } | { accountId: number; deviceId: string },
  ): Promise<Device | undefined>
  /** In order of creation. */
  devices(accountId: number): Promise<Device[]>
  /** The session that is renewed with this token, or that was made by renewing one with it. */
  sessionBy(hash: { refreshHash: string } | { refreshBefore: string }): Promise<Session | undefined>
  sessionsOfDevice(device: number): Promise<Session[]>
}

export interface DeviceWrites {
  /** `uuid`: a given id; absent = a new one. */
  insertDevice(
    device: Pick<Device, 'accountId' | 'deviceId' | 'name' | 'seenIp'> & { readonly uuid?: Uuid },
  ): Promise<Device>
  updateDevice(
    id: number,
    change: { name?: string | null; seenAt?: Micros; seenIp?: string | null },
  ): Promise<void>
  /** Deletes those of these devices that have no session, with their keys. */
  deleteDevices(ids: readonly number[]): Promise<void>
}
