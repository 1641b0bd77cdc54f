import { MICROS_PER_DAY, MICROS_PER_MINUTE, MICROS_PER_SECOND } from '../kernel/time'

const HOUR = 60 * MICROS_PER_MINUTE

/** Delays after failed attempts. After the last one and its attempt, a delivery is dead. */
const DELAYS = [
  MICROS_PER_SECOND,
  5 * MICROS_PER_SECOND,
  30 * MICROS_PER_SECOND,
  2 * MICROS_PER_MINUTE,
  10 * MICROS_PER_MINUTE,
  HOUR,
  6 * HOUR,
] as const
const MAX_TRIES = DELAYS.length + 1
/** Attempts after an answer that is not likely to change. */
const REFUSED_TRIES = 3
/** Answers of 4xx that pass. */
const PASSING = new Set([408, 425, 429])
const JITTER = 0.2
const LONGEST_RETRY_AFTER = HOUR

/** A delivery to a paused account is looked at again after this. */
export const PAUSED_MICROS = 5 * MICROS_PER_SECOND

/** An endpoint without a success for so long is disabled. */
export const FAILING_MICROS = 3 * MICROS_PER_DAY

export interface Failure {
  /** Null if there was no answer. */
  readonly status: number | null
  /** Microseconds that the receiver asked for in `Retry-After`. */
  readonly retryAfter: number | null
}

/**
 * Returns the delay after a failed attempt, in microseconds; null = the delivery is dead. `tries`: attempts so far, this one
 * included. `chance`: between 0 and 1.
 */
export function delayAfter({ status, retryAfter }: Failure, tries: number, chance: number): number | null {
  if (status === 410) return null
  const isRefused = status !== null && status >= 400 && status < 500 && !PASSING.has(status)
  const delay = DELAYS[tries - 1]
  if (delay === undefined || tries >= (isRefused ? REFUSED_TRIES : MAX_TRIES)) return null
  if (retryAfter !== null && (status === 429 || status === 503))
    return Math.min(Math.max(retryAfter, MICROS_PER_SECOND), LONGEST_RETRY_AFTER)
  return Math.round(delay * (1 - JITTER + 2 * JITTER * chance))
}

/** Reads `Retry-After`: seconds or a date. Returns microseconds; null if it is neither. `now` in microseconds. */
export function retryAfterOf(text: string | undefined, now: number): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * MICROS_PER_SECOND
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at * 1000 - now)
}
