import { describe, expect, test } from 'bun:test'
import { beginningOf, SliceSize } from '../../../src/core/kernel/slice-size'

const length = (text: string) => text.length

describe('the beginning of a slice', () => {
  test('it ends before the row that makes it longer than 20,000 characters', () => {
    const [long, short] = ['x'.repeat(16_000), 'y'.repeat(4000)]
    expect(beginningOf([long, short, 'z'], length)).toEqual([long, short])
    expect(beginningOf([short, long, 'z'], length)).toEqual([short, long])
    expect(beginningOf([long, long], length)).toEqual([long])
  })

  test('it has at least one row, and all of them if they fit', () => {
    const huge = 'x'.repeat(50_000)
    expect(beginningOf([huge, 'y'], length)).toEqual([huge])
    expect(beginningOf(['x', 'y'], length)).toEqual(['x', 'y'])
    expect(beginningOf([], length)).toEqual([])
  })
})

test('a slice that takes too long makes the next one smaller, and a quick one makes it larger, within bounds', () => {
  let now = 0
  const size = new SliceSize({ steady: () => now })
  const taking = (milliseconds: number) => {
    const slice = size.slice()
    now += milliseconds
    slice.end()
    return size.limit
  }
  expect([taking(1), taking(1), taking(1), taking(1)]).toEqual([50, 100, 200, 400])
  expect([taking(1), taking(1), taking(1), taking(1)]).toEqual([800, 1000, 1000, 1000])
  expect([taking(5), taking(9), taking(9), taking(9)]).toEqual([1000, 500, 250, 125])
  expect([taking(9), taking(9), taking(9), taking(9), taking(9)]).toEqual([62, 31, 25, 25, 25])
})
