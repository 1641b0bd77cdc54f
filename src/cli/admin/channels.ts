import { UsageError } from '../lib/cli-error'
import type { AdminClient } from '../lib/client'
import { command } from '../lib/command'
import { timeOrAgo } from '../lib/duration'
import { tableOf } from '../lib/table'
import { printJson } from '../lib/terminal'
import { type Channel, getChannel } from '../lib/wire'
import { adminCommand, whereArgs, withClient } from './index'

export const addChannel = command({
  args: {
    'slug-word': {
      type: 'positional',
      required: false,
      valueHint: 'SLUG',
      description: 'Same as --slug',
    },
    'name-word': {
      type: 'positional',
      required: false,
      valueHint: 'NAME',
      description: 'Same as --name',
    },
    slug: {
      type: 'string',
      valueHint: 'name',
      description: 'Short name of the channel; it cannot be changed later',
    },
    name: { type: 'string', valueHint: 'text', description: 'Name to show' },
    topic: { type: 'string', valueHint: 'text', description: 'What the channel is about' },
    description: { type: 'string', valueHint: 'text', description: 'Same as --topic' },
    kind: {
      type: 'enum',
      options: ['public', 'private'],
      description: 'public: everyone sees it and may join; private: members only',
    },
    ...whereArgs,
  },
  notes: ['The new channel has no members: see add-member.'],
  examples: [
    'synapse add-channel --slug family-ops --name "Family Ops" --topic "Everyday things"',
    'synapse seed-channel family-photos "Family Photos" --kind private',
  ],
  async run({ args }) {
    if (args.topic !== undefined && args.description !== undefined)
      throw new UsageError('--topic and --description mean the same: give only one')
    const request = {
      slug: either(args.slug, args['slug-word'], 'SLUG', '--slug'),
      name: either(args.name, args['name-word'], 'NAME', '--name'),
      description: args.topic ?? args.description,
      kind: args.kind,
      join: false,
    }
    const channel = await withClient(args, (client) => client.post<Channel>('/v1/admin/channels', request))
    const { id, slug, name, kind } = channel
    printJson({ id, slug, name, kind })
    return undefined
  },
})

function either(flag: string | undefined, word: string | undefined, place: string, name: string): string {
  const text = flag ?? word
  if (text === undefined) throw new UsageError(`${name} is missing`)
  if (flag !== undefined && word !== undefined)
    throw new UsageError(`${place} and ${name} mean the same: give only one`)
  return text
}

export const listChannels = adminCommand({
  args: {},
  examples: ['synapse list-channels'],
  async act(client) {
    const channels = await client.list<Channel>('/v1/admin/channels')
    return channels.map(({ id, slug, name, kind, archived_at }) => ({
      id,
      slug,
      name,
      kind,
      archived: archived_at !== null,
    }))
  },
  table: (channels) =>
    tableOf(channels, {
      SLUG: ({ slug }) => slug,
      NAME: ({ name }) => name,
      KIND: ({ kind }) => kind,
      ARCHIVED: ({ archived }) => archived,
      ID: ({ id }) => id,
    }),
})

const slugArg = { type: 'positional', required: true, description: 'The slug of the channel' } as const

export const archiveChannel = adminCommand({
  args: { slug: slugArg },
  notes: ['Reading and posting are refused until the channel is unarchived. Nothing is deleted.'],
  examples: ['synapse archive-channel family-ops'],
  act: (client, { slug }) => moveChannel(client, slug, 'archive'),
})

export const unarchiveChannel = adminCommand({
  args: { slug: slugArg },
  examples: ['synapse unarchive-channel family-ops'],
  act: (client, { slug }) => moveChannel(client, slug, 'unarchive'),
})

export const setChannel = adminCommand({
  args: {
    slug: slugArg,
    name: { type: 'string', valueHint: 'text', description: 'Name to show' },
    topic: { type: 'string', valueHint: 'text', description: 'What the channel is about' },
    kind: { type: 'enum', options: ['public', 'private'], description: 'Who sees the channel' },
    set: {
      type: 'string',
      valueHint: 'key=value,…',
      description: 'Settings of the channel; a key without a value is unset',
    },
  },
  notes: [
    'Settings: history (all, joined), broadcast_by (all, humans, admins), legal_hold (true, false), retention_days, retention_max, chain_limit, agent_run, auto_continue_s, matrix (true, false).',
  ],
  examples: [
    'synapse set-channel family-ops --topic "Everyday things"',
    'synapse set-channel family-ops --set "history=joined,retention_days=90"',
    'synapse set-channel family-ops --set legal_hold=',
  ],
  async act(client, { slug, name, topic, kind, set }) {
    const found = await getChannel(client, slug)
    const patch = { name, topic, kind, settings: set === undefined ? undefined : settingsIn(set) }
    const channel = await client.patch<Channel>(`/v1/admin/channels/${found.id}`, patch)
    return {
      id: channel.id,
      slug: channel.slug,
      name: channel.name,
      kind: channel.kind,
      topic: channel.topic,
      settings: channel.settings,
    }
  },
})

interface Purged {
  readonly messages: number
  readonly through_cursor: string
  readonly done: boolean
}

export const purge = adminCommand({
  args: {
    slug: slugArg,
    before: {
      type: 'string',
      valueHint: 'time',
      description: 'Delete what was posted before this time, such as 2026-01-01, or longer ago than 90d',
    },
    keep: { type: 'string', valueHint: 'number', description: 'Delete all but so many newest messages' },
    'dry-run': { type: 'boolean', description: 'Only count' },
  },
  notes: [
    'Messages are deleted with their reactions and events. A root of a thread stays as a tombstone while it has later replies. Backups keep what they have.',
  ],
  examples: ['synapse purge family-ops --before 90d --dry-run', 'synapse purge family-ops --keep 10000'],
  async act(client, { slug, before, keep, 'dry-run': isDryRun }) {
    if ((before === undefined) === (keep === undefined))
      throw new UsageError('give either --before or --keep')
    const found = await getChannel(client, slug)
    const extent =
      keep === undefined ? { before: timeOrAgo(before ?? '', '--before') } : { keep: countIn(keep) }
    const request = { ...extent, dry_run: isDryRun ?? false }
    const answer = await client.post<Purged>(`/v1/admin/channels/${found.id}/purge`, request)
    return { slug: found.slug, ...answer }
  },
})

/** @throws UsageError */
function countIn(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new UsageError('--keep must be a number')
  return Number(text)
}

/** Reads `key=value,…`. The server checks keys and values. @throws UsageError */
function settingsIn(text: string): Readonly<Record<string, unknown>> {
  const pairs = text.split(',').map((pair) => {
    const [, key = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
    if (key === '') throw new UsageError('--set takes key=value, and several with commas')
    return [key, settingValue(value)]
  })
  return Object.fromEntries(pairs)
}

function settingValue(text: string): unknown {
  if (text === '' || text === 'null') return null
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text
}

async function moveChannel(client: AdminClient, wanted: string, verb: 'archive' | 'unarchive') {
  const found = await getChannel(client, wanted)
  const channel = await client.post<Channel>(`/v1/admin/channels/${found.id}/${verb}`)
  const { id, slug, name, kind, archived_at } = channel
  return { id, slug, name, kind, archived: archived_at !== null, archived_at }
}
