import { entryBy } from '../../governance/audit'
import { quotaExceeded } from '../../identity/accounts'
import { isAdmin, type Person } from '../../identity/actor'
import type { Channel } from '../../kernel/entities'
import { refusal } from '../../kernel/errors'
import type { Seq, Uuid } from '../../kernel/ids'
import type { Writes } from '../../kernel/ports'
import { channelEvent, memberEvent } from '../../log/events'
import { requirePostScope } from '../../messages/attachments'
import { matrixRefusal } from '../errors'
import type { RoomDraft } from '../event-batch'
import { EVENTS_PER_ROW } from '../event-ports'
import { makeEvent, roomIdOfCreate } from '../events'
import { parseAlias, roomIdOfChannel, slugOfRoom } from '../ids'
import type { MatrixParts } from '../parts'
import type { MatrixAct } from '../projector/projector'
import type { Shown } from '../projector/room-of-channel'
import { type NewState, roomTypeOf } from '../room-plan'
import type { RoomVersion } from '../versions'
import { millisecondsOf, type RoomAct } from './room-acts'

/** What a room begins with. */
export interface Beginning {
  readonly version: RoomVersion
  /** The state events in their order: first the create event and the creator's join. */
  readonly planned: readonly NewState[]
  /** The whole alias; null = none. */
  readonly alias: string | null
  /** The id of the channel; absent: a new one. */
  readonly uuid?: Uuid
  readonly isDirect: boolean
  readonly published: boolean
  /** Facts for the audit log. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** Makes rooms with their channels within acts. */
export class NewRooms {
  constructor(private readonly parts: Pick<MatrixParts, 'core' | 'serverName' | 'secrets' | 'sha256'>) {}

  /** @throws missing_scope for a token that posts nowhere; m_forbidden, quota_exceeded */
  async requireAllowed(tx: Writes, actor: Person): Promise<void> {
    requirePostScope(actor)
    const { settings } = this.parts.core
    if (settings.get('matrix.create_rooms') === 'admins' && !isAdmin(actor, settings))
      throw matrixRefusal('M_FORBIDDEN', 'Only administrators make rooms here (matrix.create_rooms)')
    const limit = settings.get('matrix.rooms_max')
    if ((await tx.matrix().countRooms('matrix')) >= limit) throw quotaExceeded('matrix.rooms_max', limit)
  }

  /** Makes a room. @throws m_invalid_room_state for state that the room does not allow */
  async begin(act: MatrixAct, actor: Person, self: Shown, beginning: Beginning): Promise<RoomAct> {
    const { tx } = act
    const { version, planned, alias, published, facts } = beginning
    const uuid = beginning.uuid ?? this.parts.secrets.uuid()
    const { roomId, ts } = await this.nameOf(tx, self.userId, uuid, beginning)
    const channel = await this.insertChannel(tx, roomId, uuid, beginning)
    const created = tx.nextSeq()
    await tx.append(channelEvent('channel.created', channel), actor.account)
    const room = act.rooms.begin({
      channelId: channel.id,
      roomId: version.roomIdIsHash ? '' : roomIdOfChannel(channel.uuid, this.parts.serverName),
      version: version.id,
      born: 'matrix',
      federate: planned[0]?.content['m.federate'] !== false,
      published,
    })
    const inRoom: RoomAct = { ...act, actor, self, room, channel }
    await this.addState(inRoom, created, beginning, ts)
    await tx.audit(
      entryBy(
        actor,
        'channel.create',
        { type: 'channel', id: channel.uuid },
        { slug: channel.slug, kind: channel.kind, ...facts },
      ),
    )
    if (alias !== null)
      await tx.matrix().insertAlias({ alias, channelId: channel.id, creatorId: actor.account.id })
    return inRoom
  }

  /**
   * Returns the id of a new room and the time of its events. Where the id is the hash of the create event, two rooms that
   * begin alike in one millisecond would have the same: then a later time is taken.
   */
  private async nameOf(
    tx: Writes,
    creator: string,
    uuid: Uuid,
    { version, planned: [create] }: Beginning,
  ): Promise<{ readonly roomId: string; readonly ts: number }> {
    const { serverName, sha256 } = this.parts
    if (!create) throw new Error('a room begins with its create event')
    const now = millisecondsOf(tx)
    if (!version.roomIdIsHash) return { roomId: roomIdOfChannel(uuid, serverName), ts: now }
    for (let ts = now; ; ts++) {
      const roomId = roomIdOfCreate(makeEvent(version, firstEvent(create, creator, ts), sha256).eventId)
      if (!(await tx.matrix().room({ roomId }))) return { roomId, ts }
    }
  }

  private async insertChannel(
    tx: Writes,
    roomId: string,
    uuid: Uuid,
    { planned, alias, isDirect }: Beginning,
  ): Promise<Channel> {
    const { secrets } = this.parts
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
      direct: isDirect,
      hidden: roomTypeOf(planned[0]?.content ?? {}) !== null,
    })
  }

  /** The create event belongs to the row of the channel, what follows to that of the creator's membership. */
  private async addState(act: RoomAct, created: Seq, { planned }: Beginning, ts: number): Promise<void> {
    const { tx, batch, room, channel, actor, self } = act
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
}

function firstEvent({ type, stateKey, content }: NewState, sender: string, ts: number) {
  return {
    ...{ type, stateKey, content, sender, roomId: null, originServerTs: ts },
    ...{ depth: 1, prevEvents: [], authEvents: [] },
  }
}
