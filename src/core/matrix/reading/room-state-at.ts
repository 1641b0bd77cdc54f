import type { StoredEvent } from '../event-ports'
import type { MatrixReads } from '../ports'
import type { RoomView } from './readers'

const MEMBER = 'm.room.member'

/**
 * Returns the state of a room after the event at a position. With `writers`, of the member events only those of who wrote
 * these events, and the reader's own.
 */
export async function stateEventsAt(
  reads: MatrixReads,
  { room, reader }: RoomView,
  pos: number,
  writers: readonly Pick<StoredEvent, 'sender'>[] | undefined,
): Promise<StoredEvent[]> {
  if (!writers) return reads.stateAt(room.channelId, pos)
  const members = [...new Set([...writers.map(({ sender }) => sender), reader.userId])]
  const [others, those] = await Promise.all([
    reads.stateAt(room.channelId, pos, { notTypes: [MEMBER] }),
    reads.stateAt(room.channelId, pos, { types: [MEMBER], stateKeys: members }),
  ])
  return [...others, ...those]
}
