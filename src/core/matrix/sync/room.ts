import type { Core } from '../..'
import type { JsonObject } from '../canonical'
import type { StoredEvent } from '../event-ports'
import { parsedRoomEvent } from '../events'
import { endOf, type Now, tokenOf } from '../reading/positions'
import type { RoomView } from '../reading/readers'
import type { Rendering } from '../reading/rendering'
import type { Timeline } from '../reading/timeline'
import type { StateChange } from '../room-ports'
import { type RoomState, strippedState } from '../room-state'
import { includesEvent, includesRoom, type SyncFilter, withFields } from './filters'
import type { LazyMemory } from './lazy'
import type { SharedSections } from './shared-sections'
import { type ServiceMembers, summaryOf } from './summary'
import type { SyncToken } from './tokens'

const MEMBER = 'm.room.member'
const DEFAULT_LIMIT = 10
const MAX_LIMIT = 100
const BEGINNING = Number.MIN_SAFE_INTEGER

/** What one request of `/sync` asks for, with its place in the streams. */
export interface SyncScope {
  /** The place that the reader has reached; undefined at the beginning. */
  readonly since: SyncToken | undefined
  readonly now: Now
  readonly filter: SyncFilter
  readonly fullState: boolean
  /** The name of the list with the state after the timeline; undefined: the state before it is asked for. */
  readonly stateAfter: 'state_after' | 'org.matrix.msc4222.state_after' | undefined
  /** Whether the reader begins again after a gap that it does not know of. */
  readonly isRestart: boolean
  /** Names the reader's device. */
  readonly device: string
}

/** The events of a room that an answer has. */
export interface RoomEvents {
  /** Members of the room's JSON object: timeline, state and summary. */
  readonly text: string
  /** Whether the reader came into the room after its last answer, or has none. */
  readonly isNew: boolean
  readonly isEmpty: boolean
}

/** What several readers are shown alike. */
export interface CommonEvents {
  readonly span: Span
  readonly events: RoomEvents
  /** The events in it. */
  readonly sent: readonly StoredEvent[]
}

/** The events of a room in an answer, before they are rendered. */
interface Span {
  readonly isNew: boolean
  /** The first position that the reader has not seen. */
  readonly after: number
  /** The place after the last event. */
  readonly end: number
  readonly timeline: readonly StoredEvent[]
  readonly limited: boolean
  /** The position at which the timeline begins. */
  readonly start: number
  /** The changes of the state in it; for a new reader those from the beginning of the timeline on. */
  readonly changes: readonly StateChange[]
}

export interface RoomSectionsDeps {
  readonly core: Pick<Core, 'reads'>
  readonly timeline: Timeline
  readonly rendering: Rendering
  readonly memory: LazyMemory
  readonly shared: SharedSections<CommonEvents>
}

/** What `/sync` says of one room. */
export class RoomSections {
  constructor(private readonly deps: RoomSectionsDeps) {}

  /** Begins an answer. Call it before its rooms. */
  begin({ filter, device, since, now }: SyncScope): void {
    if (filter.state.lazyMembers) this.deps.memory.begin(device, since, { seq: now.projected, mx: now.mx })
  }

  /** Returns timeline, state and summary of a room that the reader is in, or has left. */
  async events(view: RoomView, scope: SyncScope): Promise<RoomEvents> {
    const common = await this.deps.shared.of(view, scope, () => this.common(view, scope))
    if (common && this.missing(view, scope, common.span).size === 0) {
      this.remember(view, scope, common.sent)
      return common.events
    }
    const span = await this.span(view, scope)
    const state = await this.state(view, scope, span)
    this.remember(view, scope, [...state, ...span.timeline])
    return this.shown(view, scope, span, state)
  }

  /** Returns what several readers are shown alike; undefined where it depends on who reads. */
  private async common(view: RoomView, scope: SyncScope): Promise<CommonEvents | undefined> {
    const span = await this.span(view, scope)
    const related = await view.source.relationTypes(span.timeline.map(({ pos }) => pos))
    if (span.isNew || isSummed(span) || related.length > 0) return undefined
    const state = await this.state(view, scope, span, false)
    const nobody = { ...view, reader: { ...view.reader, transactionOf: () => undefined } }
    const events = await this.shown(nobody, scope, span, state)
    return { span, events, sent: [...state, ...span.timeline] }
  }

  private async shown(
    view: RoomView,
    scope: SyncScope,
    span: Span,
    state: readonly StoredEvent[],
  ): Promise<RoomEvents> {
    const { filter, now, stateAfter } = scope
    const { rendering } = this.deps
    const shown = async (events: readonly StoredEvent[], withRelations: boolean) =>
      (filter.federationFormat
        ? await rendering.pdus(view, events)
        : await rendering.events(view, events, { withRoomId: false, withRelations })
      ).map((event) => withFields(event, filter.eventFields))
    const summary = isSummed(span) && isInRoom(view) ? await this.summary(view) : undefined
    const timeline = {
      events: await shown(span.timeline, true),
      limited: span.limited || (scope.isRestart && isInRoom(view)),
      prev_batch: tokenOf(span.timeline[0]?.pos ?? span.end, now),
    }
    const stated = JSON.stringify({ events: await shown(state, false) })
    return {
      text: `"timeline":${JSON.stringify(timeline)},"${stateAfter ?? 'state'}":${stated}${
        summary ? `,"summary":${JSON.stringify(summary)}` : ''
      }`,
      isNew: span.isNew,
      isEmpty: span.timeline.length === 0 && state.length === 0 && !span.limited,
    }
  }

  /** Returns what an invited or knocking user is shown of a room. */
  async stripped({ room, reader }: RoomView, pos: number): Promise<JsonObject[] | undefined> {
    const reads = this.deps.core.reads.matrix()
    const [own] = await reads.eventsAtPositions(room.channelId, [pos])
    if (!own) return undefined
    const isFromIgnored = reader.ignored.has(own.sender)
    if (isFromIgnored) return undefined
    const [described, sender] = await Promise.all([
      reads.stateAt(room.channelId, pos, { notTypes: [MEMBER] }),
      reads.stateAt(room.channelId, pos, { types: [MEMBER], stateKeys: [own.sender] }),
    ])
    const byKey = new Map(
      [...described, ...sender].map((event) => [keyOf(event.type, event.stateKey), parsedRoomEvent(event)]),
    )
    const state: RoomState = { event: (type, stateKey) => byKey.get(keyOf(type, stateKey)) }
    return strippedState(state, parsedRoomEvent(own).pdu)
  }

  private async span(view: RoomView, { since, now, filter }: SyncScope): Promise<Span> {
    const { room, sight } = view
    const after = since === undefined ? BEGINNING : endOf(since.seq)
    const isIn = isInRoom(view, now)
    const wasIn = sight.membershipAt(after - 1) === 'join'
    // Who was not in the room since the last answer is told of its own membership alone.
    const isNew = since === undefined || (!wasIn && (isIn || sight.leftAt >= after))
    const end = isIn ? now.end : Math.min(now.end, (sight.memberEventAt(now.end - 1) ?? 0) + 1)
    const isIncluded = includesRoom(filter.timeline, room.roomId)
    const page = await this.deps.timeline.page(view, {
      after: isNew ? BEGINNING : after - 1,
      before: end,
      order: 'desc',
      limit: timelineLimit(filter),
      accepts: (event) => isIncluded && includesEvent(filter.timeline, event),
    })
    const seen = page.events.toReversed()
    const first = seen[0]?.pos ?? end
    const from = isNew ? first : after
    const all = await view.source.stateChanges({ after: from - 1, before: end })
    const changes = isIn ? all : all.filter((change) => sight.sees(keyed(change)))
    // The timeline begins after the last change that it does not show, so that its own changes are the newest ones.
    const unseen =
      changes.findLast((change) => change.pos >= first && !sight.sees(keyed(change)))?.pos ?? BEGINNING
    const timeline = seen.filter(({ pos }) => pos > unseen)
    const limited = page.next !== undefined || timeline.length < seen.length
    const start = isNew || limited ? (timeline[0]?.pos ?? end) : after
    return {
      isNew,
      after,
      end,
      timeline,
      limited,
      start,
      changes: changes.filter(({ pos }) => !isNew || pos >= start),
    }
  }

  private async state(
    view: RoomView,
    scope: SyncScope,
    span: Span,
    withSpeakers = true,
  ): Promise<readonly StoredEvent[]> {
    const { filter, stateAfter, fullState } = scope
    // Who was never in the room is not shown its state.
    if (view.sight.leftAt < 0 || !includesRoom(filter.state, view.room.roomId)) return []
    const isFull = span.isNew || fullState
    const changed = await this.changedState(view, scope, span)
    const others = isFull
      ? await this.wholeState(view, scope, span)
      : withSpeakers
        ? await this.speakers(view, scope, span)
        : []
    const keys = new Set(changed.map(({ type, stateKey }) => keyOf(type, stateKey)))
    const found = [...changed, ...others.filter(({ type, stateKey }) => !keys.has(keyOf(type, stateKey)))]
    const inTimeline = new Set(stateAfter ? [] : span.timeline.map(({ pos }) => pos))
    return found
      .filter((event) => !inTimeline.has(event.pos) && includesEvent(filter.state, event))
      .toSorted((one, other) => one.pos - other.pos)
  }

  /** All state: before the timeline, or after it. */
  private async wholeState(view: RoomView, scope: SyncScope, span: Span): Promise<readonly StoredEvent[]> {
    const { room, reader, source } = view
    const at = Math.min((scope.stateAfter ? span.end : span.start) - 1, view.sight.leftAt)
    if (!scope.filter.state.lazyMembers) return source.stateAt(at)
    this.deps.memory.forget(scope.device, room.channelId)
    const heroes = await this.heroes(view)
    const members = new Set([...span.timeline.map(({ sender }) => sender), ...heroes, reader.userId])
    const [others, needed] = await Promise.all([
      source.stateAt(at, { notTypes: [MEMBER] }),
      source.stateAt(at, { types: [MEMBER], stateKeys: [...members] }),
    ])
    return [...others, ...needed]
  }

  /** The keys that changed since the last answer: before the timeline, or in it too. */
  private async changedState(view: RoomView, scope: SyncScope, span: Span): Promise<readonly StoredEvent[]> {
    const shown = new Set(span.timeline.map(({ pos }) => pos))
    const shownKeys = new Set(span.timeline.map(({ type, stateKey }) => keyOf(type, stateKey)))
    const wanted = new Map<string, number>()
    for (const { type, stateKey, pos, eventPos } of span.changes) {
      const key = keyOf(type, stateKey)
      // The timeline says what changes in it, except what its filter leaves out.
      const isTold = pos >= span.start && !scope.stateAfter && (shown.has(pos) || shownKeys.has(key))
      if (isTold) continue
      if (eventPos === null) wanted.delete(key)
      else wanted.set(key, eventPos)
    }
    return view.source.eventsAtPositions([...wanted.values()])
  }

  /** With lazy members: the member events of those who wrote the timeline and whose event the device does not have. */
  private async speakers(view: RoomView, scope: SyncScope, span: Span): Promise<readonly StoredEvent[]> {
    const missing = this.missing(view, scope, span)
    if (missing.size === 0) return []
    return view.source.stateAt(span.end - 1, { types: [MEMBER], stateKeys: [...missing] })
  }

  private missing({ room }: RoomView, { filter, device, since }: SyncScope, span: Span): Set<string> {
    if (!filter.state.lazyMembers || !since || !includesRoom(filter.state, room.roomId)) return new Set()
    const { channelId } = room
    const changed = new Set(span.changes.flatMap(({ type, stateKey }) => (type === MEMBER ? [stateKey] : [])))
    const isKnown = (userId: string) =>
      !filter.state.redundantMembers && this.deps.memory.has(device, channelId, userId, since)
    return new Set(
      span.timeline.map(({ sender }) => sender).filter((sender) => !changed.has(sender) && !isKnown(sender)),
    )
  }

  private remember(
    { room }: RoomView,
    { filter, device, since, now }: SyncScope,
    sent: readonly StoredEvent[],
  ): void {
    if (!filter.state.lazyMembers) return
    const members = sent.flatMap(({ type, stateKey }) =>
      type === MEMBER && stateKey !== null ? [stateKey] : [],
    )
    const place = { seq: now.projected, mx: now.mx }
    this.deps.memory.note(device, room.channelId, members, { since, place })
  }

  private async summary(view: RoomView): Promise<JsonObject> {
    return summaryOf(this.deps.core.reads.matrix(), view)
  }

  private async heroes(view: RoomView): Promise<readonly string[]> {
    const { 'm.heroes': heroes = [] } = (await this.summary(view)) as { 'm.heroes'?: readonly string[] }
    return heroes
  }
}

/** The types of state that a summary follows from. */
const SUMMARISED: ReadonlySet<string> = new Set([
  MEMBER,
  'm.room.name',
  'm.room.canonical_alias',
  'io.element.functional_members' satisfies ServiceMembers,
])

function isInRoom({ sight }: RoomView, now?: Now): boolean {
  return (now ? sight.membershipAt(now.end - 1) : sight.membership) === 'join'
}

function isSummed({ isNew, changes }: Span): boolean {
  return isNew || changes.some(({ type }) => SUMMARISED.has(type))
}

/** Returns how many events of a room an answer has at most. */
export function timelineLimit({ timeline: { limit } }: SyncFilter): number {
  return Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT)
}

function keyOf(type: string, stateKey: string | null): string {
  return stateKey === null ? '' : `${type}\0${stateKey}`
}

/** A change of the state as visibility is judged. */
function keyed({ pos, type, stateKey }: StateChange) {
  return { pos, type, state_key: stateKey }
}
