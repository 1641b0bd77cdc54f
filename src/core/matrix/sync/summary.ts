import type { JsonObject } from '../canonical'
import { parsedRoomEvent } from '../events'
import type { MatrixReads } from '../ports'
import type { RoomView } from '../reading/readers'

const HEROES = 5

/** The state event that names members which clients do not count as people. */
export type ServiceMembers = 'io.element.functional_members'

const SERVICE_MEMBERS: ServiceMembers = 'io.element.functional_members'
const NAMES = ['m.room.name', 'm.room.canonical_alias'] as const

/**
 * Returns the summary of a room for a reader: how many are in it, and for a room without a name the users by whom clients
 * name it: members, or former ones if nobody else is left.
 */
export async function summaryOf(reads: MatrixReads, { room, reader, source }: RoomView): Promise<JsonObject> {
  const [counts, state] = await Promise.all([
    source.countMembers(),
    source.stateNow({ types: [...NAMES, SERVICE_MEMBERS] }),
  ])
  const contentOf = (type: string) => {
    const event = state.find((one) => one.type === type && one.stateKey === '')
    return event && parsedRoomEvent(event).pdu.content
  }
  const isNamed =
    isText(contentOf('m.room.name')?.['name']) || isText(contentOf('m.room.canonical_alias')?.['alias'])
  return {
    ...(isNamed ? {} : { 'm.heroes': await heroesOf() }),
    'm.joined_member_count': counts.join ?? 0,
    'm.invited_member_count': counts.invite ?? 0,
  }

  async function heroesOf(): Promise<string[]> {
    const services = contentOf(SERVICE_MEMBERS)?.['service_members']
    const not = [
      reader.userId,
      ...(Array.isArray(services) ? services.filter((one) => typeof one === 'string') : []),
    ]
    const present = await reads.firstMembers(room.channelId, ['join', 'invite'], not, HEROES)
    const found =
      present.length > 0 ? present : await reads.firstMembers(room.channelId, ['leave', 'ban'], not, HEROES)
    return found.map(({ userId }) => userId)
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
