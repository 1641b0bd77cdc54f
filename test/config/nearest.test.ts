import { expect, test } from 'bun:test'
import { editDistance, nearest } from '../../src/config/nearest'

const distances: [string, string, number][] = [
  ['', '', 0],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['abc', 'abc', 0],
  ['abc', 'abd', 1],
  ['abc', 'ac', 1],
  ['abc', 'xabc', 1],
  ['kitten', 'sitting', 3],
  ['PROT', 'PORT', 2],
]
test.each(distances)('the edit distance from %p to %p is %p', (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits)
  expect(editDistance(to, from)).toBe(edits)
})

test('the nearest name is the first one with the smallest edit distance', () => {
  expect(nearest('b', ['xyz', 'a', 'c'])).toBe('a')
  expect(nearest('b', [])).toBeUndefined()
})
