import { entryBy } from '../../governance/audit'
import { quotaExceeded } from '../../identity/accounts'
import { isAdmin, type Person } from '../../identity/actor'
import type { Account, Channel } from '../../kernel/entities'
import { refusal } from '../../kernel/errors'
import type { Seq } from '../../kernel/ids'
import type { Writes } from '../../kernel/ports'
import { channelEvent, memberEvent } from '../../log/events'
import { matrixRefusal } from '../errors'
import type { RoomDraft } from '../event-batch'
import { EVENTS_PER_ROW } from '../event-ports'
import { makeEvent, roomIdOfCreate } from '../events'
import { parseAlias, roomIdOfChannel, slugOfRoom } from '../ids'
import type { MatrixParts } from '../parts'
import { memberContent } from '../projector/room-of-channel'
import { type NewState, plannedState, type RoomRequest, type RoomTerms, roomTypeOf } from '../room-plan'
import type { Users } from '../users'
import { roomVersion } from '../versions'
import { applyProperties } from './channel-properties'
import { namedAccount, type RoomMemberships } from './membership'
import { millisecondsOf, type RoomAct, type RoomActs } from './room-acts'

/** A request to make a room. */
export interface NewRoom extends RoomRequest {
  /** Absent: as the setting says. */
  readonly version?: string
  /** The localpart of its alias. */
  readonly aliasLocalpart?: string
}

/** What `initial_state` cannot set: no room is encrypted here. */
const DROPPED: ReadonlySet<string> = new Set(['m.room.encryption'])

/** Makes rooms over Matrix. */
export class Creations {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'serverName' | 'secrets' | 'sha256'> & {
      readonly users: Users
    },
    private readonly acts: RoomActs,
    private readonly memberships: RoomMemberships,
  ) {}

  /**
   * Makes a room with its channel, and returns its id.
   * @throws m_forbidden, m_unsupported_room_version, m_room_in_use, m_invalid_room_state, m_not_found for an unknown
   *   invitee, quota_exceeded
   */
  create(actor: Person, request: NewRoom): Promise<string> {
    const { settings } = this.parts.core
    const version = roomVersion(request.version ?? settings.get('matrix.room_version'))
    if (!version)
      throw matrixRefusal('M_UNSUPPORTED_ROOM_VERSION', 'This server does not know that room version')
    return this.acts.run(actor, async (act, now, self) => {
      if (settings.get('matrix.create_rooms') === 'admins' && !isAdmin(now, settings))
        throw matrixRefusal('M_FORBIDDEN', 'Only administrators make rooms here (matrix.create_rooms)')
      const limit = settings.get('matrix.rooms_max')
      if ((await act.tx.matrix().countRooms('matrix')) >= limit)
        throw quotaExceeded('matrix.rooms_max', limit)
      const alias = await this.freeAlias(act.tx, request.aliasLocalpart)
      const { serverName } = this.parts
      const invited = await this.invited(act.tx, request.invite)
      const { membership: _, ...profile } = memberContent('join', self)
      const initialState = request.initialState.filter(({ type }) => !DROPPED.has(type))
      const terms: RoomTerms = { version, creator: self.userId, alias, profile }
      const planned = plannedState({ ...request, initialState }, terms)
      const channel = await this.insertChannel(act.tx, request, planned, terms)
      const created = act.tx.nextSeq()
      await act.tx.append(channelEvent('channel.created', channel), now.account)
      const room = act.rooms.begin({
        channelId: channel.id,
        roomId: version.roomIdIsHash ? '' : roomIdOfChannel(channel.uuid, serverName),
        version: version.id,
        born: 'matrix',
        federate: planned[0]?.content['m.federate'] !== false,
        published: request.visibility === 'public',
      })
      const inRoom: RoomAct = { ...act, actor: now, self, room, channel }
      await this.addState(inRoom, created, planned)
      await act.tx.audit(
        entryBy(
          actor,
          'channel.create',
          { type: 'channel', id: channel.uuid },
          { slug: channel.slug, kind: channel.kind },
        ),
      )
      if (alias !== null)
        await act.tx.matrix().insertAlias({ alias, channelId: channel.id, creatorId: now.account.id })
      const direct = request.isDirect ? { is_direct: true } : {}
      for (const { account, userId } of invited)
        await this.memberships.inviteIn(inRoom, account, userId, direct)
      await applyProperties(act, now, channel, room)
      return room.row.roomId
    })
  }

  private async insertChannel(
    tx: Writes,
    request: NewRoom,
    planned: readonly NewState[],
    { version, creator, alias }: RoomTerms,
  ): Promise<Channel> {
    const { secrets, serverName, sha256 } = this.parts
    const uuid = secrets.uuid()
    const [create] = planned
    if (!create) throw new Error('a room begins with its create event')
    const roomId = version.roomIdIsHash
      ? roomIdOfCreate(makeEvent(version, firstEvent(create, creator, millisecondsOf(tx)), sha256).eventId)
      : roomIdOfChannel(uuid, serverName)
    const taken = new Set<string>()
    const aliasLocalpart = parseAlias(alias)?.localpart
    if (aliasLocalpart !== undefined && (await tx.channel({ slug: aliasLocalpart.toLowerCase() })))
      taken.add(aliasLocalpart.toLowerCase())
    const slug = slugOfRoom({ roomId, aliasLocalpart }, (one) => !taken.has(one), secrets)
    if (await tx.channel({ slug })) throw refusal('slug_exists')
    return tx.insertChannel({
      slug,
      name: slug,
      description: null,
      kind: 'private',
      uuid,
      direct: request.isDirect && request.invite.length === 1,
      hidden: roomTypeOf(create.content) !== null,
    })
  }

  /** The create event belongs to the row of the channel, what follows to that of the creator's membership. */
  private async addState(act: RoomAct, created: Seq, planned: readonly NewState[]): Promise<void> {
    const { tx, batch, room, channel, actor, self } = act
    const ts = millisecondsOf(tx)
    const draft = ({ type, stateKey, content }: NewState): RoomDraft => ({
      ...{ type, stateKey, content, sender: self.userId, ts },
    })
    const [create, join, ...others] = planned
    if (!create || !join) throw new Error('a room begins with its creator')
    batch.add(room, created, draft(create))
    let row = tx.nextSeq()
    batch.add(room, row, draft(join))
    const joined = await tx.append(
      memberEvent('member.joined', channel, actor.account, { role: 'admin' }),
      actor.account,
    )
    await tx.insertMembership(actor.account.id, channel.id, 'admin', joined)
    for (const state of others) {
      if (batch.ofRow(row).length === EVENTS_PER_ROW) {
        row = tx.nextSeq()
        await tx.append(channelEvent('matrix.event', channel, { type: state.type }), actor.account)
      }
      const added = batch.offer(room, row, draft(state))
      if ('because' in added) throw matrixRefusal('M_INVALID_ROOM_STATE', `${state.type}: ${added.because}`)
    }
  }

  /** @throws m_invalid_param for no legal alias, m_room_in_use */
  private async freeAlias(tx: Writes, localpart: string | undefined): Promise<string | null> {
    if (localpart === undefined) return null
    const alias = `#${localpart}:${this.parts.serverName}`
    if (localpart === '' || localpart.includes(':') || /\s/.test(localpart) || !parseAlias(alias))
      throw matrixRefusal('M_INVALID_PARAM', 'room_alias_name is no localpart of an alias')
    const isSlug = await tx.channel({ slug: localpart.toLowerCase() })
    if ((await tx.matrix().alias(alias)) || (isSlug && `#${isSlug.slug}` === `#${localpart}`))
      throw matrixRefusal('M_ROOM_IN_USE', 'This alias is taken')
    return alias
  }

  private async invited(
    tx: Writes,
    userIds: readonly string[],
  ): Promise<{ account: Account; userId: string }[]> {
    const found: { account: Account; userId: string }[] = []
    for (const userId of userIds) {
      found.push({ account: await namedAccount(this.parts.users, tx, userId), userId })
    }
    return found
  }
}

function firstEvent({ type, stateKey, content }: NewState, sender: string, ts: number) {
  return {
    ...{ type, stateKey, content, sender, roomId: null, originServerTs: ts },
    ...{ depth: 1, prevEvents: [], authEvents: [] },
  }
}
