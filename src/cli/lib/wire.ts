import { CliError } from './cli-error'
import type { AdminClient } from './client'
import { EXIT } from './exit-codes'

// What the administration API answers, as far as the commands use it (docs/contract/admin.md).

export interface Account {
  readonly id: string
  readonly handle: string
  readonly kind: 'human' | 'agent'
  readonly display_name: string
  readonly is_admin: boolean
  readonly archived_at: string | null
}

export interface Channel {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly kind: 'public' | 'private' | 'dm'
  readonly archived_at: string | null
}

export interface Membership {
  readonly account_handle: string
  readonly channel_slug: string
  readonly role: Role
  readonly joined_at: string
}

export type Role = 'admin' | 'member' | 'read_only'

export interface Token {
  readonly id: string
  readonly account_handle: string
  readonly name: string | null
  readonly scopes: readonly string[]
  readonly created_at: string
  readonly last_used_at: string | null
  readonly revoked_at: string | null
  readonly expires_at: string | null
  readonly actors: readonly string[] | null
}

export interface IssuedToken extends Token {
  readonly token: string
}

export interface Onboarded {
  readonly handle: string
  readonly account_created: boolean
  readonly channels_joined: readonly string[]
  readonly channels_already_member: readonly string[]
  readonly token_scopes: readonly string[]
  /** Servers of a version before this one do not say it. */
  readonly token_id?: string
  readonly token: string
}

/** Handles and slugs in the spelling that is stored. */
export function normalName(text: string): string {
  return text.trim().toLowerCase()
}

/** The account with this handle, archived or not; undefined when there is none. */
export async function findAccount(client: AdminClient, handle: string): Promise<Account | undefined> {
  const accounts = await client.list<Account>('/v1/admin/accounts')
  return accounts.find((account) => account.handle === normalName(handle))
}

/** @throws CliError not found, in the words of the server */
export async function getAccount(client: AdminClient, handle: string): Promise<Account> {
  const account = await findAccount(client, handle)
  if (account !== undefined) return account
  throw new CliError(EXIT.notFound, 'Account not found', [`there is no account @${normalName(handle)}`])
}

/** The channel with this slug, archived or not; undefined when there is none. */
export async function findChannel(client: AdminClient, slug: string): Promise<Channel | undefined> {
  const channels = await client.list<Channel>('/v1/admin/channels')
  return channels.find((channel) => channel.slug === normalName(slug))
}

/** @throws CliError not found, in the words of the server */
export async function getChannel(client: AdminClient, slug: string): Promise<Channel> {
  const channel = await findChannel(client, slug)
  if (channel !== undefined) return channel
  throw new CliError(EXIT.notFound, 'Channel not found', [`there is no channel #${normalName(slug)}`])
}
