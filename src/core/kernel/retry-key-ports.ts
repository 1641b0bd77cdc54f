import type { Seq } from './ids'
import type { RetryKey } from './retry-keys'
import type { Micros } from './time'

/** The part of the store's ports that concerns retry keys. */

/** What finds a retry key. */
export type KeyName = Pick<RetryKey, 'accountId' | 'key'>

/** A retry key with its sealed answer. `subject`: the message that the answer shows. */
export interface AnsweredKey extends RetryKey {
  readonly answer: string
  readonly subject: Seq | null
}

export interface RetryKeyReads {
  /** The retry key of an account, if it was used. One without an answer made a message. */
  usedKey(by: KeyName): Promise<{ readonly requestHash: string; readonly answer: string | null } | undefined>
  /** Those of these keys that were used. */
  usedKeys(keys: readonly KeyName[]): Promise<readonly KeyName[]>
}

export interface RetryKeyWrites {
  /** Stores retry keys with their sealed answers, in one statement. */
  insertKeys(used: readonly AnsweredKey[]): Promise<void>
  /** Deletes up to `limit` retry keys older than `before`; returns how many. */
  forgetKeys(before: Micros, limit: number): Promise<number>
}
