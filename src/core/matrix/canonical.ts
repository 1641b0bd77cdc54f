import { isWellFormed } from '../kernel/text'
import { matrixRefusal } from './errors'

/**
 * Canonical JSON of Matrix: keys in the order of their code points, no spaces, UTF-8 without needless escapes
 * (spec.matrix.org, appendices, "Canonical JSON"). The core's own canonical JSON sorts by UTF-16 units instead.
 */

/** A JSON object of unknown members. */
export type JsonObject = { readonly [key: string]: unknown }

/** Reports whether a JSON value is an object, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What JSON escapes in a string, and surrogates, which may be unpaired. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes control characters.
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/
const SURROGATE = /[\ud800-\udfff]/

/** Returns the canonical JSON of a value. Leaves out members that are undefined; writes -0 as 0. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  if (Array.isArray(value)) {
    let text = '['
    for (let i = 0; i < value.length; i++)
      text += i === 0 ? canonicalJson(value[i]) : `,${canonicalJson(value[i])}`
    return `${text}]`
  }
  let text = ''
  for (const key of sortedKeys(value)) {
    const member: unknown = (value as JsonObject)[key]
    if (member !== undefined) text += `${text === '' ? '{' : ','}${quoted(key)}:${canonicalJson(member)}`
  }
  return text === '' ? '{}' : `${text}}`
}

// Most strings need no escapes; then this is faster than JSON.stringify.
function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`
}

function sortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value)
  let isSorted = true
  let hasSurrogates = false
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? ''
    hasSurrogates ||= SURROGATE.test(key)
    isSorted &&= i === 0 || (keys[i - 1] ?? '') < key
  }
  // Without surrogates the order of UTF-16 units is that of code points.
  if (hasSurrogates) return keys.sort(byCodePoint)
  return isSorted ? keys : keys.sort()
}

/** Compares texts by code points, which is also the order of their UTF-8 bytes. */
export function byCodePoint(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let i = 0; i < length; i++) {
    const a = one.charCodeAt(i)
    const b = other.charCodeAt(i)
    // Surrogates stand for code points above all others, so they come after U+E000 to U+FFFF.
    if (a !== b) return rank(a) - rank(b)
  }
  return one.length - other.length
}

const rank = (unit: number) => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x10000 : unit)

/** Objects and arrays may be nested so deep in a request or an event. */
export const MAX_DEPTH = 100

/**
 * Parses JSON that may become the content of an event. Checks the raw text, because JSON.parse rounds numbers silently.
 * @throws m_not_json; m_bad_json for a number that is no integer or beyond ±(2^53−1), an unpaired surrogate, or a value
 *   nested deeper than MAX_DEPTH
 */
export function parseEventJson(text: string): unknown {
  const problem = problemIn(text)
  // The parser of a deeply nested text could run out of stack.
  if (problem === tooDeep) throw matrixRefusal('M_BAD_JSON', problem)
  const value = parseJson(text)
  if (problem !== undefined) throw matrixRefusal('M_BAD_JSON', problem)
  const isWhole = SURROGATE_ESCAPE.test(text) ? isWellFormed(value) : text.isWellFormed()
  if (!isWhole)
    throw matrixRefusal(
      'M_BAD_JSON',
      'The JSON contains an unpaired surrogate: send whole Unicode characters',
    )
  return value
}

const tooDeep = `The JSON is nested too deep: use at most ${MAX_DEPTH} levels`
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw matrixRefusal('M_NOT_JSON', 'The body is not valid JSON')
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d

/** Returns the first problem of depth or of a number, for text that is JSON; for other text its result means nothing. */
function problemIn(text: string): string | undefined {
  let depth = 0
  let problem: string | undefined
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === QUOTE) i = endOfString(text, i + 1)
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > MAX_DEPTH) return tooDeep
    } else if (unit === 0x7d || unit === 0x5d) depth--
    else if (unit === MINUS || (unit >= 0x30 && unit <= 0x39)) {
      const end = endOfNumber(text, i + 1)
      problem ??= problemOfNumber(text.slice(i, end))
      i = end - 1
    }
  }
  return problem
}

/** Returns the index of the quote that ends a string. */
function endOfString(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === BACKSLASH) i++
    else if (unit === QUOTE) return i
  }
  return text.length
}

const NUMBER_UNITS = '0123456789.eE+-'

function endOfNumber(text: string, from: number): number {
  let i = from
  while (i < text.length && NUMBER_UNITS.includes(text.charAt(i))) i++
  return i
}

function problemOfNumber(digits: string): string | undefined {
  if (/[.eE]/.test(digits))
    return `${digits.slice(0, 40)} is no integer: events contain integers without fraction and exponent`
  if (Number.isSafeInteger(Number(digits))) return undefined
  return `${digits.slice(0, 40)} is too large: integers of events are between -(2^53-1) and 2^53-1`
}
