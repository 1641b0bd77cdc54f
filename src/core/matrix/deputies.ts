import type { Writes } from '../kernel/ports'
import { isObject } from './canonical'
import type { OpenRoom } from './open-room'
import { creatorsOf } from './power'
import type { Rooms } from './rooms'

/**
 * Returns the members of this server who have a power level of their own, the highest first. They sign what the server
 * does in a room for an administrator who has no power there.
 */
export async function deputiesIn(
  tx: Writes,
  rooms: Rooms,
  room: OpenRoom,
  serverName: string,
): Promise<string[]> {
  const create = room.event('m.room.create', '')?.pdu
  const listed = room.content('m.room.power_levels')?.['users']
  const creators = create ? [create.sender, ...creatorsOf(room.version, create.sender, create.content)] : []
  const named = [...creators, ...(isObject(listed) ? Object.keys(listed) : [])]
  const local = [...new Set(named)].filter(
    (id): id is string => typeof id === 'string' && id.endsWith(`:${serverName}`),
  )
  const { channelId } = room.row
  await rooms.load(tx.matrix(), new Map([[channelId, room]]), new Map([[channelId, local]]))
  const levels = room.levels()
  return local
    .filter((id) => room.membershipOf(id) === 'join')
    .sort((one, other) => compared(levels.of(other), levels.of(one)))
}

/** Creators are above every number. */
function compared(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1
}
