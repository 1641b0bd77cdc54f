import type { Core } from '../..'
import type { StoredEvent } from '../event-ports'
import { parsedRoomEvent, type RoomEvent } from '../events'
import { parseUserId } from '../ids'
import { redacted } from '../redaction'
import type { RoomView } from './readers'

/** Shows an event as it is, or redacted. */
export type Showing = (event: StoredEvent) => RoomEvent

/** What users have written who were erased: only those who were in the room then still see it. State stays. */
export class ErasedUsers {
  constructor(
    private readonly core: Pick<Core, 'reads'>,
    private readonly serverName: string,
  ) {}

  /** Returns how a reader sees these events. */
  async showing(view: RoomView, events: readonly StoredEvent[]): Promise<Showing> {
    const isHidden = await this.hiding(view, events)
    return (event) => {
      const { eventId, pdu } = parsedRoomEvent(event)
      return { eventId, pdu: isHidden(event) ? redacted(view.version, pdu) : pdu }
    }
  }

  /**
   * Returns which of these events a reader sees redacted. One statement, and none where it was in the room at all of
   * them.
   */
  async hiding(
    { sight }: RoomView,
    events: readonly StoredEvent[],
  ): Promise<(event: StoredEvent) => boolean> {
    const isWitness = ({ pos, stateKey }: StoredEvent) =>
      stateKey !== null || sight.membershipAt(pos) === 'join'
    const erased = await this.among(events.filter((event) => !isWitness(event)))
    return (event) => erased.has(event.sender) && !isWitness(event)
  }

  /** Those senders of these events who were erased. */
  private async among(events: readonly StoredEvent[]): Promise<ReadonlySet<string>> {
    const localparts = events.flatMap(({ sender }) => {
      const id = parseUserId(sender)
      return id?.server === this.serverName ? [id.localpart] : []
    })
    if (localparts.length === 0) return NOBODY
    const users = await this.core.reads.matrix().usersNamed([...new Set(localparts)])
    const erased = users.filter((user) => user.erased)
    return new Set(erased.map(({ localpart }) => `@${localpart}:${this.serverName}`))
  }
}

const NOBODY: ReadonlySet<string> = new Set()
