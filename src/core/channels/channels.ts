/** Channels and their members. Imports only the core. Start reading here, then memberships.ts. */

import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Administration } from '../governance/administration'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { normalName, quotaExceeded } from '../identity/accounts'
import { type Actor, accountOf, type Person, principalOf } from '../identity/actor'
import { SYSTEM_HANDLE } from '../identity/tokens'
import type { Account, Channel, ChannelKind, Role } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import { SLUG_PATTERN } from '../kernel/limits'
import { slices } from '../kernel/paged-reads'
import type { ListPage, NewestMessage, Reads, Writes } from '../kernel/ports'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import { channelEvent, memberEvent } from '../log/events'
import type { Log } from '../log/log'

export interface NewChannelRequest {
  readonly slug: string
  readonly name: string
  readonly description?: string | null
  readonly kind?: ChannelKind
  /** Whether the creator joins the channel; true by default. */
  readonly join?: boolean
}

/** A channel in a list, as its member or a visitor (`role` null) sees it. */
export interface ChannelListing {
  readonly channel: Channel
  readonly role: Role | null
  readonly canRead: boolean
  readonly canPost: boolean
  readonly memberCount: number
  readonly newest: NewestMessage | null
}

/** Creates and lists channels, and lists their members. */
export class Channels {
  constructor(
    private readonly deps: {
      readonly reads: Reads
      readonly administration: Administration
      readonly directory: Directory
      readonly policy: Policy
      readonly settings: Settings
      readonly log: Log
      readonly pace: Pace
    },
  ) {}

  /**
   * Lists the active channels of the actor for which it has a scope, by slug. With `discoverable`, also public ones
   * that it could join.
   */
  async mine(actor: Person, { discoverable }: { discoverable: boolean }): Promise<ChannelListing[]> {
    const { directory, policy, pace } = this.deps
    const ids = await directory.retryUntilLoaded(() => {
      const mine = directory.channelsOf(policy.current(actor).account.id)
      const others = discoverable ? directory.publicChannels().filter((id) => !mine.has(id)) : []
      return [...mine.keys(), ...others]
    })
    // Each slice is judged and rendered at once: other work runs in between, and rights may change.
    const loop = pace.loop()
    const listings: ChannelListing[] = []
    for (const some of slices(ids, TURN_ROWS)) {
      await loop.turn()
      listings.push(...(await this.listings(actor, some, discoverable)))
      loop.did(some.length)
    }
    return pace.sorted(listings, (one, other) => (one.channel.slug < other.channel.slug ? -1 : 1))
  }

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
  async list(actor: Actor, page: ListPage): Promise<{ channel: Channel; memberCount: number }[]> {
    this.deps.administration.check(actor)
    const channels = await this.deps.reads.listChannels(page)
    const counts = await this.deps.reads.countMembers(channels.map((channel) => channel.id))
    return channels.map((channel) => ({ channel, memberCount: counts.get(channel.id) ?? 0 }))
  }

  /**
   * Creates a channel. The creator joins it with the role admin, except the operator and the server's own account.
   * @throws admin_scope_required, not_admin, invalid_slug, slug_exists, use_dms, quota_exceeded
   */
  async create(actor: Actor, request: NewChannelRequest): Promise<{ channel: Channel; memberCount: number }> {
    this.deps.administration.check(actor)
    const slug = normalName(request.slug)
    if (!SLUG_PATTERN.test(slug) || slug.startsWith('dm-')) throw refusal('invalid_slug')
    const kind = request.kind ?? 'public'
    if (kind === 'dm') throw refusal('use_dms')
    const creator = accountOf(actor)
    return this.deps.administration.act(actor, async (tx) => {
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

  /** Archives a channel: reading and posting are refused. Does nothing if it is archived. @throws channel_not_found */
  async archive(actor: Actor, uuid: Uuid): Promise<{ channel: Channel; memberCount: number }> {
    return this.setArchived(actor, uuid, true)
  }

  async unarchive(actor: Actor, uuid: Uuid): Promise<{ channel: Channel; memberCount: number }> {
    return this.setArchived(actor, uuid, false)
  }

  private async setArchived(actor: Actor, uuid: Uuid, archive: boolean) {
    return this.deps.administration.act(actor, async (tx) => {
      const channel = await existing(tx, uuid)
      const memberCount = (await tx.countMembers([channel.id])).get(channel.id) ?? 0
      if ((channel.archivedAt !== null) === archive) return { channel, memberCount }
      const changed = await tx.updateChannel(channel.id, { archivedAt: archive ? tx.now() : null })
      await tx.append(
        channelEvent(archive ? 'channel.archived' : 'channel.unarchived', changed),
        accountOf(actor),
      )
      const action = archive ? 'channel.archive' : 'channel.unarchive'
      const facts = { slug: channel.slug }
      await tx.audit(entryBy(actor, action, { type: 'channel', id: channel.uuid }, facts))
      return { channel: changed, memberCount }
    })
  }

  /** Returns the channels that the actor sees in a list. */
  private async listings(
    actor: Person,
    ids: readonly number[],
    discoverable: boolean,
  ): Promise<ChannelListing[]> {
    const { directory, policy, log } = this.deps
    const judge = () => {
      const judged = this.judged(policy.current(actor), ids, discoverable)
      return { judged, version: directory.version }
    }
    const first = await directory.retryUntilLoaded(judge)
    const readable = first.judged.filter(({ canRead }) => canRead).map(({ channel }) => channel.id)
    const newest = await log.newestIn(readable)
    const newestOf = new Map(readable.map((id, i) => [id, newest[i]]))
    // Rights may have changed during the reads.
    const { judged, counts } = await directory.retryUntilLoaded(() => {
      const { judged } = first.version === directory.version ? first : judge()
      return { judged, counts: directory.memberCounts(judged.map(({ channel }) => channel.id)) }
    })
    return judged.map((listing) => {
      const last = newestOf.get(listing.channel.id)
      return {
        ...listing,
        memberCount: counts.get(listing.channel.id) ?? 0,
        // Only readers may see how far the channel has advanced.
        newest: listing.canRead && last && last.seq > 0 ? last : null,
      }
    })
  }

  private judged(actor: Person, ids: readonly number[], discoverable: boolean): Judged[] {
    const { directory, policy } = this.deps
    const mine = directory.channelsOf(actor.account.id)
    const channels = directory.requireChannels(ids)
    policy.prepare(
      actor,
      channels.filter(({ id }) => mine.has(id)),
    )
    const isToken = principalOf(actor).via === 'token'
    const judged: Judged[] = []
    for (const channel of channels) {
      if (channel.archivedAt !== null) continue
      const role = mine.get(channel.id)?.role
      if (role === undefined) {
        if (discoverable && channel.kind === 'public')
          judged.push({ channel, role: null, canRead: false, canPost: false })
        continue
      }
      if (isToken && !policy.touches(actor, channel)) continue
      const canRead = policy.hasScope(actor, channel, 'read')
      const canPost = role !== 'read_only' && policy.hasScope(actor, channel, 'post')
      judged.push({ channel, role, canRead, canPost })
    }
    return judged
  }
}

/** The parts of a listing that depend on the actor's rights. */
type Judged = Pick<ChannelListing, 'channel' | 'role' | 'canRead' | 'canPost'>

async function existing(tx: Writes, uuid: Uuid): Promise<Channel> {
  const channel = await tx.channel({ uuid })
  if (!channel) throw refusal('channel_not_found')
  return channel
}
