import type { StreamEvent } from './events'
import { readValue } from './http'
import { filtersOf, type Link } from './link'
import { timing, WAIT_SECONDS } from './time'

interface Page {
  readonly events: readonly StreamEvent[]
  readonly cursor: string
  readonly has_more: boolean
}

/** Carries events in answers that the server holds until there are some. Ends when streams may be tried again. */
export async function overPolls(link: Link): Promise<void> {
  const end = Date.now() + timing.polling
  let position = await readPage(link, link.since, 0)
  while (Date.now() < end) position = await readPage(link, position, WAIT_SECONDS)
}

/** Reads a page after `since`, and returns the position after it. */
export async function readPage(link: Link, since: string | undefined, wait: number): Promise<string> {
  const { http, selection, signal } = link
  const query = { ...filtersOf(selection), since, wait, limit: 500 }
  const limit = timing.hello + wait * 1000
  const page = await http.send('GET', '/v1/events', { query, signal }, limit, readValue)
  const { events, cursor } = page as Page
  link.opened(cursor)
  // An event that notifies is followed by its item: only after both is nothing missed.
  for (const [at, event] of events.entries())
    link.event(event, events[at + 1]?.seq === event.seq ? undefined : event.cursor)
  link.position(cursor)
  return cursor
}
