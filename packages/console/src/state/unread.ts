import type { Message } from '@synapse/client'
import type { Store } from './store'
import type { Timeline } from './timeline'
import { isTopLevel } from './types'

/** Up to so many unread messages one lands on the first of them; with more, at the end. */
const MOST_TO_LAND = 200
/** The server counts so far in each channel; more are "99+". */
const COUNTED = 100
/** And so far in the one that is opened. */
export const MOST_COUNTED = 10_000

/** What is new in a channel, as it was when the channel was opened. The line stays until one leaves. */
export interface NewLine {
  /** The first new message: the line stands above it. Null if it is not known. */
  readonly firstId: string | null
  /** 1 to 10,000, which means so many or more. */
  readonly unread: number
  /** When the first one was posted. */
  readonly since: string | null
  /** Whether the view begins at the line; else at the end, with "new since" and a way there. */
  readonly isLanding: boolean
}

/** Whether a message counts as new for an account. */
function countsAsNew(message: Message, me: string): boolean {
  return isTopLevel(message) && message.sender_id !== me && message.kind !== 'system' && !message.deleted
}

/** The oldest of the last `count` messages that count as new; undefined if there are not so many. */
function firstNew(messages: readonly Message[], count: number, me: string): Message | undefined {
  return messages.filter((message) => countsAsNew(message, me)).at(-count)
}

/**
 * Opens a channel where one has to begin: shows its newest messages, or those around the first unread one. Nothing is read by
 * that. `countAll`: how many are new there. Returns the line above the first new message; null if nothing is new.
 * @throws SynapseError
 */
export async function openAtLine(
  store: Store,
  timeline: Timeline,
  countAll: () => Promise<number | undefined>,
): Promise<NewLine | null> {
  const me = store.me.peek()?.account_id ?? ''
  const channel = store.channels.peek(timeline.place.channel)
  const unread = channel?.unread ?? 0
  const isCounted = unread < COUNTED
  await timeline.toEnd(unread < 40 ? undefined : MOST_TO_LAND)
  if (unread === 0) return null
  const loaded = timeline.ids().flatMap((id) => store.messages.peek(id) ?? [])
  const nearest = isCounted ? firstNew(loaded, unread, me) : undefined
  const position = channel?.read_cursor ?? null
  const first = nearest ?? (position === null ? undefined : await timeline.firstAfter(position))
  const firstId = first?.id ?? null
  const since = first?.created_at ?? null
  if (!first) return { firstId, since, unread, isLanding: false }
  const newer = loaded.filter((message) => message.seq >= first.seq && countsAsNew(message, me)).length
  const isLoaded = loaded.some(({ id }) => id === first.id)
  if (isLoaded) return { firstId, since, unread: isCounted ? unread : newer, isLanding: true }
  if (isCounted && (await timeline.around(first.id))) return { firstId, since, unread, isLanding: true }
  return { firstId, since, unread: isCounted ? unread : ((await countAll()) ?? unread), isLanding: false }
}
