import type { Static } from '@sinclair/typebox'
import type { entrySchema, verificationSchema } from '../../http/admin/audit'
import type {
  actionSchema,
  environmentSchema,
  keypairSchema,
  machineSchema,
  syncAuditSchema,
  syncUsageSchema,
  syncUserSchema,
} from '../../http/admin/configsync-wire'
import type { onboardedSchema } from '../../http/admin/onboard'
import type { changeSchema, settingSchema } from '../../http/admin/settings'
import type { accountSchema } from '../../http/admin/wire'
import type { channelSchema, membershipSchema } from '../../http/channel-wire'
import type { deviceSchema, pairedSchema } from '../../http/device-wire'
import type { drainSchema } from '../../http/health'
import type { seenSchema } from '../../http/public/echo'
import type { issuedSchema, tokenSchema } from '../../http/token-wire'
import type { pauseSchema, pausesSchema } from '../../http/v1/limit-schemas'
import type { allWebhooksSchema, changedPushSchema, deliveriesSchema } from '../../http/webhook-json'
import { CliError } from './cli-error'
import type { AdminClient } from './client'
import { EXIT } from './exit-codes'

// The answers of the administration API, by the schemas of its endpoints. Only types are imported: no code of a surface.

export type Account = Static<typeof accountSchema>
export type Channel = Static<typeof channelSchema>
export type Membership = Static<typeof membershipSchema>
export type Role = Membership['role']
export type Token = Static<typeof tokenSchema>
export type IssuedToken = Static<typeof issuedSchema>
export type AuditEntry = Static<typeof entrySchema>
export type AuditVerification = Static<typeof verificationSchema>
/** A device, or the pending code for one. */
export type Device = Static<typeof deviceSchema>
export type PairedDevice = Static<typeof pairedSchema>
export type Setting = Static<typeof settingSchema>
export type SettingChange = Static<typeof changeSchema>
export type DrainState = Static<typeof drainSchema>
export type Pause = Static<typeof pauseSchema>
export type Pauses = Static<typeof pausesSchema>
/** The push endpoint of an account, with its secret if that is new. */
export type Push = Static<typeof changedPushSchema>
export type Webhooks = Static<typeof allWebhooksSchema>
export type WebhookDeliveries = Static<typeof deliveriesSchema>
export type SyncUser = Static<typeof syncUserSchema>
export type SyncUsage = Static<typeof syncUsageSchema>
export type SyncMachine = Static<typeof machineSchema>
export type SyncAction = Static<typeof actionSchema>
export type SyncEnvironment = Static<typeof environmentSchema>
export type SyncKeypair = Static<typeof keypairSchema>
export interface SyncAuditPage {
  readonly entries: readonly Static<typeof syncAuditSchema>[]
  readonly next_cursor: string | null
}
/** What the server received of a request that was sent to its public address. */
export type Echo = Static<typeof seenSchema>

type OnboardAnswer = Static<typeof onboardedSchema>
/** Servers of an earlier version do not send `token_id`. */
export type Onboarded = Omit<OnboardAnswer, 'token_id'> & Partial<Pick<OnboardAnswer, 'token_id'>>

/** Returns a handle or slug as it is stored. */
export function normalName(text: string): string {
  return text.trim().toLowerCase()
}

/** Returns the account with this handle, archived or not; undefined if there is none. */
export async function findAccount(client: AdminClient, handle: string): Promise<Account | undefined> {
  const accounts = await client.list<Account>('/v1/admin/accounts')
  return accounts.find((account) => account.handle === normalName(handle))
}

/** Returns the account. @throws CliError not found, in the words of the server */
export async function getAccount(client: AdminClient, handle: string): Promise<Account> {
  const account = await findAccount(client, handle)
  if (account !== undefined) return account
  throw new CliError(EXIT.notFound, 'Account not found', [`there is no account @${normalName(handle)}`])
}

/** Returns the channel with this slug, archived or not; undefined if there is none. */
export async function findChannel(client: AdminClient, slug: string): Promise<Channel | undefined> {
  const channels = await client.list<Channel>('/v1/admin/channels')
  return channels.find((channel) => channel.slug === normalName(slug))
}

/** Returns the channel. @throws CliError not found, in the words of the server */
export async function getChannel(client: AdminClient, slug: string): Promise<Channel> {
  const channel = await findChannel(client, slug)
  if (channel !== undefined) return channel
  throw new CliError(EXIT.notFound, 'Channel not found', [`there is no channel #${normalName(slug)}`])
}
