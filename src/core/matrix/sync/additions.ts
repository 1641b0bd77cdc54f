import type { JsonObject } from '../canonical'
import type { Now } from '../reading/positions'
import type { Reader } from '../reading/readers'
import type { EphemeralPosition } from './tokens'

/** What other parts of the homeserver add to the answers of `/sync`. Each is asked once for an answer. */

/** Unread events. */
export interface Unread {
  readonly notifications: number
  readonly highlights: number
}

/** Unread events of a room, in all and apart: outside of threads, and in each thread by the event id of its root. */
export interface UnreadOfRoom extends Unread {
  readonly main: Unread
  readonly threads: ReadonlyMap<string, Unread>
}

/** Knows how much a reader has not read. */
export interface UnreadCounts {
  /** Counts what is there now, in rooms that the reader is in. A room without unread events may be left out. */
  of(
    reader: Reader,
    channelIds: readonly number[],
    now: Pick<Now, 'end' | 'mx'>,
  ): Promise<ReadonlyMap<number, UnreadOfRoom>>
}

/** What is not stored and has changed since a reader was last answered: who types, and who is there. */
export interface EphemeralNews {
  readonly position: EphemeralPosition
  /** The channels in whose rooms others type than before. */
  readonly typingChannels: ReadonlySet<number>
  /** The event that says who types in a room; none if nothing changed in it. */
  typingIn(channelId: number): readonly JsonObject[]
  readonly presence: readonly JsonObject[]
  /** Whether it ends the reader's wait by itself. */
  readonly isLoud: boolean
}

export interface Ephemeral {
  readonly position: EphemeralPosition
  /** `since` is undefined for a reader that begins. */
  news(reader: Reader, since: EphemeralPosition | undefined, isInitial: boolean): Promise<EphemeralNews>
}

const NONE: Unread = { notifications: 0, highlights: 0 }

/** Returns the members of a room in an answer that say how much of it is unread. */
export function unreadJson(unread: UnreadOfRoom | undefined, apart: boolean): JsonObject {
  const shown = ({ notifications, highlights }: Unread) => ({
    highlight_count: highlights,
    notification_count: notifications,
  })
  if (!apart) return { unread_notifications: shown(unread ?? NONE) }
  return {
    unread_notifications: shown(unread?.main ?? NONE),
    unread_thread_notifications: Object.fromEntries(
      [...(unread?.threads ?? [])].map(([root, one]) => [root, shown(one)]),
    ),
  }
}
