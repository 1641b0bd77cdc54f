import type { ServerProcess } from '../support/server-process'
import type { Caller, World } from '../support/world'

/** Somebody who uses ConfigSync with a token of its own. */
export interface SyncUser {
  readonly handle: string
  readonly token: string
  readonly tokenId: string
  readonly caller: Caller
}

/** Creates an agent, enables it and issues a token. */
export async function syncUser(w: World, handle: string): Promise<SyncUser> {
  await w.agent(handle)
  const enabled = await w.operator.post(`/v1/admin/configsync/users/${handle}/enable`)
  if (enabled.status !== 200) throw new Error(`enabling ${handle}: ${enabled.status}`)
  return syncToken(w, handle)
}

/** Issues another token. */
export async function syncToken(w: World, handle: string, fields: object = {}): Promise<SyncUser> {
  const { status, body } = await w.operator.post<{ id: string; token: string }>(
    `/v1/admin/configsync/users/${handle}/tokens`,
    { label: 'a machine', ...fields },
  )
  if (status !== 201) throw new Error(`a token for ${handle}: ${status}`)
  return { handle, token: body.token, tokenId: body.id, caller: w.bearer(body.token) }
}

/** Creates the agent `ada` on the server of a process, enables it, and returns a token. */
export async function tokenOn({ operator }: ServerProcess): Promise<string> {
  const user = '/v1/admin/configsync/users/ada'
  await operator.post('/v1/admin/accounts', { kind: 'agent', handle: 'ada' })
  await operator.post(`${user}/enable`)
  return (await operator.post<{ token: string }>(`${user}/tokens`, { label: 'laptop' })).body.token
}

/** Bytes in base64. */
export function bytes(length: number, fill = 1): string {
  return Buffer.alloc(length, fill).toString('base64')
}

/** A key pair as a client sends it. */
export function keypair(fill = 1) {
  return {
    public_key: bytes(32, fill),
    encrypted_private_key: bytes(60),
    kek_salt: bytes(32),
    kek_iterations: 600_000,
    key_algorithm: 'x25519',
  }
}
