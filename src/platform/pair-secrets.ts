/** Codes for pairing devices: randomness, and a key of their own derived from that of the instance. */

import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { PairSecrets } from '../core/identity/pair-codes'

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LINK_BYTES = 16
const TYPED_LENGTH = 12
const KEY_BYTES = 32

/** `seed`: the secret bytes of the instance key; its replicas have the same. */
export function pairSecrets(seed: Uint8Array, did: string): PairSecrets {
  const key = new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), 'synapse-pair-code', KEY_BYTES))
  return {
    did,
    fresh: () => ({
      link: randomBytes(LINK_BYTES).toString('base64url'),
      // 32 letters: every value of a byte stands for one of them equally often.
      typed: Array.from(randomBytes(TYPED_LENGTH), (byte) => CROCKFORD.charAt(byte % 32)).join(''),
    }),
    mac: (secret) => createHmac('sha256', key).update(secret).digest('hex'),
  }
}
