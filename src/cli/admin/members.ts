import { CliError } from '../lib/cli-error'
import type { AdminClient } from '../lib/client'
import { EXIT } from '../lib/exit-codes'
import { localMinute, tableOf } from '../lib/table'
import { getAccount, getChannel, type Membership, type Role } from '../lib/wire'
import { adminCommand } from './index'

const handle = { type: 'positional', required: true, description: 'The handle of the account' } as const
const slug = { type: 'positional', required: true, description: 'The slug of the channel' } as const
// The documentation of the earlier server spells `read_only` as `read-only`.
const roles = { type: 'enum', options: ['admin', 'member', 'read_only', 'read-only'] } as const

export const addMember = adminCommand({
  args: {
    handle,
    slug,
    role: { ...roles, options: [...roles.options], description: 'Role in the channel; default: member' },
  },
  examples: ['synapse add-member cairn family-ops', 'synapse add-member clint family-ops --role admin'],
  async act(client, args) {
    const request = {
      account_handle: args.handle,
      channel_slug: args.slug,
      role: roleOf(args.role ?? 'member'),
    }
    return shown(await client.post<Membership>('/v1/admin/memberships', request))
  },
})

export const setRole = adminCommand({
  args: {
    handle,
    slug,
    role: { ...roles, options: [...roles.options], required: true, description: 'New role in the channel' },
  },
  examples: ['synapse set-role cairn family-ops --role read_only'],
  async act(client, args) {
    const { path } = await membershipOf(client, args.handle, args.slug)
    return shown(await client.patch<Membership>(path, { role: roleOf(args.role) }))
  },
})

export const removeMember = adminCommand({
  args: { handle, slug },
  notes: ['Prints the removed membership.'],
  examples: ['synapse remove-member cairn family-ops'],
  async act(client, args) {
    const { path, membership } = await membershipOf(client, args.handle, args.slug)
    await client.delete(path)
    return shown(membership)
  },
})

export const listMembers = adminCommand({
  args: { slug },
  examples: ['synapse list-members family-ops'],
  async act(client, args) {
    const members = await client.list<Membership>('/v1/admin/memberships', { channel: args.slug })
    return members.map((membership) => ({ ...shown(membership), joined_at: membership.joined_at }))
  },
  table: (members) =>
    tableOf(members, {
      ACCOUNT: ({ account }) => account,
      ROLE: ({ role }) => role,
      JOINED: ({ joined_at }) => localMinute(joined_at),
    }),
})

/** Returns a membership and the path at which it is changed. @throws CliError not found */
async function membershipOf(client: AdminClient, handle: string, slug: string) {
  const account = await getAccount(client, handle)
  const channel = await getChannel(client, slug)
  const filter = { account: account.handle, channel: channel.slug }
  const [membership] = await client.list<Membership>('/v1/admin/memberships', filter)
  if (membership === undefined)
    throw new CliError(EXIT.notFound, 'Membership not found', [
      `@${account.handle} is not in #${channel.slug}; synapse add-member ${account.handle} ${channel.slug}`,
    ])
  return { path: `/v1/admin/memberships/${account.id}/${channel.id}`, membership }
}

function shown({ account_handle, channel_slug, role }: Membership) {
  return { account: account_handle, channel: channel_slug, role }
}

function roleOf(text: Role | 'read-only'): Role {
  return text === 'read-only' ? 'read_only' : text
}
