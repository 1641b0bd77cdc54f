import type { ActivityRow } from '../kernel/activity-ports'
import type { Projection } from '../kernel/followers'
import type { Reads } from '../kernel/ports'
import { later, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type { LogEvent, MessageEvent } from '../log/events'
import {
  LONGEST,
  noUsage,
  partOf,
  type ReportedUsage,
  slotOf,
  WINDOWS,
  type Window,
  withPost,
  withUsage,
} from './packed'

/** The most that one message may report of anything, so that sums stay exact. */
const MOST = 1e9
const MICROS_PER_DOLLAR = 1_000_000

/** Returns the projection that counts what accounts post (docs/contract/activity.md). */
export function activityCounting(now: () => Micros): Projection {
  return {
    name: 'activity',
    restMs: 1000,
    // A count may be late under load.
    busyRest: 99,
    concerns: (event) => posted(event) !== undefined,
    apply: async (tx, events) => {
      const oldest = later(now(), -LONGEST.span * LONGEST.length * MICROS_PER_SECOND)
      const messages = events.flatMap((event) => posted(event) ?? []).filter(({ at }) => at >= oldest)
      for (const window of Object.values(WINDOWS)) await tx.putActivity(await counted(tx, messages, window))
    },
  }
}

/** Returns the event of a message that counts: not one of the server itself. */
function posted(event: LogEvent): MessageEvent | undefined {
  if (event.about !== 'message' || event.type !== 'message.created') return undefined
  return event.message.message.kind === 'system' ? undefined : event
}

/** Returns the rows of one window, with these messages counted. */
async function counted(tx: Reads, events: readonly MessageEvent[], window: Window): Promise<ActivityRow[]> {
  const { span } = window
  const changed: ActivityRow[] = []
  const parts = Map.groupBy(events, ({ at }) => partOf(slotOf(at, window), window))
  for (const [part, own] of parts) {
    const messages = own.map(({ message }) => message.message)
    const stored = await tx.activityAt(
      { span, part },
      [...new Set(messages.map(({ channelId }) => channelId))],
      [...new Set(messages.map(({ senderId }) => senderId))],
    )
    const rows = new Map(stored.map((row) => [keyOf(row), row]))
    const touched = new Set<string>()
    for (const { at, message: view } of own) {
      const { seq, channelId, senderId: accountId, metadata } = view.message
      const key = keyOf({ channelId, accountId })
      const offset = slotOf(at, window) - part * window.length
      const { counts = [], usage = [] } = rows.get(key) ?? {}
      const isAgent = view.sender.kind === 'agent'
      rows.set(key, {
        ...{ span, part, channelId, accountId, isAgent },
        lastSeq: seq,
        counts: withPost(counts, offset),
        usage: withUsage(usage, offset, usageIn(metadata)),
      })
      touched.add(key)
    }
    changed.push(...[...rows].flatMap(([key, row]) => (touched.has(key) ? row : [])))
  }
  return changed
}

function keyOf({ channelId, accountId }: Pick<ActivityRow, 'channelId' | 'accountId'>): string {
  return `${channelId} ${accountId}`
}

/** Returns what `metadata.usage` reports. What is no number of a sensible size is left out. */
function usageIn({ usage }: Readonly<Record<string, unknown>>): ReportedUsage {
  if (typeof usage !== 'object' || usage === null) return noUsage
  const reported = usage as Readonly<Record<string, unknown>>
  const read = (key: string, factor = 1) => {
    const value = reported[key]
    if (typeof value !== 'number' || !(value >= 0 && value <= MOST)) return undefined
    return Math.round(value * factor)
  }
  const [turns, inputTokens, outputTokens] = [read('turns'), read('input_tokens'), read('output_tokens')]
  const costMicros = read('cost_usd', MICROS_PER_DOLLAR)
  const all = [turns, inputTokens, outputTokens, costMicros]
  if (all.every((value) => value === undefined)) return noUsage
  return {
    reports: 1,
    turns: turns ?? 0,
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    costMicros: costMicros ?? 0,
  }
}
