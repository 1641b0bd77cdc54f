import type { Administration } from '../../governance/administration'
import { entryBy } from '../../governance/audit'
import { type Actor, accountOf } from '../../identity/actor'
import { systemAccount } from '../../identity/system-account'
import type { Channel } from '../../kernel/entities'
import { AppError, refusal } from '../../kernel/errors'
import type { Reads } from '../../kernel/ports'
import { channelEvent } from '../../log/events'
import { millisecondsOf } from '../acts/room-acts'
import { canonicalJson } from '../canonical'
import { withoutAlias } from '../canonical-alias'
import { deputiesIn } from '../deputies'
import { parseAlias } from '../ids'
import type { OpenRoom } from '../open-room'
import type { CaughtUp, MatrixParts } from '../parts'
import type { MatrixAct, Projector } from '../projector/projector'
import type { MatrixRoom, RoomAlias, RoomMember } from '../room-ports'
import type { Membership } from '../room-state'
import type { Users } from '../users'
import { accountNamed } from './named-account'

/** A room as administrators see it. */
export interface AdministeredRoom {
  readonly room: MatrixRoom
  readonly channel: Channel
}

export interface RoomFacts extends AdministeredRoom {
  readonly members: Readonly<Partial<Record<Membership, number>>>
  readonly aliases: readonly string[]
  /** Content of the state events that say what the room is, by type. */
  readonly state: Readonly<Record<string, unknown>>
}

/** Members that one transaction removes. */
const SLICE = 50
const ALL_MEMBERSHIPS = ['join', 'invite', 'knock', 'leave', 'ban'] as const
const SHOWN_STATE = [
  'm.room.create',
  'm.room.power_levels',
  'm.room.join_rules',
  'm.room.history_visibility',
  'm.room.canonical_alias',
]

/** The rooms of the homeserver. A room is named by its id, an alias, or the slug of its channel. */
export class RoomAdministration {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store' | 'serverName'> & {
      readonly administration: Administration
      readonly users: Users
      readonly projector: Projector
      readonly caughtUp: CaughtUp
    },
  ) {}

  /** By channel; `after` is the channel of the last one of the previous page. */
  async list(
    actor: Actor,
    page: { readonly after: number; readonly limit: number },
  ): Promise<(AdministeredRoom & { readonly memberCount: number })[]> {
    await this.ready(actor)
    const { reads } = this.parts.store
    const rooms = await reads.matrix().listRooms(page)
    const ids = rooms.map(({ channelId }) => channelId)
    const channels = new Map((await reads.channelsByIds(ids)).map((channel) => [channel.id, channel]))
    const counts = await reads.countMembers(ids)
    return rooms.flatMap((room) => {
      const channel = channels.get(room.channelId)
      return channel ? [{ room, channel, memberCount: counts.get(channel.id) ?? 0 }] : []
    })
  }

  /** @throws channel_not_found */
  async find(actor: Actor, name: string): Promise<RoomFacts> {
    await this.ready(actor)
    const found = await this.named(name, this.parts.store.reads)
    const matrix = this.parts.store.reads.matrix()
    const { id } = found.channel
    const state = await matrix.stateNow(id, { types: SHOWN_STATE })
    return {
      ...found,
      members: await matrix.countMembersOf(id),
      aliases: (await matrix.aliasesOfRoom(id)).map(({ alias }) => alias),
      state: Object.fromEntries(state.map(({ type, json }) => [type, JSON.parse(json).content])),
    }
  }

  /** By user id; `after` is the last one of the previous page. @throws channel_not_found */
  async members(
    actor: Actor,
    name: string,
    page: { readonly after: string; readonly limit: number },
  ): Promise<RoomMember[]> {
    await this.ready(actor)
    const { channel } = await this.named(name, this.parts.store.reads)
    return this.parts.store.reads.matrix().membersOf(channel.id, { ...page, memberships: ALL_MEMBERSHIPS })
  }

  /**
   * Makes a member an admin of the room, and brings in a user who is no member. In a room made over Matrix the member with
   * the most power does it.
   * @throws channel_not_found, account_not_found, dm_membership_fixed, matrix_no_power
   */
  async makeAdmin(actor: Actor, name: string, user: string): Promise<AdministeredRoom> {
    const { core, store } = this.parts
    await this.ready(actor)
    const account = await accountNamed(this.parts.users, store.reads, user)
    const found = await this.named(name, store.reads)
    const { channel } = found
    const both = { accountId: account.id, channelId: channel.id }
    const [member] = await store.reads.listMemberships(both, { after: null, limit: 1 })
    if (member) await core.memberships.setRole(actor, account.uuid, channel.uuid, 'admin')
    else await core.memberships.add(actor, account.handle, channel.slug, 'admin')
    return found
  }

  /** Blocks the room, so that nobody can join it, be invited or knock; or unblocks it. @throws channel_not_found, room_of_channel */
  async block(actor: Actor, name: string, blocked: boolean): Promise<AdministeredRoom> {
    await this.ready(actor)
    return this.parts.administration.act(actor, async (tx) => {
      const found = await this.named(name, tx)
      const { room, channel } = found
      refuseChannels(found, 'blocked')
      if (room.blocked === blocked) return found
      await tx.matrix().setBlocked(channel.id, blocked)
      const target = { type: 'channel', id: channel.uuid } as const
      await tx.audit(entryBy(actor, 'matrix.room.block', target, { blocked }))
      return { channel, room: { ...room, blocked } }
    })
  }

  /**
   * Empties and closes a room that was made over Matrix: it is blocked, all members leave, its aliases go, and its
   * channel is archived. Its messages stay until they are purged. Goes on where an earlier call broke off.
   * @throws channel_not_found, room_of_channel
   */
  async delete(actor: Actor, name: string): Promise<AdministeredRoom & { readonly removed: number }> {
    const { projector } = this.parts
    await this.ready(actor)
    const found = await this.named(name, this.parts.store.reads)
    refuseChannels(found, 'deleted')
    await this.block(actor, found.room.roomId, true)
    let removed = 0
    for (;;) {
      const some = await projector.act(actor, (act) => this.removeSome(act, actor, found.channel))
      removed += some
      if (some < SLICE) break
    }
    const closed = await projector.act(actor, (act) => this.close(act, actor, found.channel))
    return { ...closed, removed }
  }

  /**
   * Gives a room another alias.
   * @throws channel_not_found, invalid_alias for what is no alias of this server, alias_taken
   */
  async addAlias(actor: Actor, name: string, alias: string): Promise<RoomAlias> {
    const { administration, serverName } = this.parts
    await this.ready(actor)
    return administration.act(actor, async (tx) => {
      const { channel } = await this.named(name, tx)
      const id = parseAlias(alias)
      if (!id || id.localpart === '' || id.server !== serverName)
        throw new AppError(
          'invalid',
          'invalid_alias',
          `An alias of this server is written #name:${serverName}`,
        )
      if ((await tx.matrix().alias(alias)) || (await tx.channel({ slug: id.localpart })))
        throw new AppError('conflict', 'alias_taken', `The alias ${alias} is taken`)
      const creator = accountOf(actor) ?? (await systemAccount(tx))
      const made = { alias, channelId: channel.id, creatorId: creator.id }
      await tx.matrix().insertAlias(made)
      await tx.audit(entryBy(actor, 'matrix.alias.add', { type: 'channel', id: channel.uuid }))
      return made
    })
  }

  /**
   * Takes an alias away, also from the canonical ones of its room if anybody there has the power for it.
   * @throws alias_not_found, alias_of_channel
   */
  async removeAlias(actor: Actor, alias: string): Promise<void> {
    const { administration, projector } = this.parts
    administration.check(actor)
    await projector.act(actor, async (act) => {
      const { tx } = act
      administration.check(actor)
      const found = await tx.matrix().alias(alias)
      const channel = found && (await tx.channel({ id: found.channelId }))
      if (!found || !channel)
        throw new AppError('not_found', 'alias_not_found', 'There is no room with this alias')
      if (found.creatorId === null)
        throw new AppError('forbidden', 'alias_of_channel', 'The alias of a channel cannot be taken away')
      await tx.matrix().deleteAlias(alias)
      await this.unname(act, channel, alias)
      await tx.audit(entryBy(actor, 'matrix.alias.remove', { type: 'channel', id: channel.uuid }))
    })
  }

  /** Refuses early, and waits for the rooms of channels that were just made. */
  private async ready(actor: Actor): Promise<void> {
    this.parts.administration.check(actor)
    await this.parts.caughtUp()
  }

  /** Lets members leave, each by itself. Returns how many. */
  private async removeSome(act: MatrixAct, actor: Actor, channel: Channel): Promise<number> {
    const { tx, batch, people, rooms } = act
    const { core, administration } = this.parts
    administration.check(actor)
    const page = await tx.membershipsIn(channel.id, { after: 0, limit: SLICE })
    const accounts = await tx.accountsByIds(page.map(({ id }) => id))
    const shown = await people.shown(tx, accounts)
    const ids = [...shown.values()].map(({ userId }) => userId)
    const room = (await rooms.open(tx.matrix(), new Map([[channel.id, ids]]))).get(channel.id)
    for (const account of accounts) {
      const row = tx.nextSeq()
      const userId = shown.get(account.id)?.userId
      if (room && userId !== undefined && room.membershipOf(userId) === 'join')
        this.leave(act, room, row, userId)
      await core.memberships.delete(tx, actor, account, channel)
      batch.settle(row)
    }
    return page.length
  }

  private leave({ batch, tx }: MatrixAct, room: OpenRoom, row: number, userId: string): void {
    const content = { membership: 'leave' }
    const ts = millisecondsOf(tx)
    batch.add(room, row, { type: 'm.room.member', sender: userId, stateKey: userId, content, ts })
  }

  /** Withdraws invites, takes the aliases away, takes it out of the directory, and archives the channel. */
  private async close(act: MatrixAct, actor: Actor, { id }: Channel): Promise<AdministeredRoom> {
    const { tx, batch, rooms } = act
    const matrix = tx.matrix()
    const room = (await rooms.open(matrix, new Map([[id, []]]))).get(id)
    const before = await tx.channel({ id })
    if (!room || !before) throw refusal('channel_not_found')
    for (const { alias } of await matrix.aliasesOfRoom(id)) await matrix.deleteAlias(alias)
    room.row = { ...room.row, published: false }
    batch.touch(room)
    const target = { type: 'channel', id: before.uuid } as const
    await tx.audit(entryBy(actor, 'matrix.room.delete', target))
    if (before.archivedAt !== null) return { room: room.row, channel: before }
    const channel = await tx.updateChannel(id, { archivedAt: tx.now() })
    const row = tx.nextSeq()
    await tx.append(channelEvent('channel.archived', channel), accountOf(actor))
    batch.settle(row)
    return { room: room.row, channel }
  }

  private async unname(act: MatrixAct, channel: Channel, alias: string): Promise<void> {
    const { tx, batch, rooms } = act
    const room = (await rooms.open(tx.matrix(), new Map([[channel.id, []]]))).get(channel.id)
    const type = 'm.room.canonical_alias'
    const now = room?.content(type)
    const content = now && withoutAlias(now, alias)
    if (!room || !content || canonicalJson(content) === canonicalJson(now)) return
    const row = tx.nextSeq()
    for (const sender of await deputiesIn(tx, rooms, room, this.parts.serverName)) {
      const draft = { type, stateKey: '', content, sender, ts: millisecondsOf(tx) }
      if ('because' in batch.offer(room, row, draft)) continue
      await tx.append(channelEvent('matrix.event', channel, { type }), null)
      return
    }
  }

  /** @throws channel_not_found */
  private async named(name: string, reads: Reads): Promise<AdministeredRoom> {
    const matrix = reads.matrix()
    const channelId = name.startsWith('!')
      ? (await matrix.room({ roomId: name }))?.channelId
      : name.startsWith('#')
        ? (await matrix.alias(name))?.channelId
        : (await reads.channel({ slug: name }))?.id
    const room = channelId === undefined ? undefined : await matrix.room({ channelId })
    const channel = room && (await reads.channel({ id: room.channelId }))
    if (!room || !channel) throw refusal('channel_not_found')
    return { room, channel }
  }
}

/** @throws room_of_channel */
function refuseChannels({ room, channel }: AdministeredRoom, verb: 'blocked' | 'deleted'): void {
  if (room.born !== 'channel') return
  const message = `The room of the channel ${channel.slug} cannot be ${verb}: archive the channel instead`
  throw new AppError('invalid', 'room_of_channel', message)
}
