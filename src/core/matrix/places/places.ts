/**
 * Finding rooms: the public directory, summaries, the tree of a space, the rooms that two users share; and reports of rooms, events and users. Imports only
 * the core, and the folder reading, which says who reads.
 * Start reading at summaries.ts: what describes a room, and who may learn of it.
 */
import type { Person } from '../../identity/actor'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { parseUserId } from '../ids'
import { formatPageToken, parsePageToken, wholeIn } from '../page-token'
import type { CaughtUp, MatrixParts } from '../parts'
import type { Readers } from '../reading/readers'
import type { Users } from '../users'
import { SpaceHierarchy } from './hierarchy'
import { PublicRooms } from './public-rooms'
import { Reports } from './reports'
import { KnownRooms, roomFacts, roomSummary } from './summaries'

/** Shared rooms of one answer. */
const SHARED_ROOMS = 100

interface PlacesParts extends Pick<MatrixParts, 'core' | 'store' | 'serverName'> {
  readonly readers: Readers
  readonly users: Users
  readonly caughtUp: CaughtUp
}

/** Creates what finds rooms. */
export function createPlaces(parts: PlacesParts) {
  const known = new KnownRooms(() => parts.core.reads.matrix(), parts.readers)
  return {
    publicRooms: new PublicRooms(parts),
    hierarchy: new SpaceHierarchy({ ...parts, known }),
    places: new Places(parts, known),
    reports: new Reports(parts, parts.users),
  }
}

/** Single rooms, and those that users share. */
class Places {
  constructor(
    private readonly parts: PlacesParts,
    private readonly known: KnownRooms,
  ) {}

  /** Returns the summary of a room, with the reader's membership. @throws m_not_found */
  async summary(actor: Person, roomId: string): Promise<JsonObject> {
    const { core, readers, caughtUp } = this.parts
    await caughtUp()
    const reads = core.reads.matrix()
    const reader = await readers.reader(actor)
    const rooms = await reads.roomsById([roomId])
    const [found] = await this.known.among(reader, await roomFacts(reads, rooms))
    if (!found) throw noRoom()
    return { ...roomSummary(found.facts), membership: found.membership ?? 'leave' }
  }

  /** Reports whether a room is in the directory. @throws m_not_found for an unknown room */
  async isPublished(roomId: string): Promise<boolean> {
    await this.parts.caughtUp()
    const room = await this.parts.core.reads.matrix().room({ roomId })
    if (!room) throw noRoom()
    return room.published
  }

  /**
   * Returns the ids of the rooms that both the reader and another user have joined and that the reader may read. For an
   * unknown user there are none.
   * @throws m_invalid_param for no user id, one's own, or an unknown token
   */
  async shared(actor: Person, userId: string, from: string | undefined): Promise<JsonObject> {
    const { core, readers, caughtUp } = this.parts
    const after = from === undefined ? 0 : wholeIn(parsePageToken(from), 'room')
    if (!parseUserId(userId)) throw matrixRefusal('M_INVALID_PARAM', 'A user id is written @name:server')
    await caughtUp()
    const reader = await readers.reader(actor)
    const { userId: own } = reader
    if (userId === own) throw matrixRefusal('M_INVALID_PARAM', 'user_id is your own id')
    const reads = core.reads.matrix()
    const shared = await reads.roomsOfChannels(await reads.sharedRooms(own, userId))
    const rooms = (await readers.readable(reader, shared)).sort((one, next) => one.channelId - next.channelId)
    const rest = rooms.filter(({ channelId }) => channelId > after)
    const page = rest.slice(0, SHARED_ROOMS)
    const last = page.at(-1)
    return {
      joined: page.map(({ roomId }) => roomId),
      count: rooms.length,
      ...(last && rest.length > page.length ? { next_batch: formatPageToken({ room: last.channelId }) } : {}),
    }
  }
}

function noRoom() {
  return matrixRefusal('M_NOT_FOUND', 'There is no such room that you could join')
}
