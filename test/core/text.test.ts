import { expect, test } from 'bun:test'
import { isLongerThan } from '../../src/core/text'

test.each([
  ['', 0, false],
  ['a', 0, true],
  ['abc', 3, false],
  ['abcd', 3, true],
  ['😀😀😀', 3, false],
  ['😀😀😀😀', 3, true],
  ['a😀b', 3, false],
  // A letter with a combining accent is two code points, whatever the eye sees.
  ['e\u0301', 1, true],
  // Half a pair counts as one.
  ['\ud800\ud800', 2, false],
])('%p is longer than %d code points: %p', (text, limit, longer) => {
  expect(isLongerThan(text, limit)).toBe(longer)
})

test('a long text is counted in code points, not in UTF-16 units', () => {
  expect(isLongerThan('😀'.repeat(16_000), 16_000)).toBeFalse()
  expect(isLongerThan('😀'.repeat(16_001), 16_000)).toBeTrue()
})
