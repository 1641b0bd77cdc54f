import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { constants, copyFileSync, linkSync, readFileSync, rmSync, statSync } from 'node:fs'
import { OperatorError } from '../core/kernel/operator-error'
import { writeNew } from './atomic-write'
import { didKey } from './did-key'
import { errorCode } from './home-error'

/** The identity of this instance. Printing or serializing it shows only the DID. */
export class InstanceKey {
  readonly did: string
  readonly #privateKey: KeyObject

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey
    this.did = didKey(jwkBytes(createPublicKey(privateKey), 'x'))
  }

  /** The key for signatures. */
  get privateKey(): KeyObject {
    return this.#privateKey
  }

  /** Returns the 32 secret bytes from which other keys are derived. */
  seed(): Buffer {
    return jwkBytes(this.#privateKey, 'd')
  }
}

/**
 * Reads the key in the file at `path`. Creates the file (Ed25519, PKCS#8 PEM, mode 0600) if it does not exist; an
 * existing file is never changed. Its directory must exist.
 * @throws OperatorError `refused` if the file has a mode other than 0600 or does not contain such a key
 */
export function ensureInstanceKey(path: string): InstanceKey {
  const existing = readKeyFile(path)
  if (existing !== undefined) return existing
  createKeyFile(path)
  const created = readKeyFile(path)
  if (created === undefined)
    throw new OperatorError('refused', `${path} vanished while it was created`, 'start again')
  return created
}

/**
 * Parses a key in PEM, as SYNAPSE_INSTANCE_KEY gives it. Messages name the `source`, and never contain the text.
 * @throws OperatorError `refused` if the text is not an Ed25519 private key in PKCS#8 PEM
 */
export function parseInstanceKey(pem: string, source: string): InstanceKey {
  let key: KeyObject | undefined
  try {
    // Only PKCS#8 has this label. The labels of other formats include the kind of the key.
    if (pem.trimStart().startsWith('-----BEGIN PRIVATE KEY-----')) key = createPrivateKey(pem)
  } catch {
    // The error of the library is not passed on: it may quote the key.
  }
  if (key?.asymmetricKeyType === 'ed25519') return new InstanceKey(key)
  throw new OperatorError(
    'refused',
    `${source} holds no Ed25519 private key in PKCS#8 PEM`,
    'restore the right key',
  )
}

function readKeyFile(path: string): InstanceKey | undefined {
  try {
    const stat = statSync(path)
    const mode = stat.mode & 0o777
    if (!stat.isFile())
      throw new OperatorError('refused', `${path} is not a file`, 'restore the instance key there')
    if (mode !== 0o600) {
      const problem = `${path} has mode ${mode.toString(8)} instead of 600`
      throw new OperatorError('refused', problem, `if no one else can have read it, chmod 600 ${path}`)
    }
    return parseInstanceKey(readFileSync(path, 'utf8'), path)
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause
    if (errorCode(cause) === 'ENOENT') return undefined
    const problem = `cannot read ${path} (${errorCode(cause)})`
    throw new OperatorError('refused', problem, 'check who owns it', { cause })
  }
}

/** Creates the file atomically, by a link to the finished file. Keeps a file that another process created meanwhile. */
function createKeyFile(path: string): void {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
  const temporary = `${path}.${process.pid}.tmp`
  writeNew(temporary, pem.toString(), true)
  try {
    linkSync(temporary, path)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return
    // Some file systems have no hard links.
    copyFileSync(temporary, path, constants.COPYFILE_EXCL)
  } finally {
    rmSync(temporary, { force: true })
  }
}

function jwkBytes(key: KeyObject, part: 'x' | 'd'): Buffer {
  return Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url')
}
