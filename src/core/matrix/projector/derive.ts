import type { Role } from '../../kernel/entities'
import type { EventRecord } from '../../log/events'
import { isKeptOut, KEPT_OUT } from '../kept-out'
import type { OpenRoom } from '../open-room'
import { archivedPowerLevels } from '../power'
import type { Derivation } from './derivation'
import { deleted, edited, posted, reacted, reactionRemoved } from './messages'
import { changedProperties, memberContent, withUsersOf } from './room-of-channel'
import { forgottenUpTo, renewedAccount, renewedAfter } from './rows'

/** Derives the events of a row of the log, and adds them to the batch. */
export async function derive(d: Derivation, record: EventRecord): Promise<void> {
  switch (record.type) {
    case 'message.created':
      return posted(d, record)
    case 'message.edited':
      return edited(d, record)
    case 'message.deleted':
      return deleted(d, record)
    case 'reaction.added':
      return reacted(d, record)
    case 'reaction.removed':
      return reactionRemoved(d, record)
    case 'member.joined':
      return joined(d, record)
    case 'member.left':
      return left(d, record)
    case 'member.role':
      return roleChanged(d, record)
    case 'channel.created':
      await d.roomOf(record)
      return
    case 'channel.updated':
      return updated(d, record)
    case 'channel.archived':
      return archived(d, record, true)
    case 'channel.unarchived':
      return archived(d, record, false)
    case 'channel.purged':
      return d.purge(record)
    case 'account.updated':
    case 'account.archived':
    case 'account.unarchived':
    case 'account.erased':
      return accountChanged(d, record)
    case 'matrix.event':
      return renewed(d, record)
    // An account that was created has its user by now.
  }
}

async function joined(d: Derivation, record: EventRecord): Promise<void> {
  const user = d.user(record.subject)
  const room = user && (await d.roomOf(record))
  if (!room) return
  const actor = d.user(record.actorId)
  const isOwn = record.actorId === record.subject
  if (!d.join(room, record, user, [actor?.userId, d.system.userId], isOwn)) return
  const role = record.facts?.['role']
  if (!isRole(role) || d.rows.channels.get(room.row.channelId)?.kind === 'dm') return
  // Rooms made over Matrix have users with levels between those of the roles.
  if (room.row.born === 'channel' || room.levels().roleOf(user.userId) !== role)
    d.setRole(room, record, user.userId, role)
}

/** A leave by the member itself, or else a removal by the actor, or by the server. */
async function left(d: Derivation, record: EventRecord): Promise<void> {
  const user = d.user(record.subject)
  const room = user && (await d.roomOf(record))
  if (!room || !isIn(room.membershipOf(user.userId))) return
  const actor = d.user(record.actorId)
  const isOwn = record.actorId === record.subject
  // Only the rules of a room made over Matrix can refuse a removal.
  const last = isOwn || room.row.born === 'channel' ? [user.userId] : []
  const senders = [actor?.userId, d.system.userId, ...last]
  d.offerAs(room, record, senders, {
    ...{ type: 'm.room.member', stateKey: user.userId, content: { membership: 'leave' } },
  })
}

async function roleChanged(d: Derivation, record: EventRecord): Promise<void> {
  const user = d.user(record.subject)
  const room = user && (await d.roomOf(record))
  const role = record.facts?.['role']
  if (room && isRole(role)) d.setRole(room, record, user.userId, role)
}

async function updated(d: Derivation, record: EventRecord): Promise<void> {
  const left = d.roomToLeave(record)
  const room = left ?? (await d.roomOf(record))
  const channel = room && d.rows.channels.get(room.row.channelId)
  if (!channel) return
  const named = record.facts?.['changed']
  const changed = new Set<unknown>(Array.isArray(named) ? named : [])
  const isMirror = room.row.born === 'channel'
  const senders = [d.user(record.actorId)?.userId, d.system.userId]
  // The state of a room made over Matrix says more than the channel: only what was changed follows it.
  for (const { type, content, property } of changedProperties(channel, room))
    if (isMirror || changed.has(property)) d.offerAs(room, record, senders, { type, content, stateKey: '' })
  // Where nothing was left out meanwhile, the state of the room alone says that it was kept out.
  const comesBack = d.isReturning(channel.id) || (!left && isKeptOut(room.event(KEPT_OUT, '')))
  if (left || comesBack) await markKeptOut(d, room, record, senders)
  if (!isMirror && !changed.has('kind')) return
  const published = channel.kind === 'public' && !left
  if (published === room.row.published) return
  room.row = { ...room.row, published }
  d.batch.touch(room)
}

/** Says in the room that its channel is kept out of Matrix from now on, or not any more. */
async function markKeptOut(
  d: Derivation,
  room: OpenRoom,
  record: EventRecord,
  senders: readonly (string | undefined)[],
): Promise<void> {
  // Who made a direct channel has the power in it.
  const creator = room.event('m.room.create', '')?.pdu.sender
  if (creator !== undefined) await d.loadMembers(room, [creator])
  const content = { kept_out: d.rows.channels.get(room.row.channelId)?.settings.matrix === false }
  d.offerAs(room, record, [...senders, creator], { type: KEPT_OUT, stateKey: '', content })
  // Readers begin with the room anew.
  d.batch.rewrites(room.row.channelId)
}

/** An archived channel has power levels that nobody but the server has; afterwards it has its former ones again. */
async function archived(d: Derivation, record: EventRecord, isArchived: boolean): Promise<void> {
  const room = await d.roomOf(record)
  const now = room?.event('m.room.power_levels', '')
  if (!room || !now) return
  const isMirror = room.row.born === 'channel'
  const content = isArchived
    ? archivedPowerLevels(now.pdu.content, isMirror)
    : await d.levelsBefore(room, now)
  if (!content) return
  const senders = isMirror ? [d.system.userId] : [d.user(record.actorId)?.userId]
  d.offerAs(room, record, senders, {
    ...{ type: 'm.room.power_levels', stateKey: '' },
    content: withUsersOf(content, now.pdu.content),
  })
}

/** Fields of an account that its member events show. */
const SHOWN = ['display_name', 'avatar_url']

/** Each room of the account gets a row of its own, which is derived when it is reached. */
async function accountChanged(d: Derivation, record: EventRecord): Promise<void> {
  const { type, facts, subject } = record
  const changed = facts?.['changed']
  const isShown = Array.isArray(changed) && SHOWN.some((field) => changed.includes(field))
  if (type === 'account.updated' && !isShown) return
  if (type === 'account.erased') await d.forgetUser(subject)
  const userId = d.userId(subject)
  if (userId !== undefined) await d.renewRooms(userId, subject)
}

/** Brings the member event of an account into line with the account as it is now. */
async function renewed(d: Derivation, record: EventRecord): Promise<void> {
  const accountId = renewedAccount(record)
  const account = accountId === undefined ? undefined : d.rows.accounts.get(accountId)
  const user = account && d.user(account.id)
  const after = renewedAfter(record)
  if (user && after !== undefined) await d.renewRooms(user.userId, account.id, after)
  const room = user && (await d.roomOf(record))
  if (!room) return
  const { userId } = user
  const isMember = room.membershipOf(userId) === 'join'
  if (account.archivedAt !== null) {
    if (isIn(room.membershipOf(userId)))
      d.offerAs(room, record, [d.system.userId, userId], {
        ...{ type: 'm.room.member', stateKey: userId, content: { membership: 'leave' } },
      })
    if (account.erasedAt !== null)
      await d.forgetEvents(room, record, userId, account.id, forgottenUpTo(record))
  } else if (!isMember) await d.rejoin(room, record, user, account.id)
  else {
    const now = room.content('m.room.member', userId)
    const content = memberContent('join', user)
    if (now?.['displayname'] === content['displayname'] && now?.['avatar_url'] === content['avatar_url'])
      return
    d.offerAs(room, record, [userId], { type: 'm.room.member', stateKey: userId, content })
  }
}

const isIn = (membership: string) =>
  membership === 'join' || membership === 'invite' || membership === 'knock'

function isRole(value: unknown): value is Role {
  return value === 'admin' || value === 'member' || value === 'read_only'
}
