import type { Seq } from '../kernel/ids'
import { EVENTS_PER_ROW } from '../log/marks'
import { selectAuthEvents } from './auth-events'
import { authorize } from './auth-rules'
import { canonicalJson, type JsonObject } from './canonical'
import { matrixRefusal } from './errors'
import type { StoredEvent } from './event-ports'
import { depthAfter, makeEvent, type NewEvent, parsedEvent, roomIdOfCreate } from './events'
import type { OpenRoom } from './open-room'
import type { MatrixWrites } from './ports'
import { redacted } from './redaction'
import { membershipIn } from './room-state'
import type { Sha256, VerifySignature } from './signing'
import type { AuthRule } from './verdict'

/** An event to be added to a room. */
export interface RoomDraft {
  readonly type: string
  readonly sender: string
  readonly stateKey?: string
  readonly content: JsonObject
  /** The id of the event that a redaction is about. */
  readonly redacts?: string
  /** Milliseconds since 1970. */
  readonly ts: number
  /** The event that it relates to, by position. */
  readonly relation?: { readonly pos: number; readonly type: string; readonly key?: string }
  /** Position of the root of its thread. */
  readonly threadPos?: number
  /** See StoredEvent. */
  readonly sentAs?: string
  readonly flags?: number
}

/** A room does not allow an event. */
export interface Refusal {
  readonly rule: AuthRule | 'blocked'
  /** A sentence for the sender. */
  readonly because: string
}

/** An event that its room allows. */
export interface JudgedEvent {
  readonly draft: RoomDraft
  readonly made: NewEvent
}

const BLOCKED: Refusal = { rule: 'blocked', because: 'An administrator has blocked this room' }

/** Reports whether an event lets somebody into the room, or asks for it. */
function comesIn(room: OpenRoom, { type, stateKey, content }: RoomDraft): boolean {
  const isEntry = ['join', 'invite', 'knock'].includes(String(content['membership']))
  return type === 'm.room.member' && isEntry && room.membershipOf(stateKey ?? '') !== 'join'
}

export interface BatchParts {
  readonly serverName: string
  readonly sha256: Sha256
  readonly verify: VerifySignature
}

/**
 * The events that one transaction adds to rooms: each is judged by the state of its room as it stands then, made, and
 * placed at the position of the log row that owns it. `flush` writes them in a few statements, however many they are.
 */
export class EventBatch {
  private readonly events: StoredEvent[] = []
  private readonly touched = new Map<number, OpenRoom>()
  private readonly owned = new Map<Seq, StoredEvent[]>()
  private readonly others: (() => Promise<void>)[] = []
  private readonly changedRooms = new Set<number>()
  private readonly redactions: { event: StoredEvent; json: string; redactedBy: number }[] = []

  /** The rules by which rooms did not allow events. */
  readonly refusals: Refusal['rule'][] = []

  constructor(private readonly parts: BatchParts) {}

  /** The events that this batch has added for a log row, first one first. */
  ofRow(seq: Seq): readonly StoredEvent[] {
    return this.owned.get(seq) ?? []
  }

  /** The events of this batch that relate to another one. */
  related(channelId: number, pos: number, relType: string): StoredEvent[] {
    return this.events.filter(
      (event) => event.channelId === channelId && event.relPos === pos && event.relType === relType,
    )
  }

  /** Notes that no event follows from a log row. */
  settle(seq: Seq): void {
    if (!this.owned.has(seq)) this.owned.set(seq, [])
  }

  /** Log rows that own an event of this batch, or from which none follows. */
  get rows(): ReadonlySet<Seq> {
    return new Set(this.owned.keys())
  }

  /** The events that this batch has added, in their order. */
  get all(): readonly StoredEvent[] {
    return this.events
  }

  /**
   * Adds an event that belongs to a log row of the room's channel.
   * @throws m_forbidden if the room does not allow it; m_too_large
   */
  add(room: OpenRoom, seq: Seq, draft: RoomDraft): StoredEvent {
    const added = this.offer(room, seq, draft)
    if ('because' in added) throw matrixRefusal('M_FORBIDDEN', added.because)
    return added
  }

  /** Adds an event, unless the room does not allow it. @throws m_too_large */
  offer(room: OpenRoom, seq: Seq, draft: RoomDraft): StoredEvent | Refusal {
    const judged = this.judge(room, draft)
    return 'because' in judged ? judged : this.take(room, seq, judged)
  }

  /** Makes an event and judges it by its room, without adding it. @throws m_too_large */
  judge(room: OpenRoom, draft: RoomDraft): JudgedEvent | Refusal {
    const { version, row } = room
    const { type, sender, stateKey, content, redacts, ts } = draft
    const isCreate = type === 'm.room.create'
    const subject = { type, sender, content, ...(stateKey === undefined ? {} : { state_key: stateKey }) }
    // Of these events neither depends on more than their type and sender.
    const isPlain = stateKey === undefined && (type === 'm.room.message' || !type.startsWith('m.room.'))
    const place = `${type} ${sender}`
    const standing = isPlain ? room.standings.get(place) : undefined
    const authEvents = standing?.authEvents ?? selectAuthEvents(version, subject, room)
    const made = makeEvent(
      version,
      {
        ...{ type, sender, content, originServerTs: ts },
        roomId: isCreate && version.roomIdIsHash ? null : row.roomId,
        ...(stateKey === undefined ? {} : { stateKey }),
        ...(redacts === undefined ? {} : { redacts }),
        depth: depthAfter([row.depth]),
        prevEvents: room.hasEvents ? [row.tipEvent] : [],
        authEvents,
      },
      this.parts.sha256,
    )
    const { verify, serverName } = this.parts
    const isSignedBy = (server: string) => server === serverName
    const verdict = standing?.verdict ?? authorize(made.pdu, { version, state: room, isSignedBy, verify })
    if (isPlain && !standing) room.standings.set(place, { authEvents, verdict })
    if (!verdict.allowed) return this.refusal(verdict)
    return row.blocked && comesIn(room, draft) ? this.refusal(BLOCKED) : { draft, made }
  }

  /** Adds an event that was judged by its room as that still is. */
  take(room: OpenRoom, seq: Seq, { draft, made }: JudgedEvent): StoredEvent {
    const { version, row } = room
    const { type, sender, stateKey, ts, relation, threadPos, flags = 0 } = draft
    const stored: StoredEvent = {
      ...{ pos: this.nextPosition(seq), channelId: row.channelId, eventId: made.eventId, type, sender, ts },
      ...{ stateKey: stateKey ?? null, depth: made.pdu.depth, flags, json: made.json },
      ...{ relPos: relation?.pos ?? null, relType: relation?.type ?? null, relKey: relation?.key ?? null },
      ...{ threadPos: threadPos ?? null, redactedBy: null, sentAs: draft.sentAs ?? null },
    }
    const isNamedByHash = type === 'm.room.create' && version.roomIdIsHash
    const roomId = isNamedByHash ? roomIdOfCreate(made.eventId) : row.roomId
    room.row = { ...row, roomId, tipEvent: made.eventId, depth: stored.depth }
    room.put({ eventId: made.eventId, pos: stored.pos, pdu: made.pdu })
    this.events.push(stored)
    this.owned.set(seq, [...this.ofRow(seq), stored])
    this.touched.set(row.channelId, room)
    return stored
  }

  /** Notes that earlier events of a channel change where they stand. */
  rewrites(channelId: number): void {
    this.changedRooms.add(channelId)
  }

  /** The channels whose earlier events change where they stand. */
  get rewritten(): ReadonlySet<number> {
    return this.changedRooms
  }

  /** Notes that what only the row of a room says has changed, such as whether it is published. */
  touch(room: OpenRoom): void {
    this.touched.set(room.row.channelId, room)
  }

  /** Replaces an event of the room by its redacted form; `redactedBy` is the position of the redaction. */
  redact(room: OpenRoom, event: StoredEvent, redactedBy: number): void {
    const pdu = redacted(room.version, parsedEvent(event.json))
    this.rewrites(event.channelId)
    this.redactions.push({ event, json: canonicalJson(pdu), redactedBy })
    const { type, stateKey, eventId, pos } = event
    const isState = stateKey !== null && (type !== 'm.room.member' || room.hasLoaded(stateKey))
    if (isState && room.event(type, stateKey)?.eventId === eventId) room.put({ eventId, pos, pdu })
  }

  private refusal(refusal: Refusal): Refusal {
    this.refusals.push(refusal.rule)
    return refusal
  }

  /** Has something else written together with the events. */
  beside(write: () => Promise<void>): void {
    this.others.push(write)
  }

  /** The rooms to which something was added. */
  get rooms(): Iterable<OpenRoom> {
    return this.touched.values()
  }

  /** Writes what was added. A transaction that is run again writes it again, so nothing is forgotten here. */
  async flush(tx: MatrixWrites, { onlyTips = false } = {}): Promise<void> {
    const { events } = this
    const rooms = [...this.touched.values()].map(({ row }) => row)
    const state = events.filter((event) => event.stateKey !== null)
    const members = state.flatMap((event) => {
      const { type, stateKey, channelId, pos, json } = event
      if (type !== 'm.room.member' || stateKey === null) return []
      return [{ userId: stateKey, channelId, pos, membership: membershipIn({ pdu: parsedEvent(json) }) }]
    })
    // Sent without waiting for each. They run in this order.
    await Promise.all([
      ...this.others.map((write) => write()),
      onlyTips ? tx.moveTips(rooms) : tx.writeRooms(rooms),
      tx.insertEvents(events),
      tx.setState(
        state.map(({ channelId, type, stateKey, pos }) => ({
          channelId,
          type,
          stateKey: stateKey ?? '',
          pos,
        })),
      ),
      tx.setMembers(members),
      tx.redactEvents(
        this.redactions.map(({ event: { channelId, pos }, json, redactedBy }) => ({
          ...{ channelId, pos, json, redactedBy },
        })),
      ),
    ])
  }

  private nextPosition(seq: Seq): number {
    const number = this.ofRow(seq).length
    if (number >= EVENTS_PER_ROW) throw new Error(`log row ${seq} owns more than ${EVENTS_PER_ROW} events`)
    return seq * EVENTS_PER_ROW + number
  }
}
