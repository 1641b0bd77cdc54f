import type { Core } from '../..'
import type { Person } from '../../identity/actor'
import { refusal } from '../../kernel/errors'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { StoredEvent } from '../event-ports'
import { parsedRoomEvent } from '../events'
import type { StateFilter } from '../room-ports'
import { membershipIn } from '../room-state'
import { type Positions, placeOf } from './positions'
import type { Readers, RoomView } from './readers'
import type { Rendering } from './rendering'

const MEMBER = 'm.room.member'

export interface MembersQuery {
  /** A token: the members as they were then. */
  readonly at: string | undefined
  readonly membership: string | undefined
  readonly notMembership: string | undefined
}

export interface StateDeps {
  readonly core: Pick<Core, 'reads'>
  readonly readers: Readers
  readonly positions: Positions
  readonly rendering: Rendering
}

/** The state of rooms: now for members, and as of their leave for those who left. */
export class RoomStates {
  constructor(private readonly deps: StateDeps) {}

  /** Returns all state events. @throws channel_not_found */
  async state(actor: Person, roomId: string): Promise<JsonObject[]> {
    const view = await this.view(actor, roomId)
    return this.deps.rendering.events(view, await this.stateOf(view), { withRoomId: true })
  }

  /** Returns one state event. @throws channel_not_found; m_not_found */
  async stateEvent(actor: Person, roomId: string, type: string, stateKey: string): Promise<JsonObject> {
    const view = await this.view(actor, roomId)
    const found = await this.stateOf(view, { types: [type], stateKeys: [stateKey] })
    const [shown] = await this.deps.rendering.events(view, found, { withRoomId: true })
    if (!shown) throw matrixRefusal('M_NOT_FOUND', 'The room has no such state event')
    return shown
  }

  /** Returns member events. @throws channel_not_found; m_invalid_param */
  async members(actor: Person, roomId: string, query: MembersQuery): Promise<JsonObject[]> {
    const now = await this.deps.positions.now()
    const view = await this.view(actor, roomId)
    const at = query.at === undefined ? undefined : placeOf(query.at, now) - 1
    const events = await this.stateOf(view, { types: [MEMBER] }, at)
    const { membership, notMembership } = query
    const wanted = events.filter((event) => {
      const is = membershipIn(parsedRoomEvent(event))
      return (membership === undefined || is === membership) && is !== notMembership
    })
    return this.deps.rendering.events(view, wanted, { withRoomId: true })
  }

  /** Returns the profiles of who is in the room, by user id. @throws channel_not_found unless the actor is in it */
  async joined(actor: Person, roomId: string): Promise<JsonObject> {
    const view = await this.view(actor, roomId)
    if (view.sight.membership !== 'join') throw refusal('channel_not_found')
    const events = await this.stateOf(view, { types: [MEMBER] })
    const joined = events.map(parsedRoomEvent).filter((event) => membershipIn(event) === 'join')
    return Object.fromEntries(
      joined.map(({ pdu }) => {
        const { displayname, avatar_url } = pdu.content
        return [
          pdu.state_key ?? '',
          {
            ...(typeof displayname === 'string' ? { display_name: displayname } : {}),
            ...(typeof avatar_url === 'string' ? { avatar_url } : {}),
          },
        ]
      }),
    )
  }

  private async view(actor: Person, roomId: string): Promise<RoomView> {
    await this.deps.positions.now()
    const view = await this.deps.readers.view(actor, roomId)
    const { sight } = view
    // An invitation shows what it shows, and no more.
    if (sight.membership === 'invite' && sight.leftAt < 0) throw refusal('channel_not_found')
    return view
  }

  /** The state now, or at a position, but never after the reader's leave. */
  private stateOf({ room, sight }: RoomView, filter?: StateFilter, at?: number): Promise<StoredEvent[]> {
    const reads = this.deps.core.reads.matrix()
    const last = sight.seesPresent ? Number.POSITIVE_INFINITY : sight.leftAt
    const pos = Math.min(at ?? Number.POSITIVE_INFINITY, last)
    return Number.isFinite(pos)
      ? reads.stateAt(room.channelId, pos, filter)
      : reads.stateNow(room.channelId, filter)
  }
}
