import { and, asc, eq, inArray } from 'drizzle-orm'
import type { DeviceReads, DeviceWrites } from '../../../core/matrix/device-ports'
import type { Handle, Stamp } from '../../database'
import { only } from '../rows'

export function deviceReads({ db, t }: Handle): DeviceReads {
  const devices = t.matrixDevices
  return {
    async device(by) {
      const where =
        'id' in by
          ? eq(devices.id, by.id)
          : 'uuid' in by
            ? eq(devices.uuid, by.uuid)
            : and(eq(devices.accountId, by.accountId), eq(devices.deviceId, by.deviceId))
      const [row] = await db.select().from(devices).where(where)
      return row
    },

    devices: async (accountId) =>
      db.select().from(devices).where(eq(devices.accountId, accountId)).orderBy(asc(devices.id)),

    async sessionBy(hash) {
      const where =
        'refreshHash' in hash
          ? eq(t.sessions.refreshHash, hash.refreshHash)
          : eq(t.sessions.refreshBefore, hash.refreshBefore)
      const [row] = await db.select().from(t.sessions).where(where).orderBy(asc(t.sessions.id)).limit(1)
      return row
    },

    sessionsOfDevice: async (device) => db.select().from(t.sessions).where(eq(t.sessions.device, device)),
  }
}

export function deviceWrites({ db, t }: Handle, stamp: Stamp): DeviceWrites {
  const devices = t.matrixDevices
  return {
    async insertDevice(device) {
      const row = { uuid: stamp.uuid(), ...device, createdAt: stamp.now(), seenAt: stamp.now() }
      return only(await db.insert(devices).values(row).returning())
    },

    async updateDevice(id, change) {
      await db.update(devices).set(change).where(eq(devices.id, id))
    },

    async deleteDevices(ids) {
      const used = await db
        .select({ device: t.sessions.device })
        .from(t.sessions)
        .where(inArray(t.sessions.device, [...ids]))
      const list = ids.filter((id) => !used.some(({ device }) => device === id))
      if (list.length === 0) return
      for (const keys of [t.matrixDeviceKeys, t.matrixOneTimeKeys, t.matrixFallbackKeys, t.matrixPushers])
        await db.delete(keys).where(inArray(keys.device, list))
      await db.delete(devices).where(inArray(devices.id, list))
    },
  }
}
