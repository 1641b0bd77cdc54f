import type { Channel, Member, Room } from '../../src/core/entities'
import type { Uuid } from '../../src/core/ids'
import { toMicros } from '../../src/core/time'

/** A room with these members, whose inner ids are 1, 2, 3 … in the order of their handles. */
export function roomOf(handles: readonly string[], archived: readonly string[] = []): Room {
  const channel: Channel = {
    id: 1,
    uuid: '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b' as Uuid,
    slug: 'team',
    name: 'Team',
    description: null,
    kind: 'private',
    createdAt: toMicros(0),
    archivedAt: null,
    floorSeq: 0,
  }
  const members = handles.toSorted().map(
    (handle, i): Member => ({
      accountId: i + 1,
      handle,
      kind: 'agent',
      role: 'member',
      joinedAt: toMicros(0),
      joinedSeq: 1,
      active: !archived.includes(handle),
    }),
  )
  return {
    channel,
    members: new Map(members.map((member) => [member.accountId, member])),
    byHandle: new Map(members.map((member) => [member.handle, member])),
  }
}

export function idOf(room: Room, handle: string): number {
  const member = room.byHandle.get(handle)
  if (!member) throw new Error(`${handle} is not in the room`)
  return member.accountId
}
