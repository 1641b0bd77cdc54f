import type { Policy } from '../../access/policy'
import type { Person } from '../../identity/actor'
import { matrixRefusal } from '../errors'
import { notInRoom } from '../refusals'
import { applyProperties } from './channel-properties'
import type { RoomActs } from './room-acts'

/** Lists rooms in the public directory. */
export class Publishing {
  constructor(
    private readonly parts: { readonly policy: Policy },
    private readonly acts: RoomActs,
  ) {}

  /**
   * Lists a room, or takes it out. A room that is listed and that everybody may join is a public channel.
   * @throws m_forbidden without the power to name the room, and for a direct channel
   */
  set(actor: Person, roomId: string, published: boolean): Promise<void> {
    return this.acts.in(actor, roomId, [], async (act) => {
      const { batch, room, self, channel, actor: now } = act
      if (room.membershipOf(self.userId) !== 'join') throw notInRoom()
      this.parts.policy.requireScope(now, channel, 'post')
      const levels = room.levels()
      if (levels.of(self.userId) < levels.neededFor('m.room.canonical_alias', true))
        throw matrixRefusal('M_FORBIDDEN', 'You have not the power to name this room, so you cannot list it')
      if (channel.kind === 'dm') throw matrixRefusal('M_FORBIDDEN', 'A direct channel is not listed')
      if (room.row.published === published) return
      room.row = { ...room.row, published }
      batch.touch(room)
      await applyProperties(act, now, channel, room)
    })
  }
}
