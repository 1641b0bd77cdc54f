import type { Micros } from '../kernel/time'
import type { JsonObject } from './canonical'

/** What a short-lived secret is: a login or OpenID token, a session of interactive authentication, or a nonce. */
export type SecretKind = 'login' | 'openid' | 'interactive' | 'nonce'

/** A short-lived secret. The store knows its hash alone. */
export interface ShortSecret {
  readonly hash: string
  readonly kind: SecretKind
  readonly accountId: number | null
  readonly json: JsonObject
  readonly expiresAt: Micros
}

export interface SecretReads {
  shortSecret(hash: string): Promise<ShortSecret | undefined>
}

export interface SecretWrites {
  insertShortSecret(secret: ShortSecret): Promise<void>
  updateShortSecret(hash: string, json: JsonObject): Promise<void>
  /** Deletes a secret; undefined if there is none. */
  takeShortSecret(hash: string): Promise<ShortSecret | undefined>
  /** Deletes those that expired before `before`, at most `limit`, and returns them. */
  takeExpiredSecrets(before: Micros, limit: number): Promise<ShortSecret[]>
}
