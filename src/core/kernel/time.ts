declare const micros: unique symbol

/** An instant: integer microseconds since 1970-01-01T00:00:00Z. Safe as a number until the year 2255. */
export type Micros = number & { readonly [micros]: true }

export const MICROS_PER_SECOND = 1_000_000
export const MICROS_PER_MINUTE = 60 * MICROS_PER_SECOND
export const MICROS_PER_DAY = 24 * 60 * MICROS_PER_MINUTE

/** The clock. `steady` is in milliseconds and never jumps, so waits survive a change of the calendar. */
export interface Clock {
  now(): Micros
  steady(): number
}

export function toMicros(value: number): Micros {
  // The one place that turns a plain number into an instant.
  return value as Micros
}

/** The first and last instant that RFC 3339 can express and a number can hold exactly. */
export const FIRST_INSTANT = toMicros(-62_135_596_800_000_000)
export const LAST_INSTANT = toMicros(Date.UTC(9999, 11, 31, 23, 59, 59) * 1000 + 999_968)

export function later(at: Micros, micros: number): Micros {
  return toMicros(at + micros)
}

let cachedSecond = Number.NaN
let cachedText = ''

/** Formats RFC 3339 in UTC with six fraction digits: `2026-05-07T15:56:16.123456Z`. */
export function formatInstant(at: Micros): string {
  const second = Math.floor(at / MICROS_PER_SECOND)
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toISOString().slice(0, 20)
    cachedSecond = second
  }
  return `${cachedText}${String(at - second * MICROS_PER_SECOND).padStart(6, '0')}Z`
}

const iso =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-](?:[01]\d|2[0-3])):?([0-5]\d))?)?$/

/**
 * Parses an ISO 8601 instant; undefined if it is none. Without a zone it is UTC; a date alone is its midnight. Digits
 * beyond microseconds are cut. The last microseconds of the year 9999, and instants that a zone moves outside the years
 * 1 to 9999, become the first or last instant.
 */
export function parseInstant(text: string): Micros | undefined {
  const match = iso.exec(text)
  if (!match) return undefined
  const [, day, time = '00:00:00', fraction = '', , zoneHours, zoneMinutes] = match
  const wholeMs = Date.parse(`${day}T${time}Z`)
  // Date would read a day that does not exist, such as February 30, as one in the next month.
  if (Number.isNaN(wholeMs) || !new Date(wholeMs).toISOString().startsWith(day ?? '')) return undefined
  const offsetMinutes = zoneHours
    ? Number(zoneHours) * 60 + Math.sign(Number(`${zoneHours[0]}1`)) * Number(zoneMinutes)
    : 0
  const at = wholeMs * 1000 - offsetMinutes * MICROS_PER_MINUTE + Number(fraction.padEnd(6, '0').slice(0, 6))
  return toMicros(Math.min(Math.max(at, FIRST_INSTANT), LAST_INSTANT))
}
