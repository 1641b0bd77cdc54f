import type { Core } from '../..'
import { hitsIn } from '../../search/hits'
import type { Query } from '../../search/query'
import type { JsonObject } from '../canonical'
import type { StoredEvent } from '../event-ports'
import { parsedRoomEvent } from '../events'
import { type Now, tokenOf } from './positions'
import type { RoomView } from './readers'
import type { Rendering } from './rendering'
import { formatSearchPlace, type GroupKey, type SearchCriteria, type SearchPlace } from './search-terms'
import type { Timeline } from './timeline'

const MEMBER = 'm.room.member'
/** The most events that are shown before or after a result. */
const MAX_CONTEXT = 20

/** An event that matches, in a room as its reader sees it. */
export interface Found {
  readonly view: RoomView
  readonly event: StoredEvent
  /** Between 0 and 1; higher is better. */
  readonly score: number
}

interface Answer {
  readonly criteria: SearchCriteria
  readonly query: Query
  readonly now: Now
  /** The results from the beginning of the page on. */
  readonly rest: readonly Found[]
  readonly limit: number
  readonly upTo: number
  readonly from: SearchPlace | undefined
  readonly count: number
}

/** Shows what a search has found. */
export class SearchAnswers {
  constructor(
    private readonly deps: {
      readonly core: Pick<Core, 'reads' | 'pace'>
      readonly rendering: Rendering
      readonly timeline: Timeline
    },
  ) {}

  async answer(answer: Answer): Promise<JsonObject> {
    const { criteria, query, rest, limit, from } = answer
    const page = rest.slice(0, limit)
    const count = from?.count ?? answer.count
    const placeOf = ({ event, score }: Found, group: SearchPlace['group']) =>
      formatSearchPlace(criteria, { pos: event.pos, score, upTo: answer.upTo, count, group })
    const results: JsonObject[] = []
    for (const found of page) results.push(await this.result(found, answer))
    const last = page.at(-1)
    const isMore = last !== undefined && rest.length > page.length
    const groups = criteria.groupBy.map((key) => [key, groupsOf(key, page, rest, placeOf)])
    return {
      count,
      highlights: highlightsOf(page, query),
      results,
      ...(criteria.withState ? { state: await this.states(page) } : {}),
      ...(groups.length > 0 ? { groups: Object.fromEntries(groups) } : {}),
      ...(isMore ? { next_batch: placeOf(last, from?.group) } : {}),
    }
  }

  private async result({ view, event, score }: Found, answer: Answer): Promise<JsonObject> {
    const [result] = await this.shown(view, [event])
    const { context } = answer.criteria
    return {
      rank: score,
      result,
      ...(context ? { context: await this.context(view, event, context, answer.now) } : {}),
    }
  }

  private async context(
    view: RoomView,
    event: StoredEvent,
    { before, after, withProfiles }: NonNullable<SearchCriteria['context']>,
    now: Now,
  ): Promise<JsonObject> {
    const page = (order: 'asc' | 'desc', limit: number) =>
      this.deps.timeline.page(view, {
        after: order === 'asc' ? event.pos : Number.MIN_SAFE_INTEGER,
        before: order === 'asc' ? now.end : event.pos,
        ...{ order, limit: Math.min(limit, MAX_CONTEXT), accepts: () => true },
      })
    const [{ events: earlier }, { events: later }] = [await page('desc', before), await page('asc', after)]
    const [first, last] = [earlier.at(-1) ?? event, later.at(-1) ?? event]
    return {
      start: tokenOf(first.pos, now),
      end: tokenOf(last.pos + 1, now),
      events_before: await this.shown(view, earlier),
      events_after: await this.shown(view, later),
      ...(withProfiles
        ? { profile_info: await this.profiles(view, event, [...earlier, event, ...later]) }
        : {}),
    }
  }

  /** The profiles that these users had at an event. */
  private async profiles(
    { room }: RoomView,
    { pos }: StoredEvent,
    events: readonly StoredEvent[],
  ): Promise<JsonObject> {
    const senders = [...new Set(events.map(({ sender }) => sender))]
    const members = await this.deps.core.reads
      .matrix()
      .stateAt(room.channelId, pos, { types: [MEMBER], stateKeys: senders })
    return Object.fromEntries(
      members.map((event) => {
        const { displayname, avatar_url } = parsedRoomEvent(event).pdu.content
        return [
          event.stateKey ?? '',
          {
            ...(typeof displayname === 'string' ? { displayname } : {}),
            ...(typeof avatar_url === 'string' ? { avatar_url } : {}),
          },
        ]
      }),
    )
  }

  /** The state of the rooms of these results: now, or as of the reader's leave. */
  private async states(page: readonly Found[]): Promise<JsonObject> {
    const reads = this.deps.core.reads.matrix()
    const loop = this.deps.core.pace.loop()
    const views = new Map(page.map(({ view }) => [view.room.roomId, view]))
    const states: [string, JsonObject[]][] = []
    for (const [roomId, view] of views) {
      await loop.turn()
      const { channelId } = view.room
      const events = view.sight.seesPresent
        ? await reads.stateNow(channelId)
        : await reads.stateAt(channelId, view.sight.leftAt)
      loop.did(events.length)
      states.push([roomId, await this.deps.rendering.events(view, events, { withRoomId: true })])
    }
    return Object.fromEntries(states)
  }

  private shown(view: RoomView, events: readonly StoredEvent[]): Promise<JsonObject[]> {
    return this.deps.rendering.events(view, events, { withRoomId: true, withRelations: true })
  }
}

/** Returns the text of an event that a search looks at. */
export function textOf(event: StoredEvent): string {
  const { body, name, topic } = parsedRoomEvent(event).pdu.content
  const text = event.type === 'm.room.name' ? name : event.type === 'm.room.topic' ? topic : body
  return typeof text === 'string' ? text : ''
}

/** The words of these results that match, each once. */
function highlightsOf(page: readonly Found[], query: Query): string[] {
  const words = page.flatMap(({ event }) => {
    const text = textOf(event)
    return (hitsIn(text, query)?.spans ?? []).map(({ start, end }) => text.slice(start, end).toLowerCase())
  })
  return [...new Set(words)]
}

function groupsOf(
  key: GroupKey,
  page: readonly Found[],
  rest: readonly Found[],
  placeOf: (last: Found, group: SearchPlace['group']) => string,
): JsonObject {
  const groupOf = ({ view, event }: Found) => (key === 'room_id' ? view.room.roomId : event.sender)
  const all = Map.groupBy(rest, groupOf)
  const groups = [...Map.groupBy(page, groupOf)].map(([value, found], order) => {
    const last = found.at(-1)
    const isMore = last !== undefined && (all.get(value)?.length ?? 0) > found.length
    return [
      value,
      {
        order,
        results: found.map(({ event }) => event.eventId),
        ...(isMore ? { next_batch: placeOf(last, { key, value }) } : {}),
      },
    ]
  })
  return Object.fromEntries(groups)
}
