import { normalName, quotaExceeded } from './accounts'
import { type Actor, accountOf, type Person, principalOf, scopesOf } from './actor'
import type { Administration } from './administration'
import { entryBy } from './audit'
import type { Directory } from './directory'
import type { Account, Channel, ChannelKind, Member, Role, Room } from './entities'
import { refusal } from './errors'
import { channelEvent, memberEvent } from './events'
import type { Gates } from './gates'
import type { Seq, Uuid } from './ids'
import { SLUG_PATTERN } from './limits'
import type { ListPage, Reads, Writes } from './ports'
import { touchesChannel } from './scopes'
import type { Settings } from './settings'
import type { Micros } from './time'

export interface NewChannelRequest {
  readonly slug: string
  readonly name: string
  readonly description?: string | null
  readonly kind?: ChannelKind
}

/** A channel as its member, or a visitor (`role` null), sees it in a list. */
export interface ChannelListing {
  readonly channel: Channel
  readonly role: Role | null
  readonly canRead: boolean
  readonly canPost: boolean
  readonly memberCount: number
  readonly head: Seq | null
  readonly lastMessageAt: Micros | null
}

/** Rooms: making them, listing them, and who is in them. */
export class Channels {
  constructor(
    private readonly reads: Reads,
    private readonly administration: Administration,
    private readonly directory: Directory,
    private readonly gates: Gates,
    private readonly settings: Settings,
  ) {}

  /** The live channels the actor is in (and has a scope on), by slug; on request also public ones it could join. */
  async mine(actor: Person, options: { discoverable: boolean }): Promise<ChannelListing[]> {
    const others = options.discoverable
      ? (await this.reads.listChannels({ after: '', limit: Number.MAX_SAFE_INTEGER })).filter(
          (c) => c.kind === 'public',
        )
      : []
    const listed = await this.directory.settle(() => {
      const ids = new Set([
        ...this.directory.channelsOf(actor.account.id),
        ...others.map((channel) => channel.id),
      ])
      this.directory.requireRooms([...ids])
      return [...ids].map((id) => this.directory.room(id)).filter((room) => this.isListed(actor, room))
    })
    const newest = await this.reads.newestIn(listed.map((room) => room.channel.id))
    return listed
      .map((room) => this.listing(actor, room, newest.get(room.channel.id)))
      .sort((one, other) => (one.channel.slug < other.channel.slug ? -1 : 1))
  }

  /** Active members, by handle. @throws the gates of reading */
  async members(actor: Person, slug: string): Promise<{ account: Account; role: Role }[]> {
    return this.directory.settle(() => {
      const { room } = this.gates.read(this.gates.current(actor), slug)
      const members = activeMembers(room)
      this.directory.requireAccounts(members.map((member) => member.accountId))
      return members.map(({ accountId, role }) => ({ account: this.directory.account(accountId), role }))
    })
  }

  /** All channels by slug, archived ones included, with their member counts. @throws admin_scope_required, not_admin */
  async list(actor: Actor, page: ListPage): Promise<{ channel: Channel; memberCount: number }[]> {
    this.administration.check(actor)
    const channels = await this.reads.listChannels(page)
    const counts = await this.reads.countMembers(channels.map((channel) => channel.id))
    return channels.map((channel) => ({ channel, memberCount: counts.get(channel.id) ?? 0 }))
  }

  /**
   * Makes a channel; whoever makes it joins it with the role admin, unless it is the operator.
   * @throws admin_scope_required, not_admin, invalid_slug, slug_exists, use_dms, quota_exceeded
   */
  async create(actor: Actor, request: NewChannelRequest): Promise<{ channel: Channel; memberCount: number }> {
    this.administration.check(actor)
    const slug = normalName(request.slug)
    if (!SLUG_PATTERN.test(slug) || slug.startsWith('dm-')) throw refusal('invalid_slug')
    const kind = request.kind ?? 'public'
    if (kind === 'dm') throw refusal('use_dms')
    const creator = accountOf(actor)
    return this.administration.act(actor, async (tx) => {
      if (await tx.channel({ slug })) throw refusal('slug_exists')
      const limit = this.settings.get('quota.channels')
      if ((await tx.countChannels()) >= limit) throw quotaExceeded('quota.channels', limit)
      const description = request.description ?? null
      const channel = await tx.insertChannel({ slug, name: request.name, description, kind })
      await tx.append(channelEvent('channel.created', channel), creator)
      if (creator) {
        const joined = await tx.append(
          memberEvent('member.joined', channel, creator, { role: 'admin' }),
          creator,
        )
        await tx.insertMembership(creator.id, channel.id, 'admin', joined)
      }
      await tx.audit(entryBy(actor, 'channel.create', { type: 'channel', id: channel.uuid }, { slug, kind }))
      return { channel, memberCount: creator ? 1 : 0 }
    })
  }

  /** Nobody reads or posts in an archived channel. Does nothing to one that is archived. @throws channel_not_found */
  async archive(actor: Actor, uuid: Uuid): Promise<{ channel: Channel; memberCount: number }> {
    return this.setArchived(actor, uuid, true)
  }

  async unarchive(actor: Actor, uuid: Uuid): Promise<{ channel: Channel; memberCount: number }> {
    return this.setArchived(actor, uuid, false)
  }

  private async setArchived(actor: Actor, uuid: Uuid, archive: boolean) {
    return this.administration.act(actor, async (tx) => {
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

  private isListed(actor: Person, room: Room): boolean {
    if (room.channel.archivedAt !== null) return false
    const isMember = room.members.has(actor.account.id)
    if (!isMember) return room.channel.kind === 'public'
    return principalOf(actor).via !== 'token' || touchesRoom(actor, room)
  }

  private listing(actor: Person, room: Room, newest: { seq: Seq; at: Micros } | undefined): ChannelListing {
    const member = room.members.get(actor.account.id)
    const canRead = member !== undefined && this.gates.hasScope(actor, room, 'read')
    return {
      channel: room.channel,
      role: member?.role ?? null,
      canRead,
      canPost:
        member !== undefined && member.role !== 'read_only' && this.gates.hasScope(actor, room, 'post'),
      memberCount: activeMembers(room).length,
      // Where the channel stands is for its readers.
      head: canRead ? (newest?.seq ?? null) : null,
      lastMessageAt: canRead ? (newest?.at ?? null) : null,
    }
  }
}

function activeMembers(room: Room): Member[] {
  return [...room.members.values()].filter((member) => member.active)
}

/** Whether a token has any scope on the room; a direct channel is also reached through the other's handle. */
function touchesRoom(actor: Person, room: Room): boolean {
  if (touchesChannel(scopesOf(actor), room.channel.slug)) return true
  if (room.channel.kind !== 'dm') return false
  const others = [...room.members.values()].filter((member) => member.accountId !== actor.account.id)
  return others.some(({ handle }) =>
    scopesOf(actor).some((s) => s.startsWith(`dm:${handle}:`) || s.startsWith('dm:*:')),
  )
}

async function existing(tx: Writes, uuid: Uuid): Promise<Channel> {
  const channel = await tx.channel({ uuid })
  if (!channel) throw refusal('channel_not_found')
  return channel
}
