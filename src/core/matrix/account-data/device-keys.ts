import type { Person } from '../../identity/actor'
import type { Account } from '../../kernel/entities'
import type { Writes } from '../../kernel/ports'
import { canonicalJson, isObject, type JsonObject } from '../canonical'
import type { StoredKey } from '../device-key-ports'
import { matrixRefusal } from '../errors'
import { parseUserId } from '../ids'
import type { DeviceName } from '../login/devices'
import type { MatrixParts } from '../parts'
import type { Users } from '../users'

/** One-time keys of a device at most, and fallback keys that it uploads at once. */
const MAX_KEYS = 200
const MAX_FALLBACK_KEYS = 20
/** Users and devices that one request may ask about. */
const MAX_ASKED = 1000
/** Counted also when none is left, because clients upload new ones then. */
const COUNTED = 'signed_curve25519'

/** What a device uploads. */
export interface KeyUpload {
  readonly deviceKeys: JsonObject | undefined
  readonly oneTimeKeys: JsonObject
  readonly fallbackKeys: JsonObject
}

/** The keys by which clients encrypt for each other. The server passes them on. */
export class DeviceKeys {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'>,
    private readonly users: Users,
  ) {}

  /**
   * Stores keys of the calling device, and returns how many one-time keys it has. A key with an id that is known must be
   * the same key.
   * @throws M_INVALID_PARAM
   */
  async upload(
    actor: Person,
    device: DeviceName,
    { deviceKeys, oneTimeKeys, fallbackKeys }: KeyUpload,
  ): Promise<Readonly<Record<string, number>>> {
    const { core } = this.parts
    const userId = await this.users.idOf(actor.account)
    if (deviceKeys && (deviceKeys.user_id !== userId || deviceKeys.device_id !== device.deviceId))
      throw matrixRefusal('M_INVALID_PARAM', 'device_keys are those of another device')
    const given = keysIn(oneTimeKeys, MAX_KEYS)
    const fallback = keysIn(fallbackKeys, MAX_FALLBACK_KEYS)
    return core.transactions.run(actor, async (tx) => {
      core.policy.current(actor)
      const matrix = tx.matrix()
      const known = await matrix.keysOfDevice(device.id)
      const fresh = given.filter((key) => !isKnown(known.oneTime, key))
      if (known.oneTime.length + fresh.length > MAX_KEYS) throw tooManyKeys(MAX_KEYS)
      const algorithms = new Set([...known.fallback, ...fallback].map(({ algorithm }) => algorithm))
      if (algorithms.size > MAX_FALLBACK_KEYS) throw tooManyKeys(MAX_FALLBACK_KEYS)
      if (deviceKeys) await matrix.setDeviceKeys(device.id, canonicalJson(deviceKeys))
      await matrix.insertOneTimeKeys(device.id, fresh)
      // The same key again keeps its mark.
      for (const key of fallback)
        if (!isKnown(known.fallback, key)) await matrix.setFallbackKey(device.id, key)
      const isFallbackNew = fallback.some((key) => !isKnown(known.fallback, key))
      if (fresh.length > 0 || isFallbackNew) await matrix.nextMx(`d${device.id}`)
      return counted([...known.oneTime, ...fresh])
    })
  }

  /** Returns the identity keys of devices of users. An empty list asks for all devices. */
  async query(asked: Readonly<Record<string, readonly string[]>>): Promise<JsonObject> {
    requireFew(Object.keys(asked).length)
    const found: Record<string, unknown> = {}
    const failures = new Set<string>()
    const { accounts, isLocal } = await this.localUsers(Object.keys(asked), failures)
    const keys = Map.groupBy(
      await this.parts.store.reads.matrix().deviceKeys([...accounts.values()].map(({ id }) => id)),
      ({ accountId }) => accountId,
    )
    for (const [userId, wanted] of Object.entries(asked)) {
      if (!isLocal(userId)) continue
      const rows = keys.get(accounts.get(userId)?.id ?? 0) ?? []
      const names = new Set(wanted)
      const devices = rows.filter(({ deviceId }) => names.size === 0 || names.has(deviceId))
      found[userId] = Object.fromEntries(
        devices.map(({ deviceId, name, json }) => {
          const keys = JSON.parse(json) as JsonObject
          const unsigned = name === null ? {} : { device_display_name: name }
          return [deviceId, { ...keys, unsigned }]
        }),
      )
    }
    return { device_keys: found, failures: failuresOf(failures) }
  }

  /** Hands out a key of each device that is asked for, each one-time key once, in the order of their upload. */
  async claim(
    actor: Person,
    asked: Readonly<Record<string, Readonly<Record<string, string>>>>,
  ): Promise<JsonObject> {
    const { core } = this.parts
    requireFew(Object.values(asked).reduce((sum, devices) => sum + Object.keys(devices).length, 0))
    const failures = new Set<string>()
    const { accounts } = await this.localUsers(Object.keys(asked), failures)
    const claims = Object.entries(asked).flatMap(([userId, devices]) => {
      const account = accounts.get(userId)
      return account ? [{ userId, account, devices }] : []
    })
    const keys = await core.transactions.run(actor, async (tx) => {
      core.policy.current(actor)
      const taken: Record<string, Record<string, unknown>> = {}
      for (const { userId, account, devices } of claims)
        for (const [deviceId, algorithm] of Object.entries(devices)) {
          const key = await takeKey(tx, account, deviceId, algorithm)
          if (!key) continue
          taken[userId] ??= {}
          taken[userId][deviceId] = { [`${key.algorithm}:${key.keyId}`]: JSON.parse(key.json) as unknown }
        }
      return taken
    })
    return { one_time_keys: keys, failures: failuresOf(failures) }
  }

  /** Returns the accounts of those users who are here, by user id. Notes servers that cannot be asked. */
  private async localUsers(
    userIds: readonly string[],
    failures: Set<string>,
  ): Promise<{
    readonly accounts: ReadonlyMap<string, Account>
    readonly isLocal: (userId: string) => boolean
  }> {
    const localpartOf = (userId: string) =>
      userId.startsWith('@') ? this.users.localpartIn(userId) : undefined
    const isLocal = (userId: string) => localpartOf(userId) !== undefined
    const named = await this.users.findNamed(userIds.filter(isLocal))
    const accounts = new Map<string, Account>()
    for (const userId of userIds) {
      const account = named.get(localpartOf(userId) ?? '')
      if (account?.archivedAt === null) accounts.set(userId, account)
      const server = isLocal(userId) ? undefined : parseUserId(userId)?.server
      if (server !== undefined) failures.add(server)
    }
    return { accounts, isLocal }
  }
}

/** Returns the counts of keys by algorithm. */
function counted(keys: readonly Pick<StoredKey, 'algorithm'>[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { [COUNTED]: 0 }
  for (const { algorithm } of keys) counts[algorithm] = (counts[algorithm] ?? 0) + 1
  return counts
}

async function takeKey(
  tx: Writes,
  { id: accountId }: Account,
  deviceId: string,
  algorithm: string,
): Promise<StoredKey | undefined> {
  const matrix = tx.matrix()
  const device = await matrix.device({ accountId, deviceId })
  if (!device) return undefined
  const key =
    (await matrix.takeOneTimeKey(device.id, algorithm)) ?? (await matrix.useFallbackKey(device.id, algorithm))
  // The device is told how many it has left.
  if (key) await matrix.nextMx(`d${device.id}`)
  return key
}

/** Reads at most so many keys by `<algorithm>:<id>`, in the order of the body. @throws M_INVALID_PARAM, M_BAD_JSON */
function keysIn(given: JsonObject, most: number): StoredKey[] {
  const names = Object.entries(given)
  if (names.length > most) throw tooManyKeys(most)
  return names.map(([name, key]) => {
    const colon = name.indexOf(':')
    if (colon < 1 || colon === name.length - 1)
      throw matrixRefusal('M_INVALID_PARAM', 'The name of a key is <algorithm>:<id>')
    if (typeof key !== 'string' && !isObject(key))
      throw matrixRefusal('M_BAD_JSON', 'A key is a text or an object')
    return { algorithm: name.slice(0, colon), keyId: name.slice(colon + 1), json: canonicalJson(key) }
  })
}

function tooManyKeys(most: number) {
  return matrixRefusal('M_INVALID_PARAM', `A device has at most ${most} of these keys`)
}

/** Reports whether a key is stored already. @throws M_INVALID_PARAM if another key has its id */
function isKnown(known: readonly StoredKey[], key: StoredKey): boolean {
  const same = known.find(({ algorithm, keyId }) => algorithm === key.algorithm && keyId === key.keyId)
  if (same && same.json !== key.json)
    throw matrixRefusal(
      'M_INVALID_PARAM',
      `The key ${key.algorithm}:${key.keyId} exists already, and is another one`,
    )
  return same !== undefined
}

function failuresOf(servers: ReadonlySet<string>): JsonObject {
  return Object.fromEntries([...servers].map((server) => [server, {}]))
}

function requireFew(count: number): void {
  if (count > MAX_ASKED)
    throw matrixRefusal('M_INVALID_PARAM', `One request asks about at most ${MAX_ASKED} users or devices`)
}
