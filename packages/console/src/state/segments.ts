// The messages of a channel or thread that are in memory, as stretches without holes. It knows ids and places only.

/** A message by its place in the log. */
export interface Entry {
  readonly id: string
  readonly seq: number
}

/** A stretch of the log: it has every message between its first and its last one. */
export interface Segment {
  readonly entries: readonly Entry[]
  /** Where the page before it ends; null at the beginning of what the server keeps. */
  readonly older: string | null
  /** Where the page after it begins; null for the live one, which has everything up to now. */
  readonly newer: string | null
}

/** From where a stretch has everything: at the beginning of the log, also what arrives late. */
const first = ({ entries, older }: Segment) =>
  older === null ? Number.NEGATIVE_INFINITY : (entries[0]?.seq ?? Number.POSITIVE_INFINITY)
const last = ({ entries, newer }: Segment) =>
  newer === null ? Number.POSITIVE_INFINITY : (entries.at(-1)?.seq ?? Number.NEGATIVE_INFINITY)

/** Adds a stretch, and joins it with those that it overlaps. Returns the stretches by place, the live one last. */
export function withSegment(segments: readonly Segment[], added: Segment): Segment[] {
  let joined = added
  const others: Segment[] = []
  for (const segment of segments) {
    if (overlap(segment, joined)) joined = union(segment, joined)
    else others.push(segment)
  }
  // A join may have closed the hole to another one.
  if (others.length < segments.length && others.some((other) => overlap(other, joined)))
    return withSegment(others, joined)
  return [...others, joined].sort((one, other) => first(one) - first(other) || last(one) - last(other))
}

/** Puts a message in the stretch that covers its place. Returns the same list if there is none, or it is there already. */
export function withEntry(segments: readonly Segment[], entry: Entry): readonly Segment[] {
  const index = segments.findIndex((segment) => first(segment) <= entry.seq && entry.seq <= last(segment))
  const segment = segments[index]
  if (!segment || segment.entries.some(({ id }) => id === entry.id)) return segments
  const entries = merge(segment.entries, [entry])
  return segments.with(index, { ...segment, entries })
}

/**
 * Ends the live stretch at its newest message up to `heardTo`: what comes after it is not known any more, and what is there
 * may have a hole before it.
 */
export function closed(
  segments: readonly Segment[],
  heardTo: number,
  cursorOf: (id: string) => string | undefined,
): Segment[] {
  return segments.flatMap((segment) => {
    if (segment.newer !== null) return [segment]
    const entries = segment.entries.filter(({ seq }) => seq <= heardTo)
    const newest = entries.at(-1)
    const cursor = newest && cursorOf(newest.id)
    return cursor === undefined ? [] : [{ ...segment, entries, newer: cursor }]
  })
}

/** Two lists in the order of the log, each message once. */
export function merge(one: readonly Entry[], other: readonly Entry[]): Entry[] {
  const merged: Entry[] = []
  let left = 0
  let right = 0
  while (left < one.length || right < other.length) {
    const [a, b] = [one[left], other[right]]
    const next = b === undefined || (a !== undefined && a.seq <= b.seq) ? a : b
    if (next === undefined) break
    if (a?.seq === next.seq) left++
    if (b?.seq === next.seq) right++
    merged.push(next)
  }
  return merged
}

function overlap(one: Segment, other: Segment): boolean {
  if (one.newer === null && other.newer === null) return true
  return first(one) <= last(other) && first(other) <= last(one)
}

function union(one: Segment, other: Segment): Segment {
  const isOlder = first(one) <= first(other)
  const older = first(one) === first(other) ? farthest(one.older, other.older) : (isOlder ? one : other).older
  const newer =
    one.newer === null || other.newer === null ? null : (last(one) > last(other) ? one : other).newer
  return { entries: merge(one.entries, other.entries), older, newer }
}

/** Of two stretches with the same first message, that which knows of the beginning; else that which was read later. */
function farthest(one: string | null, other: string | null): string | null {
  return one === null ? null : other
}

/** The part of a stretch with at most `most` messages around those of a window, which stay. */
export function nearest(
  { entries, older, newer }: Segment,
  window: readonly Entry[],
  most: number,
  cursorOf: (id: string) => string | undefined,
): Segment {
  const from = Math.max(
    entries.findIndex(({ id }) => id === window[0]?.id),
    0,
  )
  const until = from + window.length
  const spare = Math.max(most - window.length, 0)
  const before = Math.min(from, Math.max(Math.ceil(spare / 2), spare - (entries.length - until)))
  const begin = from - before
  const end = Math.min(until + spare - before, entries.length)
  const cursor = (entry: Entry | undefined) => (entry && cursorOf(entry.id)) ?? null
  return {
    entries: entries.slice(begin, end),
    older: begin === 0 ? older : cursor(entries[begin]),
    newer: end === entries.length ? newer : cursor(entries[end - 1]),
  }
}
