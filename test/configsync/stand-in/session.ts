import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failed, type Fields, Requests, type Row } from './requests'
import { type Keys, open, passwordKey, seal, sha256, unwrap, wrap } from './sealing'

const FIRST_GENERATION_ITERATIONS = 100_000

/** What a machine keeps in its home. */
export interface Kept {
  readonly url: string
  readonly token: string
  readonly machineId: string
  readonly userId: number
  /** As the server keeps it. */
  readonly keypair: Fields
  /** Base64; only a machine that logged in first has it, so whole states do not move between machines. */
  readonly stateSalt: string | null
  readonly tracked: readonly string[]
  readonly environments: readonly Fields[]
  readonly layerKeys: Readonly<Record<string, string>>
}

const folder = join(homedir(), '.configsync')
const file = join(folder, 'session.json')

export const isLoggedIn = () => existsSync(file)

export function kept(): Kept {
  if (!isLoggedIn()) throw new Failed("Run 'configsync login' first.")
  return JSON.parse(readFileSync(file, 'utf8')) as Kept
}

export function keep(change: Partial<Kept>): void {
  mkdirSync(folder, { recursive: true })
  const before = isLoggedIn() ? kept() : {}
  writeFileSync(file, JSON.stringify({ ...before, ...change }, null, 2), { mode: 0o600 })
}

export function masterPassword(): string {
  const password = process.env.CONFIGSYNC_MASTER_PASSWORD
  if (!password) throw new Failed('No master password: set CONFIGSYNC_MASTER_PASSWORD')
  return password
}

export function requests(): Requests {
  const { url, token } = kept()
  return new Requests(url, token)
}

export const newMachineId = () => randomBytes(8).toString('hex')

/** @throws Failed with code 3 for a wrong password */
export function unlock(keypair: Fields): Keys {
  const of = (field: string) => Buffer.from(String(keypair[field]), 'base64')
  const key = passwordKey(masterPassword(), of('kek_salt'), Number(keypair.kek_iterations))
  try {
    return { publicKey: of('public_key'), privateKey: open(of('encrypted_private_key'), key) }
  } catch {
    throw new Failed('Incorrect master password.', 3)
  }
}

/** The key of a whole state, as the first generation derives it. */
export function stateKey(): Buffer {
  const { stateSalt } = kept()
  if (stateSalt === null) throw new Failed('Crypto not initialized')
  return passwordKey(masterPassword(), Buffer.from(stateSalt, 'base64'), FIRST_GENERATION_ITERATIONS)
}

/** The contents of an entity: files by name, and what else belongs to it. */
export interface Content {
  readonly captured_at: string
  readonly files: Readonly<Record<string, string>>
  readonly extras: Fields
}

/** Works on entities with their keys. */
export class Entities {
  private readonly keys = unlock(kept().keypair)

  constructor(private readonly api: Requests) {}

  async bySlug(type: string, slug: string): Promise<Row> {
    const row = (await this.api.rows(`${type}s`)).find((one) => one.slug === slug)
    if (!row) throw new Failed(`${type} '${slug}' not found.`)
    return row
  }

  /** The row and its key; a key is made and stored if there is none and `make` is set. */
  async opened(type: string, id: number, make = false): Promise<{ row: Row; key: Buffer }> {
    const answer = await this.api.json('GET', `/api/${type}s/${id}`)
    const wrapped = answer.wrapped_dek as string | null
    if (wrapped !== null)
      return { row: answer[type] as Row, key: unwrap(Buffer.from(wrapped, 'base64'), this.keys) }
    if (!make) throw new Failed(`${type} ${id} has no key.`)
    return { row: answer[type] as Row, key: await this.newKey(type, id) }
  }

  async newKey(type: string, id: number): Promise<Buffer> {
    const key = randomBytes(32)
    const wrapped_dek = wrap(key, this.keys.publicKey).toString('base64')
    await this.api.json('POST', `/api/${type}s/${id}/keys`, { user_id: kept().userId, wrapped_dek })
    return key
  }

  async push(type: string, id: number, key: Buffer, content: Content): Promise<number> {
    const plain = Buffer.from(JSON.stringify(content))
    const { version } = await this.api.json('POST', `/api/${type}s/${id}/versions`, {
      ciphertext: seal(plain, key, `${type}|${id}`).toString('base64'),
      content_hash: sha256(plain),
      pushed_from_machine_id: null,
    })
    return Number(version)
  }

  /** The content of the current version, or of version `version`. */
  async pull(type: string, id: number, key: Buffer, version?: number): Promise<Content> {
    const part = version === undefined ? 'blob' : `versions/${version}`
    const sealed = await this.api.bytes(`/api/${type}s/${id}/${part}`)
    return JSON.parse(open(sealed, key, `${type}|${id}`).toString()) as Content
  }

  /** The key of a layer of variables. It is sent again with every capture. */
  async layerKey(project: number, layer: string): Promise<Buffer> {
    const { layerKeys } = kept()
    const known = layerKeys[layer]
    const key = known === undefined ? randomBytes(32) : unwrap(Buffer.from(known, 'base64'), this.keys)
    const wrapped_dek = known ?? wrap(key, this.keys.publicKey).toString('base64')
    keep({ layerKeys: { ...layerKeys, [layer]: wrapped_dek } })
    await this.api.json('POST', `/api/projects/${project}/env/keys`, { layer_id: layer, wrapped_dek })
    return key
  }
}
