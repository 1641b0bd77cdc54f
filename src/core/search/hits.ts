import type { Query, Term } from './query'
import { type Word, wordsOf } from './words'

/** How well a text matches a query, and where: UTF-16 positions, sorted, without overlaps. */
export interface Hits {
  /** Between 0 and 1. */
  readonly score: number
  readonly spans: readonly Span[]
}

interface Span {
  readonly start: number
  readonly end: number
}

export interface Snippet {
  readonly text: string
  /** In code points of the text. */
  readonly highlights: readonly (readonly [start: number, length: number])[]
}

/** Occurrences of one term that are counted and highlighted. */
const COUNTED = 100
/** A text of this many words needs twice the occurrences of an empty one for the same score. */
const USUAL_WORDS = 50
const PRECISION = 10_000

/**
 * Returns the hits of a query in a text; undefined if it does not match. The score counts how often each term occurs,
 * with less weight for each further occurrence and in longer texts.
 */
export function hitsIn(text: string, { wanted, unwanted }: Query): Hits | undefined {
  const words = wordsOf(text)
  if (unwanted.some((term) => occurrences(term, words, 1).length > 0)) return undefined
  const spans: Span[] = []
  let sum = 0
  for (const term of wanted) {
    const found = occurrences(term, words, COUNTED)
    if (found.length === 0) return undefined
    sum += found.length / (found.length + 1 + words.length / USUAL_WORDS)
    spans.push(...found)
  }
  return { score: Math.round((sum / wanted.length) * PRECISION) / PRECISION, spans: merged(spans) }
}

function occurrences(term: Term, words: readonly Word[], most: number): Span[] {
  const found: Span[] = []
  const final = term.words.length - 1
  for (let at = 0; at + final < words.length && found.length < most; at++) {
    if (!occursAt(term, words, at)) continue
    const [first, last] = [words[at], words[at + final]]
    if (first && last) found.push({ start: first.start, end: last.end })
  }
  return found
}

function occursAt({ words: sought, isPrefix }: Term, words: readonly Word[], at: number): boolean {
  const exact = isPrefix ? sought.length - 1 : sought.length
  for (let i = 0; i < exact; i++) if (words[at + i]?.text !== sought[i]) return false
  return !isPrefix || words[at + exact]?.text.startsWith(sought[exact] ?? '') === true
}

function merged(spans: readonly Span[]): Span[] {
  const disjoint: Span[] = []
  for (const span of spans.toSorted((one, other) => one.start - other.start || one.end - other.end)) {
    const last = disjoint.at(-1)
    if (last && span.start < last.end)
      disjoint[disjoint.length - 1] = { start: last.start, end: Math.max(last.end, span.end) }
    else disjoint.push(span)
  }
  return disjoint
}

/** The length of a snippet and of the text before its first hit, in UTF-16 units. */
const SNIPPET = 200
const BEFORE = 60
const ELLIPSIS = '…'

/** Returns the part of a text with most hits, on one line. */
export function snippetOf(text: string, { spans }: Hits): Snippet {
  const anchor = densest(spans)
  const earliest = Math.max(0, anchor.start - BEFORE)
  const from = earliest === 0 ? 0 : wordStart(text, earliest, anchor.start)
  const latest = Math.max(from + SNIPPET, anchor.end)
  const to = latest >= text.length ? text.length : wordEnd(text, latest, anchor.end)
  const before = from > 0 ? ELLIPSIS : ''
  // Each blank is replaced by one, so positions stay.
  const shown = `${before}${text.slice(from, to).replace(/\s/g, ' ')}${to < text.length ? ELLIPSIS : ''}`
  const highlights: [number, number][] = []
  let [unit, point] = [0, 0]
  for (const { start, end } of spans) {
    if (start < from || end > to) continue
    const begin = start - from + before.length
    point += codePoints(shown.slice(unit, begin))
    unit = begin + end - start
    const length = codePoints(shown.slice(begin, unit))
    highlights.push([point, length])
    point += length
  }
  return { text: shown, highlights }
}

/** Returns the first of the spans from which a snippet shows most. */
function densest(spans: readonly Span[]): Span {
  let best: Span = { start: 0, end: 0 }
  let most = 0
  for (let first = 0, beyond = 0; first < spans.length; first++) {
    const span = spans[first]
    if (span === undefined) break
    while ((spans[beyond]?.end ?? Number.POSITIVE_INFINITY) <= span.start + SNIPPET - BEFORE) beyond++
    if (beyond - first > most || most === 0) [best, most] = [span, Math.max(beyond - first, 1)]
  }
  return best
}

/** Returns the first start of a word from a position on, or the position if there is none before `limit`. */
function wordStart(text: string, at: number, limit: number): number {
  for (let i = at; i < limit; i++) if (/\s/.test(text[i - 1] ?? '')) return i
  return isInside(text, at) ? at + 1 : at
}

/** Returns the last end of a word up to a position, or the position if there is none after `limit`. */
function wordEnd(text: string, at: number, limit: number): number {
  for (let i = at; i > limit; i--) if (/\s/.test(text[i] ?? '')) return i
  return isInside(text, at) ? at - 1 : at
}

/** Reports whether a position is between the two units of a code point. */
function isInside(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
