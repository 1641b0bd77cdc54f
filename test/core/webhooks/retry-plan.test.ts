import { describe, expect, test } from 'bun:test'
import { delayAfter, retryAfterOf } from '../../../src/core/webhooks/retry-plan'

const SECOND = 1_000_000
const failed = (status: number | null, retryAfter: number | null = null) => ({ status, retryAfter })

describe('the delay after a failed attempt', () => {
  test('it grows to six hours, and the eighth failure is the last', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((tries) => delayAfter(failed(500), tries, 0.5))
    expect(delays).toEqual(
      [1, 5, 30, 120, 600, 3600, 21_600]
        .map((s) => s * SECOND)
        .concat([])
        .concat(null as never),
    )
  })

  test('it is spread by a fifth', () => {
    expect(delayAfter(failed(null), 2, 0)).toBe(4 * SECOND)
    expect(delayAfter(failed(null), 2, 1)).toBe(6 * SECOND)
  })

  test.each([400, 401, 403, 404, 405, 413, 422])('an answer of %i is tried three times', (status) => {
    expect([1, 2, 3].map((tries) => delayAfter(failed(status), tries, 0.5))).toEqual([
      SECOND,
      5 * SECOND,
      null,
    ])
  })

  test.each([301, 408, 425, 429, 500, 502, 503])('an answer of %i is tried eight times', (status) => {
    expect(delayAfter(failed(status), 7, 0.5)).not.toBeNull()
    expect(delayAfter(failed(status), 8, 0.5)).toBeNull()
  })

  test('410 is final', () => {
    expect(delayAfter(failed(410), 1, 0.5)).toBeNull()
  })

  test('Retry-After of 429 and 503 takes its place, between a second and an hour', () => {
    expect(delayAfter(failed(429, 90 * SECOND), 1, 0.5)).toBe(90 * SECOND)
    expect(delayAfter(failed(503, 0), 1, 0.5)).toBe(SECOND)
    expect(delayAfter(failed(503, 86_400 * SECOND), 1, 0.5)).toBe(3600 * SECOND)
    expect(delayAfter(failed(500, 90 * SECOND), 1, 0.5)).toBe(SECOND)
  })
})

test('Retry-After is seconds or a date', () => {
  const now = Date.UTC(2026, 4, 7, 12) * 1000
  expect(retryAfterOf('120', now)).toBe(120 * SECOND)
  expect(retryAfterOf('Thu, 07 May 2026 12:00:30 GMT', now)).toBe(30 * SECOND)
  expect(retryAfterOf('Thu, 07 May 2026 11:00:00 GMT', now)).toBe(0)
  expect(retryAfterOf('soon', now)).toBeNull()
  expect(retryAfterOf(undefined, now)).toBeNull()
})
