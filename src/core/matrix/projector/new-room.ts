import type { Account, Channel } from '../../kernel/entities'
import type { Writes } from '../../kernel/ports'
import type { EventRecord } from '../../log/events'
import { canonicalJson, isObject, type JsonObject } from '../canonical'
import type { EventBatch } from '../event-batch'
import { roomIdOfChannel } from '../ids'
import type { OpenRoom } from '../open-room'
import type { Rooms } from '../rooms'
import { roomVersion } from '../versions'
import { channelRoom, directRoom, type PlannedState, type Shown } from './room-of-channel'

/** The rooms of channels: how they begin. */

/** The account data that says with whom rooms are direct ones. */
const DIRECT = 'm.direct'

/** The version and federation of rooms of channels that are made from now on. */
export interface NewRooms {
  readonly version: string
  readonly federate: boolean
}

/** What a room is made with: the derivation of its first row. */
export interface Beginning {
  readonly tx: Writes
  readonly batch: EventBatch
  readonly system: Shown
  readonly parts: {
    readonly serverName: string
    readonly newRooms: NewRooms
    readonly rooms: Pick<Rooms, 'begin'>
  }
  user(accountId: number | null): Shown | undefined
  show(accounts: readonly Account[]): Promise<void>
}

/** Begins the room of a channel with its first events. Returns undefined if the channel can have none. */
export async function beginRoom(
  b: Beginning,
  channel: Channel,
  record: EventRecord,
): Promise<OpenRoom | undefined> {
  const { serverName, newRooms, rooms } = b.parts
  const version = roomVersion(newRooms.version)
  if (!version) throw new Error(`the room version ${newRooms.version} is unknown`)
  const { federate } = newRooms
  const alias = await aliasOf(b, channel)
  const planned =
    channel.kind === 'dm'
      ? await plannedDirect(b, channel, record)
      : channelRoom(version, channel, b.system, { serverName, federate, alias })
  if (!planned) return undefined
  const room = rooms.begin({
    channelId: channel.id,
    roomId: roomIdOfChannel(channel.uuid, serverName),
    version: version.id,
    born: 'channel',
    federate,
    published: channel.kind === 'public',
  })
  const { seq, at } = record
  await copyReadPositions(b, channel)
  for (const state of planned) b.batch.add(room, seq, { ...state, ts: milliseconds(at) })
  if (alias !== null) await b.tx.matrix().insertAlias({ alias, channelId: channel.id, creatorId: null })
  return room
}

/** What members had read before is read in the room, too. */
async function copyReadPositions({ tx }: Beginning, { id: channelId }: Channel): Promise<void> {
  const mx = await tx.matrix().nextMx(`c${channelId}`)
  await tx.matrix().copyReadPositions({ channelId, ts: milliseconds(tx.now()), mx })
}

/** Returns the alias of a channel; null for a direct channel, or if a room made over Matrix has it. */
async function aliasOf({ tx, parts }: Beginning, { slug, kind }: Channel): Promise<string | null> {
  if (kind === 'dm') return null
  const alias = `#${slug}:${parts.serverName}`
  return (await tx.matrix().alias(alias)) ? null : alias
}

async function plannedDirect(
  b: Beginning,
  channel: Channel,
  { actorId }: EventRecord,
): Promise<PlannedState[] | undefined> {
  const { serverName, newRooms } = b.parts
  const version = roomVersion(newRooms.version)
  const members = await b.tx.membershipsIn(channel.id, { after: 0, limit: 2 })
  await b.show(await b.tx.accountsByIds(members.map(({ id }) => id)))
  const ids = members.map(({ id }) => id)
  await noteDirect(b, ids, roomIdOfChannel(channel.uuid, serverName))
  const makerId = actorId !== null && ids.includes(actorId) ? actorId : ids[0]
  const maker = b.user(makerId ?? null)
  const other = b.user(ids.find((id) => id !== makerId) ?? null)
  if (!version || !maker) return undefined
  return directRoom(version, maker, other, newRooms.federate)
}

/** Adds a direct room to the account data by which clients know direct rooms. */
async function noteDirect(b: Beginning, accountIds: readonly number[], roomId: string): Promise<void> {
  const matrix = b.tx.matrix()
  for (const accountId of accountIds) {
    const other = b.user(accountIds.find((id) => id !== accountId) ?? null)
    if (!other) continue
    const before = parsedObject(await matrix.accountDatum(accountId, 0, DIRECT))
    const rooms = before[other.userId]
    const content = { ...before, [other.userId]: [...(Array.isArray(rooms) ? rooms : []), roomId] }
    const mx = await matrix.nextMx(`a${accountId}`)
    await matrix.setAccountDatum({
      accountId,
      channelId: 0,
      type: DIRECT,
      json: canonicalJson(content),
      mx,
    })
  }
}

function parsedObject(json: string | undefined): JsonObject {
  const value: unknown = json === undefined ? {} : JSON.parse(json)
  return isObject(value) ? value : {}
}

/** Returns the milliseconds of an event; the log has microseconds. */
export function milliseconds(at: number): number {
  return Math.floor(at / 1000)
}
