import type { Core } from '../..'
import { isObject, type JsonObject } from '../canonical'
import type { StoredEvent } from '../event-ports'
import { parsedRoomEvent } from '../events'
import type { ThreadSummary } from '../history-ports'
import type { MatrixReads } from '../ports'
import { isIgnored, type RoomView } from './readers'

/** The most replies of one thread that are looked at. */
const MAX_REPLIES = 5000

/** `m.relations` of an event. */
export interface Bundle {
  /** The events in it. */
  readonly events: readonly StoredEvent[]
  /** Returns it; `show` renders its events. */
  readonly shown: (show: (event: StoredEvent) => JsonObject) => JsonObject
}

/**
 * Bundled aggregations: what the events that relate to an event say of it, for the one who reads it (spec.matrix.org,
 * client-server API, "Aggregations of child events"). Events of ignored users are left out.
 */
export class Bundles {
  constructor(private readonly core: Pick<Core, 'reads'>) {}

  /** Returns the bundles of events of a room, by position; those without relations have none. */
  async of(view: RoomView, events: readonly StoredEvent[]): Promise<ReadonlyMap<number, Bundle>> {
    const { reader, room, sight, source } = view
    const positions = events.flatMap(({ pos, redactedBy, stateKey }) =>
      redactedBy === null && stateKey === null ? [pos] : [],
    )
    if (positions.length === 0) return new Map()
    const reads = this.core.reads.matrix()
    const types = await source.relationTypes(positions)
    if (types.length === 0) return new Map()
    const roots = types.flatMap(({ pos, relType }) => (relType === 'm.thread' ? [pos] : []))
    const threads = await seenThreads(reads, view, roots)
    const latest = await reads.eventsAtPositions(
      room.channelId,
      threads.map(({ latest }) => latest),
    )
    const latestAt = new Map(latest.map((event) => [event.pos, event]))
    const edits = await reads.newestEdits([...positions, ...latestAt.keys()])
    const editOf = (pos: number) => {
      const edit = edits.get(pos)
      return edit && isEdit(edit) && sight.sees(placed(edit)) ? edit : undefined
    }
    const bundles = new Map<number, Bundle>()
    const threadOf = new Map(threads.map((thread) => [thread.root, thread]))
    for (const pos of positions) {
      const edit = editOf(pos)
      const thread = threadOf.get(pos)
      const reply = thread && latestAt.get(thread.latest)
      if (!edit && !reply) continue
      const replyEdit = reply && editOf(reply.pos)
      bundles.set(pos, {
        events: [edit, reply, replyEdit].filter((event) => event !== undefined),
        shown: (show) => ({
          ...(edit ? { 'm.replace': show(edit) } : {}),
          ...(thread && reply
            ? {
                'm.thread': {
                  latest_event: withEdit(show(reply), replyEdit, show),
                  count: thread.count,
                  current_user_participated:
                    thread.participated ||
                    events.some((event) => event.pos === pos && event.sender === reader.userId),
                },
              }
            : {}),
        }),
      })
    }
    return bundles
  }
}

/** An edit has a new content; one without is ignored. */
function isEdit(event: StoredEvent): boolean {
  return isObject(parsedRoomEvent(event).pdu.content['m.new_content'])
}

function withEdit(
  shown: JsonObject,
  edit: StoredEvent | undefined,
  show: (event: StoredEvent) => JsonObject,
): JsonObject {
  if (!edit) return shown
  const unsigned = isObject(shown['unsigned']) ? shown['unsigned'] : {}
  return { ...shown, unsigned: { ...unsigned, 'm.relations': { 'm.replace': show(edit) } } }
}

/** Returns an event as visibility is judged. */
export function placed({ pos, type, stateKey }: Pick<StoredEvent, 'pos' | 'type' | 'stateKey'>) {
  return { pos, type, ...(stateKey === null ? {} : { state_key: stateKey }) }
}

/**
 * Returns the threads of these roots as their reader sees them; roots without replies that it sees are left out. Most
 * readers see everything, so that the store can count.
 */
export async function seenThreads(
  reads: MatrixReads,
  view: RoomView,
  roots: readonly number[],
): Promise<ThreadSummary[]> {
  const { reader, sight } = view
  if (sight.seesAll) return reads.threadsOf(roots, { userId: reader.userId, ignored: [...reader.ignored] })
  const threads: ThreadSummary[] = []
  for (const root of roots) {
    const replies = await reads.eventsRelatedTo(root, {
      ...{ after: Number.MIN_SAFE_INTEGER, before: Number.MAX_SAFE_INTEGER },
      ...{ order: 'desc', limit: MAX_REPLIES, relType: 'm.thread' },
    })
    const seen = replies.filter(
      (event) => event.redactedBy === null && !isIgnored(reader, event) && sight.sees(placed(event)),
    )
    const [latest] = seen
    if (!latest) continue
    const participated = seen.some(({ sender }) => sender === reader.userId)
    threads.push({ root, count: seen.length, latest: latest.pos, participated })
  }
  return threads
}
