import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer } from '../support/caller'
import type { World } from '../support/world'
import type { SyncUser } from './sync-user'

export const MACHINE = '00112233aabbccdd'

export interface Pushed {
  readonly ok: boolean
  readonly snapshot_id: number
  readonly size_bytes: number
  readonly created_at: string
}

/** Bytes that look like ciphertext, the same for the same seed. */
export function sealedBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0, x = seed * 2_654_435_761; i < length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = x >>> 24
  }
  return bytes
}

/** The body of a push, with its fields in the order in which the client writes them. */
export function stateOf(bytes: Buffer, fields: object = {}) {
  return {
    machine_id: MACHINE,
    encrypted_state: bytes.toString('base64'),
    timestamp: '2026-11-29T10:00:00.000Z',
    version: '1.0',
    ...fields,
  }
}

export function push(
  { caller }: Pick<SyncUser, 'caller'>,
  bytes: Buffer,
  {
    machine = MACHINE,
    mount = '/api',
    ...fields
  }: { machine?: string; mount?: string; metadata?: unknown } = {},
): Promise<Answer<Pushed>> {
  return caller.post<Pushed>(
    `${mount}/machines/${machine}/push`,
    stateOf(bytes, { machine_id: machine, ...fields }),
  )
}

/** Pushes, and returns the id of the snapshot. */
export async function pushed(...args: Parameters<typeof push>): Promise<number> {
  const { status, text, body } = await push(...args)
  if (status !== 200) throw new Error(`a push was refused: ${text}`)
  return body.snapshot_id
}

export function pushVersion(
  { caller }: SyncUser,
  path: string,
  bytes: Buffer,
): Promise<Answer<{ version: number; r2_key: string; size_bytes: number }>> {
  const content_hash = Bun.SHA256.hash(bytes, 'hex')
  return caller.post(`/api/${path}/versions`, {
    ciphertext: bytes.toString('base64'),
    content_hash,
    pushed_from_machine_id: null,
  })
}

/** The number by which clients know a user. */
export async function userIdOf(user: SyncUser): Promise<number> {
  const { body } = await user.caller.get<{ user: { id: number } }>('/api/auth/verify')
  return body.user.id
}

/** Creates a project without a version, and returns its id. */
export async function projectOf({ caller }: SyncUser, slug: string): Promise<number> {
  const { body } = await caller.post<{ project: { id: number } }>('/api/projects', { slug, name: slug })
  return body.project.id
}

/** The bytes that a user's data takes, as the server counts them. */
export async function usedBy(w: World, user: SyncUser): Promise<number> {
  const [row] = await w.sql<{ used: number | string }>(
    'SELECT used_bytes AS used FROM configsync_users WHERE id = ?',
    await userIdOf(user),
  )
  return Number(row?.used)
}

/** The blobs of the store, and what is being received. */
export function storedBlobs(home: string): string[] {
  const folder = join(home, 'blobs')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^tmp\/|^configsync\/.*-[0-9a-f]{32}$)/.test(path))
    .sort()
}

/** Lets the server work until the condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Changes a setting of the running server. */
export async function configure(w: World, key: string, value: unknown): Promise<void> {
  const { status, text } = await w.operator.put(`/v1/config/${key}`, { value })
  if (status !== 200) throw new Error(`${key} was refused: ${text}`)
}
