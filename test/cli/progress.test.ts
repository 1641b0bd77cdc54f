import { expect, test } from 'bun:test'
import { lineOf } from '../../src/cli/lib/progress'

const step = { phase: 'copying', table: 'messages', done: 250_000, total: 1_000_000 }

test('a progress line shows the step, the percentage, the rate and the time left', () => {
  expect(lineOf(step, 150_000, 3)).toBe('copying messages, 25 %, 50,000 rows/s, 0:15 left')
  expect(lineOf({ ...step, done: 1_000_000 }, 1_000_000, 20)).toBe('copying messages, 100 %, 50,000 rows/s')
})

test('a progress line shows no rate in its first moment and never divides by zero', () => {
  expect(lineOf(step, 250_000, 0.1)).toBe('copying messages, 25 %')
  expect(lineOf({ ...step, done: 0, total: 0 }, 0, 9)).toBe('copying messages, 100 %')
})
