import { expect, test } from 'bun:test'
import { lineOf } from '../../src/cli/lib/progress'

const step = { phase: 'copying', table: 'messages', done: 250_000, total: 1_000_000 }

test('a line says what is under way, how far it is, how fast it goes and how long it will take', () => {
  expect(lineOf(step, 150_000, 3)).toBe('copying messages, 25 %, 50,000 rows/s, 0:15 left')
  expect(lineOf({ ...step, done: 1_000_000 }, 1_000_000, 20)).toBe('copying messages, 100 %, 50,000 rows/s')
})

test('nothing is foretold from the first moment, nor divided by nothing', () => {
  expect(lineOf(step, 250_000, 0.1)).toBe('copying messages, 25 %')
  expect(lineOf({ ...step, done: 0, total: 0 }, 0, 9)).toBe('copying messages, 100 %')
})
