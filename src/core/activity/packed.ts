import type { ActivityRow } from '../kernel/activity-ports'
import { MICROS_PER_SECOND, type Micros } from '../kernel/time'

/** The windows that are shown: the length of a stretch of time in seconds, and how many there are. */
export const WINDOWS = {
  '1h': { span: 60, length: 60 },
  '24h': { span: 1800, length: 48 },
  '7d': { span: 7200, length: 84 },
} as const
export type WindowName = keyof typeof WINDOWS
export type Window = (typeof WINDOWS)[WindowName]

/** The window of the longest memory. */
export const LONGEST = WINDOWS['7d']

/** What messages report of the programs that wrote them, added up. */
export interface ReportedUsage {
  /** How many messages report. */
  readonly reports: number
  readonly turns: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** In millionths of a dollar. */
  readonly costMicros: number
}

export const noUsage: ReportedUsage = { reports: 0, turns: 0, inputTokens: 0, outputTokens: 0, costMicros: 0 }

/** Adds two reports. */
export function added(one: ReportedUsage, other: ReportedUsage): ReportedUsage {
  return {
    reports: one.reports + other.reports,
    turns: one.turns + other.turns,
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costMicros: one.costMicros + other.costMicros,
  }
}

/** Returns the number of the stretch of time that an instant is in, counted since 1970. */
export function slotOf(at: Micros, { span }: Pick<Window, 'span'>): number {
  return Math.floor(at / (span * MICROS_PER_SECOND))
}

/** Returns the number of the row's part of time that a stretch is in. */
export function partOf(slot: number, { length }: Pick<Window, 'length'>): number {
  return Math.floor(slot / length)
}

/** Returns the counts with one message more in a stretch, which is that of the last pair or a later one, mostly. */
export function withPost(counts: readonly number[], offset: number): readonly number[] {
  for (let i = counts.length - 2; i >= 0; i -= 2)
    if (counts[i] === offset) return counts.with(i + 1, (counts[i + 1] ?? 0) + 1)
  return [...counts, offset, 1]
}

/** Numbers of one stretch in `usage`: the stretch, and what is reported in it. */
const FIELDS = 6

export function withUsage(
  packed: readonly number[],
  offset: number,
  usage: ReportedUsage,
): readonly number[] {
  if (usage.reports === 0) return packed
  let at = packed.length
  for (let i = 0; i < packed.length; i += FIELDS) if (packed[i] === offset) at = i
  const sum = added(usageAt(packed, at), usage)
  const { reports, turns, inputTokens, outputTokens, costMicros } = sum
  return packed.toSpliced(at, FIELDS, offset, reports, turns, inputTokens, outputTokens, costMicros)
}

function usageAt(packed: readonly number[], at: number): ReportedUsage {
  const [, reports = 0, turns = 0, inputTokens = 0, outputTokens = 0, costMicros = 0] = packed.slice(
    at,
    at + FIELDS,
  )
  return { reports, turns, inputTokens, outputTokens, costMicros }
}

/** Adds the counts of a row to a series of successive stretches that begins with `from`. */
export function addTo(
  series: number[],
  { part, counts }: ActivityRow,
  from: number,
  { length }: Window,
): void {
  const start = part * length - from
  for (let i = 0; i < counts.length; i += 2) {
    const place = start + (counts[i] ?? 0)
    if (place >= 0 && place < length) series[place] = (series[place] ?? 0) + (counts[i + 1] ?? 0)
  }
}

/** Returns what a row reports in the stretches from `from` on. */
export function usageFrom({ part, usage }: ActivityRow, from: number, { length }: Window): ReportedUsage {
  const start = part * length - from
  let sum = noUsage
  for (let i = 0; i < usage.length; i += FIELDS)
    if (start + (usage[i] ?? 0) >= 0) sum = added(sum, usageAt(usage, i))
  return sum
}
