import type { Policy } from '../../access/policy'
import type { Person } from '../../identity/actor'
import { AppError } from '../../kernel/errors'
import type { JsonObject } from '../canonical'
import { isObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { parsedRoomEvent } from '../events'
import { parseUserId, roomIdOfChannel } from '../ids'
import type { OpenRoom } from '../open-room'
import type { MatrixParts } from '../parts'
import { creatorsOf } from '../power'
import { memberContent } from '../projector/room-of-channel'
import type { PushRules } from '../push/push-rules'
import { notInRoom } from '../refusals'
import type { NewState } from '../room-plan'
import { upgradedPowerLevels } from '../upgraded-power'
import { type RoomVersion, roomVersion } from '../versions'
import { applyProperties } from './channel-properties'
import type { Beginning, NewRooms } from './new-rooms'
import { addAlone, type RoomAct, type RoomActs } from './room-acts'
import type { States } from './states'

const TOMBSTONE = 'm.room.tombstone'
const POWER = 'm.room.power_levels'
const ALIAS = 'm.room.canonical_alias'
const CHILD = 'm.space.child'

/** The state that a new room takes over. Its power levels come last, because until then its creator may set everything. */
const COPIED = [
  'm.room.join_rules',
  'm.room.history_visibility',
  'm.room.guest_access',
  'm.room.encryption',
  'm.room.name',
  'm.room.topic',
  'm.room.avatar',
  'm.room.server_acl',
] as const

/** The least level that writing in a replaced room needs. */
const CLOSED = 50
/** Members read together. */
const PAGE = 500

export interface Upgrade {
  readonly version: string
  /** Users who are above every level too, where the version has such. */
  readonly additionalCreators: readonly string[]
}

interface UpgradeParts extends Pick<MatrixParts, 'serverName' | 'secrets'> {
  readonly policy: Policy
  readonly pushRules: Pick<PushRules, 'copyRoomRules'>
}

/** Replaces rooms by rooms of another version. Everything happens in one transaction, or nothing. */
export class Upgrades {
  constructor(
    private readonly parts: UpgradeParts,
    private readonly acts: RoomActs,
    private readonly newRooms: NewRooms,
    private readonly states: Pick<States, 'addIn' | 'applyRoles'>,
  ) {}

  /**
   * Makes a room that replaces another one and returns its id. Members are not moved: their clients follow the tombstone.
   * @throws m_unsupported_room_version, m_invalid_param; m_forbidden without the power to replace the room, and for the
   *   room of a channel
   */
  upgrade(actor: Person, roomId: string, { version: id, additionalCreators }: Upgrade): Promise<string> {
    const version = roomVersion(id)
    if (!version)
      throw matrixRefusal('M_UNSUPPORTED_ROOM_VERSION', 'This server does not know that room version')
    if (!additionalCreators.every((userId) => parseUserId(userId)))
      throw matrixRefusal('M_INVALID_PARAM', 'additional_creators is no list of user ids')
    return this.acts.in(actor, roomId, [], async (act) => {
      const { room, self } = act
      if (room.membershipOf(self.userId) !== 'join') throw notInRoom()
      this.parts.policy.requireScope(act.actor, act.channel, 'post')
      if (room.row.born === 'channel')
        throw matrixRefusal('M_FORBIDDEN', 'The room of a channel is not replaced: a slug keeps its room')
      const levels = room.levels()
      if (levels.of(self.userId) < levels.neededFor(TOMBSTONE, true))
        throw matrixRefusal('M_FORBIDDEN', 'You have not the power to replace this room')
      await this.newRooms.requireAllowed(act.tx, act.actor)
      return this.replace(act, version, additionalCreators)
    })
  }

  private async replace(act: RoomAct, version: RoomVersion, further: readonly string[]): Promise<string> {
    const { tx, room, channel } = act
    const { secrets, serverName } = this.parts
    const uuid = secrets.uuid()
    const creators = version.creatorsAboveLevels ? [...new Set([act.self.userId, ...further])] : []
    const transferred = await this.transferred(act, version, creators)
    // The id of a room may follow from its create event: then that cannot name the tombstone, which names the room.
    const tombstone = version.roomIdIsHash
      ? undefined
      : await this.bury(act, roomIdOfChannel(uuid, serverName))
    const predecessor = {
      ...(tombstone === undefined ? {} : { event_id: tombstone }),
      room_id: room.row.roomId,
    }
    const planned = [createState(act, version, creators, { predecessor }), joinState(act), ...transferred]
    const beginning: Beginning = {
      ...{ version, planned, uuid, alias: null },
      isDirect: false,
      published: room.row.published,
      facts: { replaces: channel.uuid },
    }
    const next = await this.newRooms.begin(act, act.actor, act.self, beginning)
    const nextId = next.room.row.roomId
    if (tombstone === undefined) await this.bury(act, nextId)
    await tx.matrix().moveAliases(channel.id, next.channel.id)
    await applyProperties(next, act.actor, next.channel, next.room)
    await this.states.applyRoles(next)
    await this.close(act)
    await this.copyUserData(act, next)
    return nextId
  }

  /** Says in the old room which one replaces it. */
  private async bury(act: RoomAct, replacement: string): Promise<string> {
    const content = { body: 'This room has been replaced', replacement_room: replacement }
    return (await addAlone(act, { type: TOMBSTONE, stateKey: '', content })).eventId
  }

  /** The state that the new room begins with, after its creator has joined. */
  private async transferred(
    act: RoomAct,
    version: RoomVersion,
    creators: readonly string[],
  ): Promise<NewState[]> {
    const { room, self } = act
    const copied = [...COPIED, ALIAS].flatMap((type) => {
      const content = room.content(type)
      return content ? [state(type, content)] : []
    })
    const content = upgradedPowerLevels(
      { version: room.version, content: room.content(POWER), creators: creatorsIn(room) },
      { version, creator: self.userId, creators },
    )
    return [
      ...copied,
      ...(await this.children(act)),
      ...(await this.bans(act)).filter(({ stateKey }) => !creators.includes(stateKey)),
      state(POWER, content),
    ]
  }

  /** The rooms of a space. */
  private async children({ tx, channel }: RoomAct): Promise<NewState[]> {
    const events = await tx.matrix().stateNow(channel.id, { types: [CHILD] })
    return events.flatMap((event) => {
      const { content } = parsedRoomEvent(event).pdu
      return Object.keys(content).length === 0 ? [] : [state(CHILD, content, event.stateKey ?? '')]
    })
  }

  private async bans({ tx, channel }: RoomAct): Promise<NewState[]> {
    const found: NewState[] = []
    for (let after = ''; ; ) {
      const page = await tx.matrix().membersOf(channel.id, { memberships: ['ban'], after, limit: PAGE })
      const keys = page.map(({ userId }) => ({ channelId: channel.id, userId }))
      for (const event of await tx.matrix().memberEvents(keys))
        found.push(state('m.room.member', parsedRoomEvent(event).pdu.content, event.stateKey ?? ''))
      after = page.at(-1)?.userId ?? ''
      if (page.length < PAGE) return found
    }
  }

  /** Takes the old room out of the directory, and lets hardly anybody write in it. What the actor may not do is left. */
  private async close(act: RoomAct): Promise<void> {
    const { room, batch, channel, actor } = act
    const may = (type: string) => {
      const levels = room.levels()
      return levels.of(act.self.userId) >= levels.neededFor(type, true)
    }
    if (room.content(ALIAS) && may(ALIAS))
      await this.states.addIn(act, { type: ALIAS, stateKey: '', content: {} })
    if (room.row.published) {
      room.row = { ...room.row, published: false }
      batch.touch(room)
      await applyProperties(act, actor, channel, room)
    }
    const power = room.content(POWER)
    if (!power || !may(POWER)) return
    const own = room.levels().of(act.self.userId)
    const usersDefault = room.levels().of('')
    const closed = Math.max(CLOSED, usersDefault + 1)
    // Nobody sets a level above its own.
    if (closed > own) return
    const content = { ...power, events_default: closed, invite: closed }
    await this.states.addIn(act, { type: POWER, stateKey: '', content })
  }

  /** Tags, push rules and `m.direct` of the members say of the new room what they say of the old one. */
  private async copyUserData(act: RoomAct, next: RoomAct): Promise<void> {
    const { tx, channel, room } = act
    const matrix = tx.matrix()
    const rooms = { from: room.row.roomId, to: next.room.row.roomId }
    for (const { accountId, type, json } of await matrix.dataOfMembers(channel.id)) {
      if (type === 'm.push_rules') await this.copyRules(act, accountId, rooms)
      const content = type === 'm.direct' ? withDirectRoom(json, rooms) : json
      if (type === 'm.push_rules' || content === undefined) continue
      const mx = await matrix.nextMx(`a${accountId}`)
      const channelId = type === 'm.direct' ? 0 : next.channel.id
      await matrix.setAccountDatum({ accountId, channelId, type, json: content, mx })
    }
  }

  /** A user whose rules are full keeps them as they are. */
  private async copyRules(
    { tx }: RoomAct,
    accountId: number,
    rooms: { readonly from: string; readonly to: string },
  ): Promise<void> {
    try {
      await this.parts.pushRules.copyRoomRules(tx.matrix(), accountId, rooms)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
    }
  }
}

function state(type: string, content: JsonObject, stateKey = ''): NewState {
  return { type, stateKey, content }
}

/** The create event: type and federation are those of the old room. */
function createState(
  { room, self }: RoomAct,
  version: RoomVersion,
  creators: readonly string[],
  further: JsonObject,
): NewState {
  const { type, 'm.federate': federate } = room.content('m.room.create') ?? {}
  const others = creators.filter((userId) => userId !== self.userId)
  return state('m.room.create', {
    ...(type === undefined ? {} : { type }),
    ...(federate === undefined ? {} : { 'm.federate': federate }),
    ...further,
    ...(version.creatorInContent ? { creator: self.userId } : {}),
    ...(others.length > 0 ? { additional_creators: others } : {}),
    room_version: version.id,
  })
}

function joinState({ self }: RoomAct): NewState {
  return state('m.room.member', memberContent('join', self), self.userId)
}

function creatorsIn(room: OpenRoom): string[] {
  const create = room.event('m.room.create', '')?.pdu
  const creators = create ? creatorsOf(room.version, create.sender, create.content) : []
  return creators.filter((userId) => typeof userId === 'string')
}

/** Returns `m.direct` in which the new room stands beside the old one; undefined if the old one does not. */
function withDirectRoom(
  json: string,
  rooms: { readonly from: string; readonly to: string },
): string | undefined {
  const content: unknown = JSON.parse(json)
  if (!isObject(content)) return undefined
  const changed = Object.entries(content).map(([userId, ids]): [string, unknown] => {
    const isIn = Array.isArray(ids) && ids.includes(rooms.from) && !ids.includes(rooms.to)
    return [userId, isIn ? [...ids, rooms.to] : ids]
  })
  const text = JSON.stringify(Object.fromEntries(changed))
  return text === JSON.stringify(content) ? undefined : text
}
