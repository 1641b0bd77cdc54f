// The stretches of a timeline: whatever pages come in whatever order, none has a hole, and those that meet are joined.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  type Entry,
  merge,
  nearest,
  type Segment,
  withEntry,
  withSegment,
} from '../../../packages/console/src/state/segments'
import { MOST_ROWS, trimmed, wholeWindow, widened } from '../../../packages/console/src/state/window'

const entry = (seq: number): Entry => ({ id: `m${seq}`, seq })

/** The page of a log of `length` messages from one place to another. */
function page(length: number, from: number, to: number): Segment {
  const entries = Array.from({ length: to - from + 1 }, (_, index) => entry(from + index))
  return {
    entries,
    older: from === 1 ? null : String(from),
    newer: to === length ? null : String(to),
  }
}

const pages = fc.integer({ min: 1, max: 60 }).chain((length) => {
  const place = fc.integer({ min: 1, max: length })
  const bounds = fc.tuple(place, place).map(([a, b]) => page(length, Math.min(a, b), Math.max(a, b)))
  return fc.array(bounds, { minLength: 1, maxLength: 12 })
})

test('the stretches cover what the pages cover, in order, and no two of them touch', () => {
  fc.assert(
    fc.property(pages, (all) => {
      let segments: readonly Segment[] = []
      for (const one of all) segments = withSegment(segments, one)
      const known = segments.flatMap(({ entries }) => entries.map(({ seq }) => seq))
      const covered = new Set(all.flatMap(({ entries }) => entries.map(({ seq }) => seq)))
      expect(known).toEqual([...covered].sort((one, other) => one - other))
      for (const { entries, older, newer } of segments) {
        const [first, last] = [entries[0]?.seq ?? 0, entries.at(-1)?.seq ?? 0]
        expect(entries).toEqual(page(last, first, last).entries)
        expect(older).toBe(first === 1 ? null : String(first))
        expect(newer === null || newer === String(last)).toBe(true)
      }
      const shared = segments.slice(1).filter(({ entries }, index) => {
        const before = segments[index]?.entries.at(-1)?.seq ?? 0
        return (entries[0]?.seq ?? 0) <= before
      })
      expect(shared).toEqual([])
    }),
  )
})

test('a message of the stream goes into the live stretch, once', () => {
  let segments: readonly Segment[] = withSegment([], page(10, 8, 10))
  segments = withEntry(segments, entry(11))
  expect(withEntry(segments, entry(11))).toBe(segments)
  expect(segments.at(-1)?.entries.map(({ seq }) => seq)).toEqual([8, 9, 10, 11])
  // What is between two stretches belongs to a page that was not read.
  const apart = withSegment(segments, { entries: [entry(2), entry(3)], older: '2', newer: '3' })
  expect(withEntry(apart, entry(5))).toBe(apart)
})

test('an empty channel has an empty live stretch, which takes the first message', () => {
  const segments = withSegment([], { entries: [], older: null, newer: null })
  expect(withEntry(segments, entry(1)).at(-1)?.entries).toEqual([entry(1)])
})

test('two lists merge without doubles', () => {
  expect(merge([entry(1), entry(3)], [entry(2), entry(3), entry(4)])).toEqual([1, 2, 3, 4].map(entry))
})

test('what is kept of a long stretch surrounds the window', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(60), fc.integer({ min: 60, max: 120 }), (start, rows, most) => {
      const whole = page(400, 50, 350)
      const window = whole.entries.slice(start, start + rows)
      const kept = nearest(whole, window, most, (id) => id.slice(1))
      expect(kept.entries.length).toBeLessThanOrEqual(most)
      expect(kept.entries).toEqual(expect.arrayContaining(window))
      const first = kept.entries[0]?.seq ?? 0
      expect(kept.older).toBe(String(first))
      expect(kept.newer).toBe(String(kept.entries.at(-1)?.seq))
    }),
  )
})

test('a window moves by pages, holds at most 300 rows, and lets go of the other end', () => {
  const whole = page(1000, 1, 1000)
  const shownIn = ({ low, high }: { low: number; high: number }) =>
    whole.entries.filter(({ seq }) => seq >= low && seq <= high)
  let window = { low: 951, high: wholeWindow.high }
  for (let pages = 0; pages < 10; pages++) window = widened(whole, shownIn(window), -50)
  expect([window.low, window.high]).toEqual([451, 750])
  window = widened(whole, shownIn(window), 50)
  expect([window.low, window.high]).toEqual([501, 800])
  for (let pages = 0; pages < 4; pages++) window = widened(whole, shownIn(window), 50)
  expect([window.low, window.high]).toEqual([701, wholeWindow.high])
})

test('who keeps to the end loses the oldest rows, who reads above loses none', () => {
  const shown = page(400, 1, MOST_ROWS + 10).entries
  expect(trimmed(wholeWindow, shown, true)).toEqual({ low: 11, high: wholeWindow.high })
  expect(trimmed(wholeWindow, shown, false)).toEqual({ low: wholeWindow.low, high: MOST_ROWS })
})
