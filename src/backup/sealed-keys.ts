import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { OperatorError } from '../core/kernel/operator-error'
import { writeNew } from '../home/atomic-write'
import { translated } from './backup-error'

/** The contents of the files in `keys/`, by name. */
export type KeyFiles = Readonly<Record<string, string>>

/**
 * A file of sealed keys. Only `sealed` is encrypted. The rest names the instance and the parameters that turn the
 * passphrase into a key.
 */
export type SealedKeys = Static<typeof SealedShape>

const N = 131_072
const R = 8
const P = 1
const FORMAT = 'synapse-sealed-keys-1'
const KEY_BYTES = 32
const TAG_BYTES = 16
/** A limit above the memory that these parameters need. */
const MEMORY = 256 * 1024 * 1024

const bytes = Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$' })
const SealedShape = Type.Object({
  format: Type.Literal(FORMAT),
  did: Type.String(),
  kdf: Type.Object({
    name: Type.Literal('scrypt'),
    n: Type.Literal(N),
    r: Type.Literal(R),
    p: Type.Literal(P),
    salt: bytes,
  }),
  cipher: Type.Literal('aes-256-gcm'),
  nonce: bytes,
  sealed: bytes,
})

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt)

/** Writes the keys of an instance, encrypted with a passphrase. */
export async function writeSealedKeys(
  path: string,
  did: string,
  files: KeyFiles,
  passphrase: string,
): Promise<void> {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)]
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, salt), nonce)
  cipher.setAAD(Buffer.from(`${FORMAT} ${did}`))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(files)), cipher.final(), cipher.getAuthTag()])
  const file: SealedKeys = {
    format: FORMAT,
    did,
    kdf: { name: 'scrypt', n: N, r: R, p: P, salt: salt.toString('base64') },
    cipher: 'aes-256-gcm',
    nonce: nonce.toString('base64'),
    sealed: sealed.toString('base64'),
  }
  writeNew(path, `${JSON.stringify(file, null, 2)}\n`, true)
}

/** Reads a file of sealed keys. @throws OperatorError not_a_copy if the file is something else; unusable */
export function readSealedKeys(path: string): SealedKeys {
  let found: unknown
  try {
    found = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw translated(error, path)
  }
  if (Value.Check(SealedShape, found)) return found
  throw new OperatorError('not_a_copy', `${path} holds no sealed keys`, 'name a file keys-….sealed')
}

/** Decrypts sealed keys. @throws OperatorError wrong_passphrase, also for a damaged file */
export async function unsealKeys(file: SealedKeys, passphrase: string): Promise<KeyFiles> {
  const key = await keyOf(passphrase, Buffer.from(file.kdf.salt, 'base64'))
  const sealed = Buffer.from(file.sealed, 'base64')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(file.nonce, 'base64'))
    decipher.setAAD(Buffer.from(`${FORMAT} ${file.did}`))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const text = decipher.update(sealed.subarray(0, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    // The text is authenticated, and writeSealedKeys writes only this type.
    return JSON.parse(text) as KeyFiles
  } catch {
    throw new OperatorError(
      'wrong_passphrase',
      'the keys do not open with this passphrase',
      'give the one they were sealed with; if it is right, the file is damaged',
    )
  }
}

function keyOf(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  return derive(passphrase.normalize('NFKC'), salt, KEY_BYTES, { N, r: R, p: P, maxmem: MEMORY })
}
