/** Code points that a message may have, and from which on they are counted on the page. */
const MOST_POINTS = 16_000
const COUNTED_FROM = 15_000

/** Lines of a pasted text from which on it is offered as a file. */
const MANY_LINES = 60

export interface Count {
  /** Code points that may still be written; below 0 the text is too long. */
  readonly left: number
  readonly isOver: boolean
}

/** Counts a text that is long; undefined for others. */
export function countOf(text: string): Count | undefined {
  // A code point has one or two units.
  if (text.length < COUNTED_FROM) return
  const points = pointsOf(text)
  if (points < COUNTED_FROM) return
  return { left: MOST_POINTS - points, isOver: points > MOST_POINTS }
}

function pointsOf(text: string): number {
  let points = 0
  for (const _ of text) points++
  return points
}

/** Says how many lines a pasted text has, if they are many. */
export function manyLines(pasted: string): number | undefined {
  const lines = pasted.replace(/\r?\n$/, '').split('\n').length
  return lines > MANY_LINES ? lines : undefined
}

/** Takes a pasted text out again. Returns undefined if the text has changed since. */
export function withoutPasted(text: string, pasted: string): string | undefined {
  // A field has no carriage returns.
  const inserted = pasted.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  const at = text.lastIndexOf(inserted)
  return at === -1 ? undefined : text.slice(0, at) + text.slice(at + inserted.length)
}
