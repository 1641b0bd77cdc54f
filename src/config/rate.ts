import type { Rate } from '../core/governance/settings'
import { InvalidValue } from './config-error'

/** A limit of `count` attempts in `seconds` seconds. */
export interface Attempts {
  readonly count: number
  readonly seconds: number
}

/** Parses `<number>/<seconds>`; returns null for `off`. @throws InvalidValue */
export function parseAttempts(text: string): Attempts | null {
  const [count, seconds] = halvesOf(text) ?? []
  if (count === undefined || seconds === undefined) return null
  if (count >= 1 && seconds >= 1) return { count, seconds }
  throw new InvalidValue('must be <number>/<seconds> or off', 'write for example 10/300: ten in five minutes')
}

/** Parses `<per minute>/<burst>`; returns null for `off`. @throws InvalidValue */
export function parseRate(text: string): Rate | null {
  const [perMinute, burst] = halvesOf(text) ?? []
  if (perMinute === undefined || burst === undefined) return null
  if (perMinute >= 1 && burst >= 1) return { perMinute, burst }
  throw new InvalidValue(
    'must be <per minute>/<burst> or off',
    'write for example 600/120: 600 a minute, 120 of them at once',
  )
}

/** Returns the canonical form of a limit of attempts. @throws InvalidValue */
export function canonicalAttempts(text: string): string {
  const attempts = parseAttempts(text)
  return attempts === null ? 'off' : `${attempts.count}/${attempts.seconds}`
}

/** Returns the canonical form of a rate. @throws InvalidValue */
export function canonicalRate(text: string): string {
  const rate = parseRate(text)
  return rate === null ? 'off' : `${rate.perMinute}/${rate.burst}`
}

/** Returns the two numbers of `a/b`; zeros if the text has another form, and null for `off`. */
function halvesOf(text: string): [number, number] | null {
  const lower = text.trim().toLowerCase()
  if (lower === 'off') return null
  const [, first = 0, second = 0] = /^(\d{1,6})\/(\d{1,6})$/.exec(lower) ?? []
  return [Number(first), Number(second)]
}
