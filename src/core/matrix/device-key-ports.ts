/** A one-time or fallback key. */
export interface StoredKey {
  readonly algorithm: string
  /** Without the algorithm. */
  readonly keyId: string
  readonly json: string
}

/** The identity keys of a device. */
export interface IdentityKeys {
  readonly accountId: number
  readonly deviceId: string
  readonly name: string | null
  readonly json: string
}

export interface DeviceKeyReads {
  /** The identity keys of the devices of accounts that have some, with the names of the devices. */
  deviceKeys(accountIds: readonly number[]): Promise<readonly IdentityKeys[]>
  /** The one-time keys of a device, and its fallback keys. */
  keysOfDevice(device: number): Promise<{ readonly oneTime: StoredKey[]; readonly fallback: StoredKey[] }>
}

export interface DeviceKeyWrites {
  setDeviceKeys(device: number, json: string): Promise<void>
  /** Adds keys behind those that a device has. Their ids must be new. */
  insertOneTimeKeys(device: number, keys: readonly StoredKey[]): Promise<void>
  /** Replaces the fallback key of an algorithm by one that nobody has used. */
  setFallbackKey(device: number, key: StoredKey): Promise<void>
  /** Deletes the oldest one-time key of an algorithm and returns it. */
  takeOneTimeKey(device: number, algorithm: string): Promise<StoredKey | undefined>
  /** Returns the fallback key of an algorithm, and marks it as used. */
  useFallbackKey(device: number, algorithm: string): Promise<StoredKey | undefined>
}
