/** Pair codes: randomness, and a key derived from the instance key. */

import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { PairSecrets } from '../core/identity/pair-codes'

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LINK_BYTES = 16
const TYPED_LENGTH = 12
const KEY_BYTES = 32

/** `seed`: the secret bytes of the instance key, which all replicas share. */
export function pairSecrets(seed: Uint8Array, did: string): PairSecrets {
  const key = new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), 'synapse-pair-code', KEY_BYTES))
  return {
    did,
    fresh: () => ({
      link: randomBytes(LINK_BYTES).toString('base64url'),
      // There are 32 letters, so each is equally likely for a random byte.
      typed: Array.from(randomBytes(TYPED_LENGTH), (byte) => CROCKFORD.charAt(byte % 32)).join(''),
    }),
    mac: (secret) => createHmac('sha256', key).update(secret).digest('hex'),
  }
}
