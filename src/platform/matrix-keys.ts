// What the Matrix homeserver keeps sealed under the instance key, and the MAC of its registrations.
import { createHmac, randomBytes } from 'node:crypto'
import type { Sealing } from '../core/matrix/parts'
import type { KeyMaker } from '../core/matrix/signing-keys'
import { encryptionFor } from './encryption'
import { ed25519Signer } from './matrix-signatures'

const SEED_BYTES = 32

/** `seed`: the secret bytes of the instance key. */
export function matrixKeyMaker(seed: Uint8Array): KeyMaker {
  const encryption = encryptionFor(seed, 'synapse-matrix-signing-key')
  return {
    sealSeed: (seed) => encryption.seal(Buffer.from(seed, 'base64').toString('base64')),
    seedOf: (sealed) => encryption.open(sealed).replace(/=+$/, ''),
    newSeed: () => encryption.seal(randomBytes(SEED_BYTES).toString('base64')),
    open: (keyId, seedSealed) => ed25519Signer(keyId, Buffer.from(encryption.open(seedSealed), 'base64')),
  }
}

/** Encrypts what requests ask that wait for a proof. */
export function matrixSealing(seed: Uint8Array): Sealing {
  return encryptionFor(seed, 'synapse-matrix-interactive')
}

export function hmacSha1(key: string, text: string): string {
  return createHmac('sha1', key).update(text, 'utf8').digest('hex')
}
