import type { Micros } from '../kernel/time'

/** A signing key of this server. */
export interface SigningKey {
  /** Such as `ed25519:a_Xy12`. */
  readonly keyId: string
  /** The seed, sealed under the instance key. */
  readonly seedSealed: string
  readonly createdAt: Micros
  /** From then on it signs no more. Null: it is in use. */
  readonly expiredAt: Micros | null
}

export interface KeyReads {
  /** Newest first. */
  signingKeys(): Promise<SigningKey[]>
}

export interface KeyWrites {
  insertSigningKey(key: Pick<SigningKey, 'keyId' | 'seedSealed'>): Promise<SigningKey>
  /** From now on a key signs no more. */
  retireSigningKey(keyId: string): Promise<void>
}
