import { UsageError } from '../lib/cli-error'
import type { AdminClient } from '../lib/client'
import { command } from '../lib/command'
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

async function moveChannel(client: AdminClient, wanted: string, verb: 'archive' | 'unarchive') {
  const found = await getChannel(client, wanted)
  const channel = await client.post<Channel>(`/v1/admin/channels/${found.id}/${verb}`)
  const { id, slug, name, kind, archived_at } = channel
  return { id, slug, name, kind, archived: archived_at !== null, archived_at }
}
