import { joinedMarks, type MarkKey, type Span } from '../core/log/marks'
import type { Hint } from '../core/log/shared-log'

/**
 * Hints as texts on the bus: `<seq>`, or with marks `<seq>/<mx>/<projected>[/<keys>]`, such as `1042/86-87//a12,c7`. A
 * span is empty where nothing moved.
 */

/** Keys that take more bytes than this are left out: then the hint concerns anyone. */
const MAX_KEY_BYTES = 4000

export function formatHint({ seq, marks }: Hint): string {
  if (!marks) return String(seq)
  const numbers = `${seq}/${spanText(marks.mx)}/${spanText(marks.projected)}`
  const keys = marks.keys && [...marks.keys].join()
  return keys === null || keys.length > MAX_KEY_BYTES ? numbers : `${numbers}/${keys}`
}

/** Returns undefined for a text that is no hint. */
export function parseHint(text: string): Hint | undefined {
  const match = /^(\d{1,16})(?:\/([\d-]*)\/([\d-]*)(?:\/([acdprx\d,]*))?)?$/.exec(text)
  if (!match) return undefined
  const seq = Number(match[1])
  if (match[2] === undefined || match[3] === undefined) return { seq }
  const keys = match[4] === undefined ? null : new Set(match[4].split(',').filter(isKey))
  return { seq, marks: { mx: spanOf(match[2]), projected: spanOf(match[3]), keys } }
}

/** Returns the text of a hint that says what both of these texts say. */
export function joinedHints(one: string, other: string): string {
  const [first, second] = [parseHint(one), parseHint(other)]
  if (!first || !second) return other
  const marks = first.marks && second.marks ? joinedMarks(first.marks, second.marks) : undefined
  return formatHint({ seq: Math.max(first.seq, second.seq), marks: marks ?? first.marks ?? second.marks })
}

function spanText(span: Span | null): string {
  return span === null ? '' : `${span.after}-${span.upTo}`
}

function spanOf(text: string): Span | null {
  const match = /^(\d{1,16})-(\d{1,16})$/.exec(text)
  return match && { after: Number(match[1]), upTo: Number(match[2]) }
}

function isKey(text: string): text is MarkKey {
  return /^[acdprx]\d{1,16}$/.test(text)
}
