/** Pair codes: randomness, and a key derived from the instance key. */

import { createHmac, randomBytes } from 'node:crypto'
import type { PairSecrets } from '../core/identity/pair-codes'
import { deriveKey } from './instance-keys'

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LINK_BYTES = 16
const TYPED_LENGTH = 12

/** `seed`: the secret bytes of the instance key, which all replicas share. */
export function pairSecrets(seed: Uint8Array, did: string): PairSecrets {
  const key = deriveKey(seed, 'synapse-pair-code')
  return {
    did,
    fresh: () => ({
      link: randomBytes(LINK_BYTES).toString('base64url'),
      // 256 is a multiple of 32, so every letter is equally likely.
      typed: Array.from(randomBytes(TYPED_LENGTH), (byte) => CROCKFORD.charAt(byte % 32)).join(''),
    }),
    mac: (secret) => createHmac('sha256', key).update(secret).digest('hex'),
  }
}
