import type { Policy } from '../../access/policy'
import type { Person } from '../../identity/actor'
import type { Account } from '../../kernel/entities'
import { refusal } from '../../kernel/errors'
import type { Seq } from '../../kernel/ids'
import type { Reads, Writes } from '../../kernel/ports'
import { channelEvent } from '../../log/events'
import { isObject, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { isRoomId, parseUserId } from '../ids'
import type { CaughtUp } from '../parts'
import { memberContent, type Shown } from '../projector/room-of-channel'
import { notInRoom } from '../refusals'
import { joinRuleOf } from '../room-state'
import type { Users } from '../users'
import {
  isKeptOutChannel,
  millisecondsOf,
  type RoomAct,
  type RoomActs,
  type RoomActsParts,
} from './room-acts'

/** What a client adds to a member event. `reason` is one of its members. */
export type MemberExtra = JsonObject

export interface MembershipParts extends Pick<RoomActsParts, 'core' | 'serverName'> {
  readonly policy: Policy
  readonly users: Users
  readonly caughtUp: CaughtUp
}

/** Who is in rooms: joins, invites, leaves and what is like them. */
export class RoomMemberships {
  constructor(
    private readonly parts: MembershipParts,
    private readonly acts: RoomActs,
  ) {}

  /** The rooms that the actor is in, and may read. */
  async joined(actor: Person): Promise<string[]> {
    const { core, policy, caughtUp } = this.parts
    await caughtUp()
    const matrix = core.reads.matrix()
    const rooms = await matrix.roomsOf(await this.parts.users.idOf(actor.account), ['join'])
    const rows = await matrix.roomsOfChannels(rooms.map(({ channelId }) => channelId))
    const { directory } = core
    return directory.retryUntilLoaded(() => {
      const channels = directory.requireChannels(rows.map(({ channelId }) => channelId))
      const byId = new Map(channels.map((channel) => [channel.id, channel]))
      return rows.flatMap((room) => {
        const channel = byId.get(room.channelId)
        if (!channel || isKeptOutChannel(room, channel)) return []
        return policy.hasScope(actor, channel, 'read') ? room.roomId : []
      })
    })
  }

  /** Joins a room; nothing happens to who is in it. @throws m_forbidden, channel_archived, quota_exceeded */
  join(actor: Person, roomId: string, extra: MemberExtra): Promise<void> {
    return this.acts.in(actor, roomId, [], (act) => this.joinIn(act, act.actor.account, act.self, extra))
  }

  /**
   * Leaves a room, rejects an invite or withdraws a knock. A user who has left already stays as it is.
   * @throws last_admin, dm_membership_fixed
   */
  leave(actor: Person, roomId: string, extra: MemberExtra): Promise<void> {
    const leaving = async (act: RoomAct) => {
      const { room, self, actor: now } = act
      const membership = room.membershipOf(self.userId)
      if (membership === 'leave') {
        if (!room.event('m.room.member', self.userId)) throw notInRoom()
        return
      }
      await this.removeIn(act, now.account, self.userId, 'leave', extra)
    }
    return this.acts.in(actor, roomId, [], leaving, { suspendedToo: true })
  }

  /** No room that one has forgotten is listed any more. @throws m_unknown if the actor is in it */
  forget(actor: Person, roomId: string): Promise<void> {
    const forgetting = async ({ tx, room, self, channel }: RoomAct) => {
      const member = await tx.matrix().member(self.userId, channel.id)
      if (!member) throw notInRoom()
      const membership = room.membershipOf(self.userId)
      if (membership !== 'leave' && membership !== 'ban')
        throw matrixRefusal('M_UNKNOWN', 'Leave the room before you forget it')
      await tx.matrix().forgetRoom(self.userId, channel.id)
    }
    return this.acts.in(actor, roomId, [], forgetting, { archivedToo: true, suspendedToo: true })
  }

  /** @throws m_forbidden, m_not_found for an unknown user */
  invite(actor: Person, roomId: string, userId: string, extra: MemberExtra): Promise<void> {
    return this.about(actor, roomId, userId, (act, account) => this.inviteIn(act, account, userId, extra))
  }

  /** Removes a user who is in the room, is invited or knocks. @throws m_forbidden */
  kick(actor: Person, roomId: string, userId: string, extra: MemberExtra): Promise<void> {
    const kicking = async (act: RoomAct, account: Account) => {
      const membership = act.room.membershipOf(userId)
      if (membership === 'leave' || membership === 'ban')
        throw matrixRefusal('M_FORBIDDEN', 'The user is not in the room')
      await this.removeIn(act, account, userId, 'leave', extra)
    }
    return this.about(actor, roomId, userId, kicking, { mustBeIn: true })
  }

  /** @throws m_forbidden */
  ban(actor: Person, roomId: string, userId: string, extra: MemberExtra): Promise<void> {
    return this.about(actor, roomId, userId, (act, account) =>
      this.removeIn(act, account, userId, 'ban', extra),
    )
  }

  /** @throws m_forbidden */
  unban(actor: Person, roomId: string, userId: string, extra: MemberExtra): Promise<void> {
    const unbanning = async (act: RoomAct) => {
      if (act.room.membershipOf(userId) !== 'ban')
        throw matrixRefusal('M_FORBIDDEN', 'The user is not banned')
      await this.addMember(act, userId, { ...extra, membership: 'leave' })
    }
    return this.about(actor, roomId, userId, unbanning, { mustBeIn: true })
  }

  /** Asks to be invited. @throws m_forbidden */
  knock(actor: Person, roomId: string, extra: MemberExtra): Promise<void> {
    return this.acts.in(actor, roomId, [], async (act) => {
      this.requireScope(act)
      const { membership: _, ...shown } = memberContent('join', act.self)
      await this.addMember(act, act.self.userId, { ...extra, ...shown, membership: 'knock' })
    })
  }

  /** Sets a membership as `PUT …/state/m.room.member/{userId}` does. @throws as the act that it stands for */
  async set(actor: Person, roomId: string, userId: string, content: JsonObject): Promise<void> {
    const { membership, displayname: _, avatar_url: __, ...extra } = content
    const own = await this.parts.users.idOf(actor.account)
    if (userId === own) {
      if (membership === 'join') return this.join(actor, roomId, extra)
      if (membership === 'leave') return this.leave(actor, roomId, extra)
      if (membership === 'knock') return this.knock(actor, roomId, extra)
    } else {
      if (membership === 'invite') return this.invite(actor, roomId, userId, extra)
      if (membership === 'ban') return this.ban(actor, roomId, userId, extra)
      if (membership === 'leave') {
        const now = await this.parts.core.reads.matrix().room({ roomId })
        const member = now && (await this.parts.core.reads.matrix().member(userId, now.channelId))
        return member?.membership === 'ban'
          ? this.unban(actor, roomId, userId, extra)
          : this.kick(actor, roomId, userId, extra)
      }
    }
    throw matrixRefusal('M_FORBIDDEN', 'You cannot give this user this membership')
  }

  /** Invites a user within the act of another verb; an agent accepts at once. */
  async inviteIn(act: RoomAct, account: Account, userId: string, extra: MemberExtra): Promise<void> {
    const { room, people, tx } = act
    this.requireScope(act)
    if (act.channel.kind === 'dm') throw refusal('dm_membership_fixed')
    if (account.archivedAt !== null)
      throw matrixRefusal('M_FORBIDDEN', 'The account of this user is archived')
    const membership = room.membershipOf(userId)
    if (membership === 'join') throw matrixRefusal('M_FORBIDDEN', 'The user is in the room already')
    const target = (await people.shown(tx, [account])).get(account.id)
    if (!target) throw new Error('an account has a user')
    await this.addMember(act, userId, memberContent('invite', target, extra))
    if (account.kind === 'agent' && this.parts.core.settings.get('matrix.agents_autojoin'))
      await this.joinIn({ ...act, self: target }, account, target, {})
  }

  /** Lets a user join within an act. */
  private async joinIn(act: RoomAct, account: Account, user: Shown, extra: MemberExtra): Promise<void> {
    const { tx, room, actor, channel } = act
    if (room.membershipOf(user.userId) === 'join') return
    if (account.id === actor.account.id) this.requireScope(act)
    const authorising = await this.authorising(act, user.userId)
    const content = memberContent('join', user, {
      ...extra,
      ...(authorising === undefined ? {} : { join_authorised_via_users_server: authorising }),
    })
    const row = tx.nextSeq()
    this.add(act, row, user.userId, user.userId, content)
    // Over Matrix the rules of the room decide who may join, so that v1 adds what they have let in.
    await this.parts.core.memberships.insert(tx, actor, account, channel, room.levels().roleOf(user.userId))
  }

  /** Ends a membership, by the member itself or by another user. */
  private async removeIn(
    act: RoomAct,
    account: Account,
    userId: string,
    membership: 'leave' | 'ban',
    extra: MemberExtra,
  ): Promise<void> {
    const { tx, room, channel, actor } = act
    if (channel.kind === 'dm') throw refusal('dm_membership_fixed')
    this.requireScope(act)
    const content = { ...extra, membership }
    if (room.membershipOf(userId) !== 'join') return this.addMember(act, userId, content)
    const role = room.levels().roleOf(userId)
    this.add(act, tx.nextSeq(), act.self.userId, userId, content)
    const { core } = this.parts
    if (room.row.born === 'channel') await core.within(tx).members.removeIn(tx, actor, account, channel, role)
    else await core.memberships.delete(tx, actor, account, channel)
  }

  /**
   * Returns a member of this server whose power lets the user join, where the rule of the room is membership of another
   * room in which the user is; undefined where no such name is needed, or none can be found.
   */
  private async authorising(
    { tx, room, channel, rooms }: RoomAct,
    userId: string,
  ): Promise<string | undefined> {
    const rule = joinRuleOf(room)
    const isRestricted = rule === 'restricted' || rule === 'knock_restricted'
    if (!isRestricted || room.membershipOf(userId) === 'invite') return undefined
    if (!(await this.isInOneOf(tx, room.content('m.room.join_rules')?.['allow'], userId))) return undefined
    const users = room.content('m.room.power_levels')?.['users']
    const known = isObject(users) ? Object.keys(users) : []
    const creator = room.event('m.room.create', '')?.pdu.sender
    const candidates = [...new Set([...(creator ? [creator] : []), ...known])]
    await rooms.load(tx.matrix(), new Map([[channel.id, room]]), new Map([[channel.id, candidates]]))
    const levels = room.levels()
    return candidates.find(
      (id) =>
        id.endsWith(`:${this.parts.serverName}`) &&
        room.membershipOf(id) === 'join' &&
        levels.of(id) >= levels.needed('invite'),
    )
  }

  private async isInOneOf(tx: Writes, allow: unknown, userId: string): Promise<boolean> {
    for (const entry of Array.isArray(allow) ? allow : []) {
      if (!isObject(entry) || entry['type'] !== 'm.room_membership') continue
      const roomId = entry['room_id']
      const other = isRoomId(roomId) ? await tx.matrix().room({ roomId }) : undefined
      const member = other && (await tx.matrix().member(userId, other.channelId))
      if (member?.membership === 'join') return true
    }
    return false
  }

  private about(
    actor: Person,
    roomId: string,
    userId: string,
    work: (act: RoomAct, account: Account) => Promise<void>,
    { mustBeIn = false } = {},
  ): Promise<void> {
    return this.acts.in(actor, roomId, [userId], async (act) => {
      if (act.room.membershipOf(act.self.userId) !== 'join') throw notInRoom()
      // Nobody is in the room under an id that does not exist.
      const isAbsent = parseUserId(userId) && !(await this.parts.users.find(userId, act.tx))
      if (isAbsent && mustBeIn) throw matrixRefusal('M_FORBIDDEN', 'The user is not in the room')
      return work(act, await namedAccount(this.parts.users, act.tx, userId))
    })
  }

  /** Every act over Matrix needs what a post needs of a token. @throws missing_scope */
  private requireScope({ actor, channel }: RoomAct): void {
    this.parts.policy.requireScope(actor, channel, 'post')
  }

  /** Adds a member event that changes no membership of v1, such as an invite. */
  private async addMember(act: RoomAct, userId: string, content: JsonObject): Promise<void> {
    const { tx, channel, actor, self } = act
    this.add(act, tx.nextSeq(), self.userId, userId, content)
    await tx.append(channelEvent('matrix.event', channel, { type: 'm.room.member' }), actor.account)
  }

  private add(
    { batch, room, tx }: RoomAct,
    row: Seq,
    sender: string,
    stateKey: string,
    content: JsonObject,
  ): void {
    batch.add(room, row, { type: 'm.room.member', stateKey, content, sender, ts: millisecondsOf(tx) })
  }
}

/** Returns the account of a whole user id. @throws m_invalid_param, m_not_found */
export async function namedAccount(users: Users, reads: Reads, userId: string): Promise<Account> {
  if (!parseUserId(userId)) throw matrixRefusal('M_INVALID_PARAM', 'A user id is written @name:server')
  const account = await users.find(userId, reads)
  if (!account) throw matrixRefusal('M_NOT_FOUND', `There is no user ${userId} here`)
  return account
}
