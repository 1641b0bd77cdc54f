import type { Core } from '../..'
import { isObject, type JsonObject } from '../canonical'
import { clientEvent, type SharedUnsigned } from '../client-form'
import type { StoredEvent } from '../event-ports'
import { parsedRoomEvent } from '../events'
import type { Bundles } from './bundles'
import type { ErasedUsers } from './erased'
import type { RoomView } from './readers'

const MICROS_PER_MILLISECOND = 1000

/** How events are shown. */
export interface RenderOptions {
  /** `/sync` leaves the room id out of its events. */
  readonly withRoomId: boolean
  /** Whether events show their threads and edits. State does not. */
  readonly withRelations?: boolean
}

/** Shows events to readers. */
export class Rendering {
  constructor(
    private readonly core: Pick<Core, 'reads' | 'clock'>,
    private readonly bundles: Bundles,
    private readonly erased: ErasedUsers,
  ) {}

  /** Returns events as servers exchange them. A redacted one is pruned, and says why. */
  async pdus(view: RoomView, events: readonly StoredEvent[]): Promise<JsonObject[]> {
    const redactedBy = await this.redactionsOf(view.room.channelId, events)
    const showing = await this.erased.showing(view, events)
    return events.map((event) => {
      const redaction = event.redactedBy === null ? undefined : redactedBy.get(event.redactedBy)
      const unsigned = redaction && { redacted_because: parsedRoomEvent(redaction).pdu }
      return { ...showing(event).pdu, ...(unsigned ? { unsigned } : {}) }
    })
  }

  /** Returns events of a room as its reader sees them, in the same order. The reader must see them. */
  async events(
    view: RoomView,
    events: readonly StoredEvent[],
    { withRoomId, withRelations = false }: RenderOptions,
  ): Promise<JsonObject[]> {
    if (events.length === 0) return []
    const { room, sight, reader, source } = view
    const roomId = withRoomId ? room.roomId : undefined
    const states = events.flatMap(({ type, stateKey, pos }) =>
      stateKey === null ? [] : [{ type, stateKey, pos }],
    )
    const [replaced, redactedBy, bundles] = await Promise.all([
      source.replacedStates(states),
      this.redactionsOf(room.channelId, events),
      withRelations ? this.bundles.of(view, events) : undefined,
    ])
    const related = [...(bundles?.values() ?? [])].flatMap((bundle) => bundle.events)
    const showing = await this.erased.showing(view, [...events, ...related])
    const now = Math.floor(this.core.clock.now() / MICROS_PER_MILLISECOND)
    const shown = (event: StoredEvent, further: SharedUnsigned): JsonObject => {
      const former = replaced.get(event.pos)
      const redaction = event.redactedBy === null ? undefined : redactedBy.get(event.redactedBy)
      const transaction = reader.transactionOf(event)
      return clientEvent(showing(event), roomId, {
        ...(former ? replacedBy(former) : {}),
        ...(redaction
          ? { redacted_because: clientEvent(parsedRoomEvent(redaction), roomId, ageOf(redaction, now)) }
          : {}),
        ...further,
        ...ageOf(event, now),
        membership: sight.membershipAt(event.pos),
        ...(transaction === undefined ? {} : { transaction_id: transaction }),
      })
    }
    return events.map((event) => {
      const bundle = bundles?.get(event.pos)
      if (!bundle) return shown(event, {})
      return shown(event, { 'm.relations': bundle.shown((one) => shown(one, {})) })
    })
  }

  /** The redactions of these events, by position. */
  private async redactionsOf(
    channelId: number,
    events: readonly StoredEvent[],
  ): Promise<ReadonlyMap<number, StoredEvent>> {
    const positions = new Set(events.flatMap(({ redactedBy }) => redactedBy ?? []))
    const found = await this.core.reads.matrix().eventsAtPositions(channelId, [...positions])
    return new Map(found.map((event) => [event.pos, event]))
  }
}

function replacedBy(former: StoredEvent): SharedUnsigned {
  const { content } = parsedRoomEvent(former).pdu
  return { ...(isObject(content) ? { prev_content: content } : {}), replaces_state: former.eventId }
}

function ageOf({ ts }: StoredEvent, now: number) {
  return { age: Math.max(0, now - ts) }
}
