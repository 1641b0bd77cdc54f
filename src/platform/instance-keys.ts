/** Keys derived from the instance key: one for each purpose, so that none of them opens or signs what another one does. */

import { hkdfSync } from 'node:crypto'

/** What a derived key is for. These words are part of the derivation and never change. */
export type KeyPurpose =
  /** Encrypts the secrets of webhook targets. */
  | 'synapse-webhook-secret'
  /** Encrypts the answers that are stored with retry keys. */
  | 'synapse-retry-answer'
  /** Hashes the requests that retry keys belong to. */
  | 'synapse-retry-request'
  /** Hashes the codes that pair devices. */
  | 'synapse-pair-code'
  /** Signs the tokens of logins to the encrypted snapshot store. */
  | 'synapse-configsync-jwt'
  /** Signs the paths that `synapse doctor` sends a request to. */
  | 'synapse-echo'
  /** Encrypts the signing keys of the Matrix homeserver. */
  | 'synapse-matrix-signing-key'
  /** Encrypts the parameters of requests that wait for a proof in Matrix. */
  | 'synapse-matrix-interactive'

const KEY_BYTES = 32

/** Derives 32 bytes by HKDF-SHA-256. `seed`: the secret bytes of the instance key, which all replicas share. */
export function deriveKey(seed: Uint8Array, purpose: KeyPurpose): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), purpose, KEY_BYTES))
}
