import type { AnswerTo } from '@synapse/client'
import { synapse } from '../../app/session'
import { SYSTEM_HANDLE } from '../../state'

export type ListedAccount = AnswerTo<'GET /v1/admin/accounts'>[number]
export type Account = AnswerTo<'PATCH /v1/admin/accounts/{id}'>
export type Channel = AnswerTo<'GET /v1/admin/channels'>[number]
export type Membership = AnswerTo<'GET /v1/admin/memberships'>[number]
export type Token = AnswerTo<'GET /v1/admin/tokens'>[number]
export type Setting = AnswerTo<'GET /v1/config'>['settings'][number]
export type Change = AnswerTo<'GET /v1/config-history'>['changes'][number]
export type AuditEntry = AnswerTo<'GET /v1/admin/audit'>['entries'][number]
export type SyncUser = AnswerTo<'GET /v1/admin/configsync/users'>[number]
export type Role = Membership['role']

/** The most rows that a list of the administration answers at once. */
export const MOST_ROWS = 1000

/** All accounts except `system`, which cannot be changed. */
export async function accounts() {
  const all = await synapse.request('GET /v1/admin/accounts')
  return all.filter(({ handle }) => handle !== SYSTEM_HANDLE)
}

export const channels = () => synapse.request('GET /v1/admin/channels')

/** One account with everything that its page shows; undefined if there is none of that handle. */
export async function accountOf(handle: string) {
  const account = (await accounts()).find((one) => one.handle === handle)
  if (account === undefined) return undefined
  const [memberships, tokens, push, matrix] = await Promise.all([
    synapse.request('GET /v1/admin/memberships', { query: { account: handle } }),
    synapse.request('GET /v1/admin/tokens', { query: { account: handle } }),
    synapse.request('GET /v1/admin/accounts/{id}/push', { path: { id: account.id } }),
    matrixUserOf(account),
  ])
  return { account, memberships, tokens, push, matrix }
}

export type MatrixUser = AnswerTo<'GET /v1/admin/matrix/users/{user_id}'>

/** An account as a user of the homeserver; undefined if the server is none. */
async function matrixUserOf({ id }: Account): Promise<MatrixUser | undefined> {
  const { features } = await synapse.request('GET /v1/server')
  if (!features.includes('matrix')) return undefined
  return synapse.request('GET /v1/admin/matrix/users/{user_id}', { path: { user_id: id } })
}

/** One channel with its members; undefined if there is none of that slug. */
export async function channelOf(slug: string) {
  const channel = (await channels()).find((one) => one.slug === slug)
  if (channel === undefined) return undefined
  const [memberships, all] = await Promise.all([
    synapse.request('GET /v1/admin/memberships', { query: { channel: slug } }),
    accounts(),
  ])
  return { channel, memberships, accounts: all }
}

/** The mention aliases of a channel that the caller reads. */
export async function aliasesOf(slug: string): Promise<Readonly<Record<string, string[]>>> {
  return (await synapse.request('GET /v1/channels/{slug}/aliases', { path: { slug } })).aliases
}
