/**
 * Channels and their members. channels.ts creates them, listings.ts shows them to their readers, updates.ts changes them,
 * members.ts and memberships.ts change who is in them.
 * Imports only the core. Start reading here.
 */

import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Administration } from '../governance/administration'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { normalName, quotaExceeded } from '../identity/accounts'
import { type Actor, accountOf, isHuman, type Person, requireAdmin } from '../identity/actor'
import { SYSTEM_HANDLE } from '../identity/system-account'
import type { Account, ChannelKind, Role } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import { SLUG_PATTERN } from '../kernel/limits'
import { slices } from '../kernel/paged-reads'
import type { ListPage, Reads } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import { channelEvent, memberEvent } from '../log/events'
import type { Log } from '../log/log'
import type { CountedChannel } from './updates'

export interface NewChannelRequest {
  readonly slug: string
  readonly name: string
  readonly description?: string | null
  readonly kind?: ChannelKind
  /** Whether the creator joins the channel; true by default. */
  readonly join?: boolean
}

/** Creates channels, and lists all of them and their members. */
export class Channels {
  constructor(
    private readonly deps: {
      readonly reads: Reads
      readonly administration: Administration
      readonly transactions: Transactions
      readonly directory: Directory
      readonly policy: Policy
      readonly settings: Settings
      readonly log: Log
      readonly pace: Pace
    },
  ) {}

  /** Active members, by handle. @throws the access errors of reading */
  async members(actor: Person, slug: string): Promise<{ account: Account; role: Role }[]> {
    const { directory, policy, reads, pace } = this.deps
    const judge = () =>
      directory.retryUntilLoaded(() =>
        directory.membersOf(policy.read(policy.current(actor), slug).channel.id),
      )
    const ids = (await judge()).keys()
    const listed: { account: Account; role: Role }[] = []
    const loop = pace.loop()
    for (const some of slices(ids, TURN_ROWS)) {
      await loop.turn()
      const accounts = await reads.accountsByIds(some)
      // Rights are checked again after other work ran: members who left are not listed, and the actor may have lost
      // access.
      const members = await judge()
      for (const account of accounts) {
        const role = account.archivedAt === null ? members.get(account.id)?.role : undefined
        if (role !== undefined) listed.push({ account, role })
      }
      loop.did(some.length)
    }
    return pace.sorted(listed, (one, other) => (one.account.handle < other.account.handle ? -1 : 1))
  }

  /** All channels by slug, archived ones included, with their member counts. @throws admin_scope_required, not_admin */
  async list(actor: Actor, page: ListPage): Promise<CountedChannel[]> {
    this.deps.administration.check(actor)
    const channels = await this.deps.reads.listChannels(page)
    const counts = await this.deps.reads.countMembers(channels.map((channel) => channel.id))
    return channels.map((channel) => ({ channel, memberCount: counts.get(channel.id) ?? 0 }))
  }

  /**
   * Creates a channel, as a system admin or, with `channels.create=members`, as any person. The creator joins it with
   * the role admin, except the operator and the server's own account.
   * @throws admin_scope_required, not_admin, invalid_slug, slug_exists, use_dms, quota_exceeded
   */
  async create(actor: Actor, request: NewChannelRequest): Promise<CountedChannel> {
    this.requireCreator(actor)
    const slug = normalName(request.slug)
    if (!SLUG_PATTERN.test(slug) || slug.startsWith('dm-')) throw refusal('invalid_slug')
    const kind = request.kind ?? 'public'
    if (kind === 'dm') throw refusal('use_dms')
    const creator = accountOf(actor)
    return this.deps.transactions.run(actor, async (tx) => {
      this.requireCreator(this.deps.policy.current(actor))
      if (await tx.channel({ slug })) throw refusal('slug_exists')
      const limit = this.deps.settings.get('quota.channels')
      if ((await tx.countChannels()) >= limit) throw quotaExceeded('quota.channels', limit)
      const description = request.description ?? null
      const channel = await tx.insertChannel({ slug, name: request.name, description, kind })
      await tx.append(channelEvent('channel.created', channel), creator)
      const joins = creator !== null && creator.handle !== SYSTEM_HANDLE && request.join !== false
      if (joins) {
        const joined = await tx.append(
          memberEvent('member.joined', channel, creator, { role: 'admin' }),
          creator,
        )
        await tx.insertMembership(creator.id, channel.id, 'admin', joined)
      }
      await tx.audit(entryBy(actor, 'channel.create', { type: 'channel', id: channel.uuid }, { slug, kind }))
      return { channel, memberCount: joins ? 1 : 0 }
    })
  }

  private requireCreator(actor: Actor): void {
    const { settings } = this.deps
    const mayCreate = settings.get('channels.create') === 'members' && isHuman(actor)
    if (!mayCreate) requireAdmin(actor, settings)
  }
}
