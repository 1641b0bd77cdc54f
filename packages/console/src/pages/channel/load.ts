// What the details of a channel read and write, beside the store.
import type { AnswerTo, RequestOptions } from '@synapse/client'
import { synapse } from '../../app/session'

export type ThreadPage = AnswerTo<'GET /v1/channels/{slug}/threads'>
export type ChannelFacts = AnswerTo<'GET /v1/channels/{slug}'>

/** The threads of a channel, those with the newest reply first. @throws SynapseError */
export function threadsOf(slug: string, cursor?: string): Promise<ThreadPage> {
  const query = { limit: 20, ...(cursor === undefined ? {} : { cursor }) }
  return synapse.request('GET /v1/channels/{slug}/threads', { path: { slug }, query })
}

/** @throws SynapseError */
export function factsOf(slug: string): Promise<ChannelFacts> {
  return synapse.request('GET /v1/channels/{slug}', { path: { slug } })
}

/** Where people on Matrix find a channel; undefined if they do not. @throws SynapseError */
export async function addressOf(slug: string): Promise<string | undefined> {
  const query = { include: ['matrix' as const] }
  const { matrix } = await synapse.request('GET /v1/channels/{slug}', { path: { slug }, query })
  return matrix?.alias ?? matrix?.room_id
}

export type SettingsChange = NonNullable<RequestOptions<'PATCH /v1/channels/{slug}'>['body']>

/** Changes a channel. @throws SynapseError `not_channel_admin`, `invalid_settings` */
export async function changeChannel(slug: string, body: SettingsChange): Promise<void> {
  await synapse.request('PATCH /v1/channels/{slug}', { path: { slug }, body })
}

export type Aliases = Readonly<Record<string, string[]>>

/** Replaces the groups of a channel. Returns them as the server has them. @throws SynapseError `invalid_alias` */
export async function putAliases(slug: string, aliases: Aliases): Promise<Aliases> {
  return (await synapse.request('PUT /v1/channels/{slug}/aliases', { path: { slug }, body: { aliases } }))
    .aliases
}

export type Role = AnswerTo<'GET /v1/channels/{slug}/members'>['members'][number]['role']

/** Adds an account to a channel. @throws SynapseError `account_not_found`, `already_member` */
export async function addMember(slug: string, handle: string): Promise<void> {
  await synapse.request('POST /v1/channels/{slug}/members', { path: { slug }, body: { handle } })
}

/** @throws SynapseError `membership_not_found`, `last_admin` */
export async function setRole(slug: string, handle: string, role: Role): Promise<void> {
  await synapse.request('PATCH /v1/channels/{slug}/members/{handle}', {
    path: { slug, handle },
    body: { role },
  })
}

/** @throws SynapseError `membership_not_found`, `last_admin` */
export async function removeMember(slug: string, handle: string): Promise<void> {
  await synapse.request('DELETE /v1/channels/{slug}/members/{handle}', { path: { slug, handle } })
}
