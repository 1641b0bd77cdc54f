import { and, asc, eq, max, sql } from 'drizzle-orm'
import type { DeviceKeyReads, DeviceKeyWrites } from '../../../core/matrix/device-key-ports'
import type { Handle } from '../../database'

export function deviceKeyReads({ db, t, dialect }: Handle): DeviceKeyReads {
  const { matrixDevices: devices, matrixDeviceKeys: identity } = t
  const { matrixOneTimeKeys: oneTime, matrixFallbackKeys: fallback } = t
  return {
    async deviceKeys(accountIds) {
      if (accountIds.length === 0) return []
      return db
        .select({
          accountId: devices.accountId,
          deviceId: devices.deviceId,
          name: devices.name,
          json: identity.json,
        })
        .from(identity)
        .innerJoin(devices, eq(devices.id, identity.device))
        .where(dialect.amongNumbers(devices.accountId, sql`${JSON.stringify(accountIds)}`))
        .orderBy(asc(devices.id))
    },

    async keysOfDevice(device) {
      const columns = (keys: typeof oneTime | typeof fallback) => ({
        algorithm: keys.algorithm,
        keyId: keys.keyId,
        json: keys.json,
      })
      return {
        oneTime: await db.select(columns(oneTime)).from(oneTime).where(eq(oneTime.device, device)),
        fallback: await db.select(columns(fallback)).from(fallback).where(eq(fallback.device, device)),
      }
    },
  }
}

export function deviceKeyWrites({ db, t }: Handle): DeviceKeyWrites {
  const { matrixDeviceKeys: identity, matrixOneTimeKeys: oneTime, matrixFallbackKeys: fallback } = t
  return {
    async setDeviceKeys(device, json) {
      await db
        .insert(identity)
        .values({ device, json })
        .onConflictDoUpdate({ target: identity.device, set: { json } })
    },

    async insertOneTimeKeys(device, keys) {
      if (keys.length === 0) return
      const [last] = await db
        .select({ n: max(oneTime.n) })
        .from(oneTime)
        .where(eq(oneTime.device, device))
      const first = (last?.n ?? 0) + 1
      await db.insert(oneTime).values(keys.map((key, i) => ({ ...key, device, n: first + i })))
    },

    async setFallbackKey(device, key) {
      const { keyId, json } = key
      await db
        .insert(fallback)
        .values({ ...key, device })
        .onConflictDoUpdate({
          target: [fallback.device, fallback.algorithm],
          set: { keyId, json, used: false },
        })
    },

    async takeOneTimeKey(device, algorithm) {
      const own = and(eq(oneTime.device, device), eq(oneTime.algorithm, algorithm))
      const [next] = await db
        .select({ n: oneTime.n })
        .from(oneTime)
        .where(own)
        .orderBy(asc(oneTime.n))
        .limit(1)
      if (!next) return undefined
      const [taken] = await db
        .delete(oneTime)
        .where(and(own, eq(oneTime.n, next.n)))
        .returning()
      return taken
    },

    async useFallbackKey(device, algorithm) {
      const [key] = await db
        .update(fallback)
        .set({ used: true })
        .where(and(eq(fallback.device, device), eq(fallback.algorithm, algorithm)))
        .returning()
      return key
    },
  }
}
