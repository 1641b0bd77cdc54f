import { createAccount } from '../admin/accounts'
import { CliError } from '../lib/cli-error'
import type { AdminClient, Way } from '../lib/client'
import { EXIT } from '../lib/exit-codes'
import type { ChosenPassword } from '../lib/passwords'
import { publicUrl } from '../lib/server-address'
import {
  type Account,
  type Channel,
  findAccount,
  findChannel,
  type Membership,
  type Onboarded,
} from '../lib/wire'

/** What quickstart creates. */
export interface Plan {
  readonly admin: string
  readonly displayName: string | undefined
  /** The password of a new admin. An existing admin keeps the old one. */
  readonly password: ChosenPassword
  readonly channel: string
  readonly agent: string
}

/** What quickstart found and created. */
export interface Outcome {
  readonly way: Way
  /** The public address of the server, if one is configured. */
  readonly publicUrl: string | null
  readonly admin: { readonly handle: string; readonly created: boolean; readonly madeAdmin: boolean }
  /** Undefined when the admin existed. */
  readonly password: ChosenPassword | undefined
  readonly channel: { readonly slug: string; readonly created: boolean }
  readonly membership: 'added' | 'changed' | 'kept'
  readonly agent: Onboarded
}

/** Creates what is missing, and issues a token for the agent. Can be repeated. @throws CliError */
export async function quickstartSteps(client: AdminClient, plan: Plan): Promise<Outcome> {
  const { account, created, madeAdmin } = await ensureAdmin(client, plan)
  const channel = await ensureChannel(client, plan.channel)
  const membership = await ensureChannelAdmin(client, account, channel.channel)
  const agent = await client.post<Onboarded>('/v1/admin/onboard', {
    handle: plan.agent,
    channels: [channel.channel.slug],
    token_name: 'quickstart',
  })
  return {
    way: client.way,
    publicUrl: await publicUrl(client),
    admin: { handle: account.handle, created, madeAdmin },
    password: created ? plan.password : undefined,
    channel: { slug: channel.channel.slug, created: channel.created },
    membership,
    agent,
  }
}

async function ensureAdmin(client: AdminClient, { admin, displayName, password }: Plan) {
  const found = await findAccount(client, admin)
  if (found === undefined) {
    const account = await createAccount(client, {
      kind: 'human',
      handle: admin,
      display_name: displayName,
      password: password.password,
      is_admin: true,
    })
    return { account, created: true, madeAdmin: true }
  }
  if (found.kind !== 'human')
    throw new CliError(EXIT.conflict, `@${found.handle} is an agent, and the admin must be a person`, [
      'choose another handle with --admin',
    ])
  refuseArchived(found, `@${found.handle}`, `synapse unarchive-account ${found.handle}`)
  if (found.is_admin) return { account: found, created: false, madeAdmin: false }
  const account = await client.patch<Account>(`/v1/admin/accounts/${found.id}`, { is_admin: true })
  return { account, created: false, madeAdmin: true }
}

async function ensureChannel(client: AdminClient, slug: string) {
  const found = await findChannel(client, slug)
  if (found === undefined) {
    const request = { slug, name: titleOf(slug), join: false }
    return { channel: await client.post<Channel>('/v1/admin/channels', request), created: true }
  }
  refuseArchived(found, `#${found.slug}`, `synapse unarchive-channel ${found.slug}`)
  return { channel: found, created: false }
}

async function ensureChannelAdmin(client: AdminClient, account: Account, channel: Channel) {
  const filter = { account: account.handle, channel: channel.slug }
  const [member] = await client.list<Membership>('/v1/admin/memberships', filter)
  if (member?.role === 'admin') return 'kept'
  if (member !== undefined) {
    await client.patch(`/v1/admin/memberships/${account.id}/${channel.id}`, { role: 'admin' })
    return 'changed'
  }
  const request = { account_handle: account.handle, channel_slug: channel.slug, role: 'admin' }
  await client.post('/v1/admin/memberships', request)
  return 'added'
}

function refuseArchived(found: { archived_at: string | null }, name: string, remedy: string): void {
  if (found.archived_at !== null)
    throw new CliError(EXIT.conflict, `${name} exists and is archived`, [remedy])
}

/** Returns the name to show for a slug: `Family Ops` for `family-ops`. */
function titleOf(slug: string): string {
  const words = slug.split(/[-_]+/).filter((word) => word !== '')
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || slug
}
