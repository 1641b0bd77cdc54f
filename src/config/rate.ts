import { InvalidValue } from './config-error'

/** So many attempts in so many seconds. */
export interface Rate {
  readonly count: number
  readonly seconds: number
}

/** Reads `n/seconds`; null for `off`. @throws InvalidValue */
export function parseRate(text: string): Rate | null {
  const lower = text.trim().toLowerCase()
  if (lower === 'off') return null
  const [, count, seconds] = /^(\d{1,6})\/(\d{1,5})$/.exec(lower) ?? []
  const rate = { count: Number(count), seconds: Number(seconds) }
  if (rate.count >= 1 && rate.seconds >= 1) return rate
  throw new InvalidValue('must be <number>/<seconds> or off', 'write for example 10/300: ten in five minutes')
}

/** The one spelling of a rate. @throws InvalidValue */
export function canonicalRate(text: string): string {
  const rate = parseRate(text)
  return rate === null ? 'off' : `${rate.count}/${rate.seconds}`
}
