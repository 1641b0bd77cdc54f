import { describe, expect, test } from 'bun:test'
import { formatInstant, later, MICROS_PER_DAY, parseInstant, toMicros } from '../../../src/core/kernel/time'

const at = toMicros(Date.UTC(2026, 4, 7, 15, 56, 16) * 1000 + 123_456)

describe('writing an instant', () => {
  test.each([
    [at, '2026-05-07T15:56:16.123456Z'],
    [toMicros(at - 123_456), '2026-05-07T15:56:16.000000Z'],
    [toMicros(at - 123_455), '2026-05-07T15:56:16.000001Z'],
    [toMicros(0), '1970-01-01T00:00:00.000000Z'],
    [toMicros(-1), '1969-12-31T23:59:59.999999Z'],
    [toMicros(Date.UTC(2255, 0, 1) * 1000 + 999_999), '2255-01-01T00:00:00.999999Z'],
  ])('the instant %d is written with six digits in UTC', (instant, text) => {
    expect(formatInstant(instant)).toBe(text)
    expect(parseInstant(text)).toBe(instant)
  })

  test('written instants sort like the instants', () => {
    const texts = [0, 1, 999_999, 1_000_000, 61_000_001, MICROS_PER_DAY].map((micros) =>
      formatInstant(later(at, micros)),
    )
    expect(texts.toSorted()).toEqual(texts)
  })
})

describe('reading an instant', () => {
  test.each([
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999968Z'],
    ['9999-12-31T23:59:59-23:00', '9999-12-31T23:59:59.999968Z'],
    ['0001-01-01T00:00:00+14:00', '0001-01-01T00:00:00.000000Z'],
  ])('%s is read as the nearest instant that can be written', (text, written) => {
    expect(formatInstant(parseInstant(text) ?? toMicros(0))).toBe(written)
  })

  test.each([
    ['2026-05-07T15:56:16.123456Z', 123_456],
    ['2026-05-07t15:56:16.123456z', 123_456],
    ['2026-05-07 15:56:16.123456', 123_456],
    ['2026-05-07T15:56:16', 0],
    ['2026-05-07', -(15 * 3600 + 56 * 60 + 16) * 1_000_000],
    ['2026-05-07T15:56:16.1Z', 100_000],
    ['2026-05-07T15:56:16.123Z', 123_000],
    ['2026-05-07T15:56:16.123456789Z', 123_456],
    ['2026-05-07T15:56:16.9999999Z', 999_999],
  ])('%s is read as UTC and truncated to microseconds', (text, micros) => {
    expect(parseInstant(text)).toBe(toMicros(at - 123_456 + micros))
  })

  test.each([
    '2026-05-07T15:56:16.123456+00:00',
    '2026-05-07T17:56:16.123456+02:00',
    '2026-05-07T17:56:16.123456+0200',
    '2026-05-07T12:26:16.123456-03:30',
    '2026-05-07T15:26:16.123456-00:30',
    '2026-05-08T05:41:16.123456+13:45',
  ])('%s is read with its time zone', (text) => {
    expect(parseInstant(text)).toBe(at)
  })

  test.each([
    '',
    'now',
    '2026',
    '2026-05-07T15:56',
    '2026-13-07T15:56:16Z',
    '2026-05-32T15:56:16Z',
    '2026-02-29T15:56:16Z',
    '2026-04-31T15:56:16Z',
    '2026-05-07T24:00:00Z',
    '2026-05-07T25:56:16Z',
    '2026-05-07T15:61:16Z',
    '2026-05-07T15:56:16.Z',
    '2026-05-07T15:56:16 Z',
    '2026-05-07T15:56:16+2:00',
    '2026-05-07T15:56:16+24:00',
    '2026-05-07T15:56:16+02:60',
    '02026-05-07T15:56:16Z',
    ' 2026-05-07T15:56:16Z',
    '2026-05-07T15:56:16Z\n',
  ])('%p is not an instant', (text) => {
    expect(parseInstant(text)).toBeUndefined()
  })
})
