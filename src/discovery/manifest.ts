import { createPublicKey, verify } from 'node:crypto'
import { canonicalJson } from '../core/kernel/canonical-json'
import { isDid, originOf } from './records'

const DOMAIN = 'synapse-manifest-v1'
const SKEW_SECONDS = 60
const PROTOCOL = 1
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** The DER of an Ed25519 public key begins so (RFC 8410 §4). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** What a manifest says, once its signature was found good. */
export interface Manifest {
  readonly did: string
  readonly name: string
  readonly url: string
}

/**
 * The manifest in the answer of `/.well-known/synapse`: undefined where there is none, and words that say what is wrong
 * with one that must not be believed.
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
    // One that is nested too deeply throws.
    if (!isPlain(manifest)) return false
    const der = Buffer.concat([SPKI, base58(did.slice('did:key:z'.length)).subarray(2)])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    const text = Buffer.from(`${DOMAIN}\n${canonicalJson(manifest)}`)
    return verify(null, text, key, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

/** Whether all its numbers are whole: their spelling in canonical JSON (RFC 8785) is that of every JSON. */
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
