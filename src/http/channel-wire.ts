import type { ChannelPatch, CountedChannel, SettingsPatch } from '../core/channels/updates'
import type { MembershipView } from '../core/kernel/channel-ports'
import type { ChannelSettings } from '../core/kernel/entities'
import { formatInstant } from '../core/kernel/time'
import { given } from './profile-wire'
import { maybe, named, nullable, oneOf, type Static, Type, text } from './schema'

/** The wire form of channels, their settings and memberships (docs/contract/channels.md). */

const instant = Type.String({ format: 'date-time' })

const description = text({ maxLength: 2000, form: 'prose' })
const name = text({ minLength: 1, maxLength: 128, form: 'name' })
const topic = maybe(text({ maxLength: 2000, form: 'prose', description: 'Another name for description' }))

export const newChannelFields = {
  slug: text({ minLength: 1, maxLength: 64 }),
  name,
  description: maybe(description),
  topic,
  kind: maybe(oneOf(['public', 'private', 'dm'])),
}

const count = (maximum: number, description: string) => Type.Integer({ minimum: 0, maximum, description })
const settings = {
  retention_days: count(36_500, 'Messages are kept for so many days; 0 = for ever'),
  retention_max: count(1_000_000_000, 'At most so many messages are kept; 0 = all'),
  legal_hold: Type.Boolean({
    description: 'No message is edited, deleted, purged or erased. Set by system admins only',
  }),
  chain_limit: count(1000, 'Replies of an agent in a thread without a person; 0 = unlimited'),
  agent_run: count(1_000_000, 'Messages of agents in a row without a person; 0 = unlimited'),
  auto_continue_s: count(31_536_000, 'Seconds of silence after which agents may go on; 0 = never'),
  broadcast_by: oneOf(['all', 'humans', 'admins'], 'Whose @channel, @everyone and @here notify'),
  history: oneOf(['all', 'joined'], 'joined: members see only what was posted after they joined'),
  matrix: Type.Boolean({ description: 'false: the channel is no room of the Matrix homeserver' }),
}

/** The settings that are set. Others have the value of the server. */
const settingsSchema = Type.Partial(Type.Object(settings), {
  description: 'Only what is set here; for the rest the values of the server apply',
})

export const channelPatch = Type.Object({
  name: maybe(name),
  description: maybe(text({ maxLength: 2000, form: 'prose', description: 'An empty text removes it' })),
  topic,
  kind: maybe(oneOf(['public', 'private', 'dm'])),
  archived: maybe(Type.Boolean()),
  settings: maybe(
    Type.Object(
      {
        retention_days: maybe(settings.retention_days),
        retention_max: maybe(settings.retention_max),
        legal_hold: maybe(settings.legal_hold),
        chain_limit: maybe(settings.chain_limit),
        agent_run: maybe(settings.agent_run),
        auto_continue_s: maybe(settings.auto_continue_s),
        broadcast_by: maybe(settings.broadcast_by),
        history: maybe(settings.history),
        matrix: maybe(settings.matrix),
      },
      { additionalProperties: false, description: 'null unsets a setting: the value of the server applies' },
    ),
  ),
})

export function patchOf(body: Static<typeof channelPatch>): ChannelPatch {
  return {
    ...given('name', body.name),
    ...given('description', body.description ?? body.topic),
    ...given('kind', body.kind),
    ...given('archived', body.archived),
    ...given('settings', body.settings && settingsOf(body.settings)),
  }
}

/** The setting of each wire key. */
const settingKeys: Readonly<Record<keyof typeof settings, keyof ChannelSettings>> = {
  retention_days: 'retentionDays',
  retention_max: 'retentionMax',
  legal_hold: 'legalHold',
  chain_limit: 'chainLimit',
  agent_run: 'agentRun',
  auto_continue_s: 'autoContinueS',
  broadcast_by: 'broadcastBy',
  history: 'history',
  matrix: 'matrix',
}

function settingsOf(wire: Readonly<Record<string, unknown>>): SettingsPatch {
  // The schema has checked keys and values.
  return Object.fromEntries(
    Object.entries(wire).map(([key, value]) => [settingKeys[key as keyof typeof settings], value]),
  )
}

function settingsJson(settings: ChannelSettings): Readonly<Record<string, unknown>> {
  const shown = Object.entries(settingKeys).map(([key, name]) => [key, settings[name]] as const)
  return Object.fromEntries(shown.filter(([, value]) => value !== undefined))
}

export const channelSchema = named(
  'Channel',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    slug: Type.String(),
    name: Type.String(),
    description: nullable(Type.String()),
    kind: oneOf(['public', 'private', 'dm']),
    created_at: instant,
    archived_at: nullable(instant),
    topic: nullable(Type.String()),
    settings: settingsSchema,
    member_count: Type.Integer(),
  }),
)

export function channelJson({ channel, memberCount }: CountedChannel) {
  return {
    id: channel.uuid,
    slug: channel.slug,
    name: channel.name,
    description: channel.description,
    kind: channel.kind,
    created_at: formatInstant(channel.createdAt),
    archived_at: channel.archivedAt === null ? null : formatInstant(channel.archivedAt),
    topic: channel.description,
    settings: settingsJson(channel.settings),
    member_count: memberCount,
  }
}

export const roleSchema = oneOf(['member', 'admin', 'read_only', 'read-only'])

export function roleOf(word: Static<typeof roleSchema>) {
  return word === 'read-only' ? 'read_only' : word
}

export const membershipSchema = named(
  'Membership',
  Type.Object({
    account_handle: Type.String(),
    channel_slug: Type.String(),
    role: oneOf(['admin', 'member', 'read_only']),
    joined_at: instant,
  }),
)

export function membershipJson({ account, channel, role, joinedAt }: MembershipView) {
  return {
    account_handle: account.handle,
    channel_slug: channel.slug,
    role,
    joined_at: formatInstant(joinedAt),
  }
}
