// The ports of Matrix signatures: SHA-256 of Bun, and Ed25519 of node:crypto. Keys and signatures are base64 without
// padding.
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { Sha256, Signer, VerifySignature } from '../core/matrix/signing'

/** 32 bytes in base64 without padding. */
const HASH_LENGTH = 43

export const sha256: Sha256 = (text, alphabet) => Bun.SHA256.hash(text, alphabet).slice(0, HASH_LENGTH)

// The beginning of the DER form of an Ed25519 key, before its 32 bytes (RFC 8410).
const PRIVATE_KEY = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_KEY = Buffer.from('302a300506032b6570032100', 'hex')

/** Returns the signer of a key with this 32-byte seed. */
export function ed25519Signer(keyId: string, seed: Uint8Array): Signer & { readonly publicKey: string } {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_KEY, seed]), format: 'der', type: 'pkcs8' })
  const publicBytes = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_KEY.length)
  return {
    keyId,
    publicKey: unpadded(publicBytes),
    sign: (text) => unpadded(sign(null, Buffer.from(text), key)),
  }
}

export const verifyEd25519: VerifySignature = (publicKey, text, signature) => {
  const key = publicKeyOf(publicKey)
  return key !== undefined && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
}

function publicKeyOf(text: string): KeyObject | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 32) return undefined
  try {
    return createPublicKey({ key: Buffer.concat([PUBLIC_KEY, bytes]), format: 'der', type: 'spki' })
  } catch {
    // Not every 32 bytes are a point of the curve.
    return undefined
  }
}

const unpadded = (bytes: Uint8Array) => bytes.toBase64({ omitPadding: true })
