import { UsageError } from './cli-error'

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Keeps the year of the resulting date at four digits, which every parser reads. */
const MOST_MS = 36_500 * 86_400_000

/** Parses a duration such as `30d`, `12h` or `1d12h` into milliseconds. @throws UsageError naming `flag` */
export function parseDuration(text: string, flag: string): number {
  const parts = [
    ...text
      .trim()
      .toLowerCase()
      .matchAll(/(\d{1,9})([smhdw])/g),
  ]
  const total = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_MS[unit] ?? 0), 0)
  if (total > MOST_MS) throw new UsageError(`${flag} must be at most 100 years (36500d)`)
  if (total > 0 && parts.map(([part]) => part).join('') === text.trim().toLowerCase()) return total
  throw new UsageError(`${flag} must be a duration such as 30d, 12h or 45m`)
}

/** Returns a time as it is given, or the time that was so long ago, such as `90d`. @throws UsageError naming `flag` */
export function timeOrAgo(text: string, flag: string): string {
  if (!/^(\d+[smhdw])+$/i.test(text)) return text
  return new Date(Date.now() - parseDuration(text, flag)).toISOString()
}

/** Parses a whole number of seconds from 1 to `most`. @throws UsageError naming `flag` */
export function parseSeconds(text: string, flag: string, most: number): number {
  const seconds = /^\d{1,6}$/.test(text.trim()) ? Number(text) : 0
  if (seconds >= 1 && seconds <= most) return seconds
  throw new UsageError(`${flag} must be a number of seconds from 1 to ${most}`)
}
