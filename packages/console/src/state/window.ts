// The rows that a view holds, as bounds within one stretch of messages.
import type { Entry, Segment } from './segments'

/** Rows that a view holds at most. */
export const MOST_ROWS = 300

/** Bounds by seq, both included. `high` is infinite while the window reaches to the end and grows with it. */
export interface Window {
  readonly low: number
  readonly high: number
}

/** Everything of the live stretch. */
export const wholeWindow: Window = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

/** The stretch that a window is in. */
export function stretchOf(segments: readonly Segment[], { low, high }: Window): Segment | undefined {
  if (high === Number.POSITIVE_INFINITY) return segments.find(({ newer }) => newer === null)
  return segments.find(({ entries }) => entries.some(({ seq }) => seq >= low && seq <= high))
}

/** The window with its end at the newest message and at most so many rows. */
export function atEnd(segment: Segment, rows: number): Window {
  const { length } = segment.entries
  return bounded(segment, Math.max(length - rows, 0), length - 1)
}

/** The window with so many rows on each side of a message. */
export function aroundEntry(segment: Segment, id: string, rows: number): Window {
  const at = segment.entries.findIndex((entry) => entry.id === id)
  return bounded(segment, Math.max(at - rows, 0), Math.min(at + rows, segment.entries.length - 1))
}

/** The window with so many rows more at its beginning (negative) or end, and the other end trimmed to 300. */
export function widened(segment: Segment, shown: readonly Entry[], by: number): Window {
  const { entries } = segment
  const indexOf = (entry: Entry | undefined) => entries.findIndex(({ id }) => id === entry?.id)
  let from = Math.max(indexOf(shown[0]), 0)
  let until = shown.length === 0 ? entries.length - 1 : indexOf(shown.at(-1))
  if (by < 0) {
    from = Math.max(from + by, 0)
    until = Math.min(until, from + MOST_ROWS - 1)
  } else {
    until = Math.min(until + by, entries.length - 1)
    from = Math.max(from, until - MOST_ROWS + 1)
  }
  return bounded(segment, from, until)
}

/** The window after messages came: at most 300 rows. Who keeps to the end loses the oldest ones, else they stay outside. */
export function trimmed(window: Window, shown: readonly Entry[], isFollowing: boolean): Window {
  if (shown.length <= MOST_ROWS) return window
  return isFollowing
    ? { ...window, low: shown.at(-MOST_ROWS)?.seq ?? window.low }
    : { ...window, high: shown[MOST_ROWS - 1]?.seq ?? window.high }
}

/** From one place of a stretch to another; open where nothing can come before or does come after. */
function bounded({ entries, older, newer }: Segment, from: number, until: number): Window {
  const isStart = from === 0 && older === null
  const isEnd = until === entries.length - 1 && newer === null
  return {
    low: isStart ? wholeWindow.low : (entries[from]?.seq ?? wholeWindow.low),
    high: isEnd ? wholeWindow.high : (entries[until]?.seq ?? wholeWindow.high),
  }
}
