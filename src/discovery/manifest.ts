import { createPublicKey, verify } from 'node:crypto'
import { canonicalJson } from '../core/kernel/canonical-json'
import { isDid, originOf } from './records'

const DOMAIN = 'synapse-manifest-v1'
const SKEW_SECONDS = 60
const PROTOCOL = 1
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** The DER prefix of an Ed25519 public key (RFC 8410 §4). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** The contents of a manifest with a valid signature. */
export interface Manifest {
  readonly did: string
  readonly name: string
  readonly url: string
}

/**
 * Returns the manifest in an answer of `/.well-known/synapse`: undefined if there is none, and the problem as text if
 * it cannot be trusted.
 */
export function manifestIn(answer: unknown, origin: string, now: number): Manifest | string | undefined {
  const signed = field(answer, 'federation_manifest')
  if (signed === undefined) return undefined
  const manifest = field(signed, 'manifest')
  const [did, name, url] = ['did', 'name', 'url'].map((key) => field(manifest, key))
  if (typeof did !== 'string' || !isDid(did) || typeof name !== 'string' || typeof url !== 'string')
    return 'the manifest is malformed'
  if (!isSignedBy(did, manifest, field(signed, 'signature'))) return 'the signature of the manifest is wrong'
  const expires = field(manifest, 'expires_at')
  if (typeof expires !== 'number' || expires + SKEW_SECONDS < now / 1000) return 'the manifest has expired'
  if (field(field(manifest, 'federation'), 'protocol') !== PROTOCOL)
    return 'the manifest is of another protocol'
  if (originOf(url) !== origin) return `the manifest is that of ${url}`
  return { did, name, url }
}

function isSignedBy(did: string, manifest: unknown, signature: unknown): boolean {
  if (typeof signature !== 'string') return false
  try {
    // Throws if the manifest is nested too deeply.
    if (!isPlain(manifest)) return false
    const der = Buffer.concat([SPKI, base58(did.slice('did:key:z'.length)).subarray(2)])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    const text = Buffer.from(`${DOMAIN}\n${canonicalJson(manifest)}`)
    return verify(null, text, key, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

/** Reports whether all numbers are integers: only for these plain JSON equals canonical JSON (RFC 8785). */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(isPlain)
}

export function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function base58(text: string): Buffer {
  let number = 0n
  for (const letter of text) number = number * 58n + BigInt(BASE58.indexOf(letter))
  return Buffer.from(number.toString(16).padStart(68, '0'), 'hex')
}
