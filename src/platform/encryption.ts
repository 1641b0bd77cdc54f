/**
 * Encryption at rest. Sealed secrets reveal nothing without the instance key, for example in a copy of the database.
 */

import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import type { RetrySecrets } from '../core/kernel/retry-keys'
import { deriveKey, type KeyPurpose } from './instance-keys'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const PREFIX = 'v1.'

export interface Encryption {
  /** Returns `v1.` and base64url of nonce, ciphertext and tag. */
  seal(text: string): string
  /** @throws Error if the text was changed, or sealed under another key or for another purpose */
  open(sealed: string): string
}

/** Encrypts with AES-256-GCM, under a key derived from the seed of the instance key. */
export function encryptionFor(seed: Uint8Array, purpose: KeyPurpose): Encryption {
  const key = deriveKey(seed, purpose)
  return {
    seal(text) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(ALGORITHM, key, nonce)
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return PREFIX + sealed.toString('base64url')
    },
    open(sealed) {
      const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url')
      if (!sealed.startsWith(PREFIX) || bytes.length < NONCE_BYTES + TAG_BYTES)
        throw new Error('this is not a sealed text')
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
      return Buffer.concat([text, decipher.final()]).toString('utf8')
    },
  }
}

/** Protects retry keys: seals the answers, and hashes requests under a key. */
export function retrySecrets(seed: Uint8Array): RetrySecrets {
  const answers = encryptionFor(seed, 'synapse-retry-answer')
  const key = deriveKey(seed, 'synapse-retry-request')
  return {
    seal: (answer) => answers.seal(answer),
    open: (sealed) => answers.open(sealed),
    mac: (request) => createHmac('sha256', key).update(request).digest('hex'),
  }
}
