import { describe, expect, test } from 'bun:test'
import type { Uuid } from '../../../src/core/kernel/ids'
import { parseInstant, toMicros } from '../../../src/core/kernel/time'
import { type Cursor, formatCursor, parseCursor } from '../../../src/core/log/cursors'

const epoch = '01JX8M6Z3Q5T7V9W1Y2B4D6F8H'
const id = '38a73fde-5ecb-40dc-97a0-8ddd2fb8512f'
const original =
  'MjAyNi0wNS0wN1QxNTo1NjoxNi4xMjM0NTYrMDA6MDB8MzhhNzNmZGUtNWVjYi00MGRjLTk3YTAtOGRkZDJmYjg1MTJm'

/** Base64url with padding, as clients of the earlier server may send it. */
const encode = (text: string) => Buffer.from(text).toString('base64').replace(/\+/g, '-').replace(/\//g, '_')
const moment = (at: string): Cursor => ({
  kind: 'moment',
  at: parseInstant(at) ?? toMicros(Number.NaN),
  message: id as Uuid,
})

describe('writing a position', () => {
  // Examples of the contract.
  test.each([
    [1042, 'MnwwMUpYOE02WjNRNVQ3VjlXMVkyQjRENkY4SHwxMDQy'],
    [0, 'MnwwMUpYOE02WjNRNVQ3VjlXMVkyQjRENkY4SHww'],
  ])('position %d is written as specified', (seq, text) => {
    expect(formatCursor(epoch, seq)).toBe(text)
    expect(parseCursor(text)).toEqual({ kind: 'position', epoch, seq })
  })

  test('a written position is read back, up to the largest seq', () => {
    for (const seq of [1, 9, 10, 99_999, Number.MAX_SAFE_INTEGER])
      expect(parseCursor(formatCursor(epoch, seq))).toEqual({ kind: 'position', epoch, seq })
  })

  test('a position is written in base64url without padding', () => {
    for (let seq = 0; seq < 1000; seq++) expect(formatCursor(epoch, seq)).toMatch(/^[A-Za-z0-9_-]+$/)
  })
})

describe('cursors of the earlier server', () => {
  test('a cursor of the earlier server is read as it was written', () => {
    expect(encode(`2026-05-07T15:56:16.123456+00:00|${id}`).replace(/=+$/, '')).toBe(original)
    expect(parseCursor(original)).toEqual(moment('2026-05-07T15:56:16.123456Z'))
  })

  test.each(['', '=', '==', '==='])(
    'a cursor of the earlier server is read with the padding %p',
    (padding) => {
      expect(parseCursor(original + padding)).toEqual(moment('2026-05-07T15:56:16.123456Z'))
      expect(parseCursor(formatCursor(epoch, 7) + padding)).toEqual({ kind: 'position', epoch, seq: 7 })
    },
  )

  test.each([
    ['2026-05-07T15:56:16.123456', '2026-05-07T15:56:16.123456Z'],
    ['2026-05-07 15:56:16.123456', '2026-05-07T15:56:16.123456Z'],
    ['2026-05-07T15:56:16Z', '2026-05-07T15:56:16.000000Z'],
    ['2026-05-07T17:56:16.123456+02:00', '2026-05-07T15:56:16.123456Z'],
    ['2026-05-07T10:26:16.5-05:30', '2026-05-07T15:56:16.500000Z'],
  ])('a cursor of the earlier server is read with the time %s', (written, meant) => {
    expect(parseCursor(encode(`${written}|${id}`))).toEqual(moment(meant))
  })

  test.each([id.toUpperCase(), id.replaceAll('-', '')])(
    'a cursor of the earlier server is read with the id %s',
    (written) => {
      expect(parseCursor(encode(`2026-05-07T15:56:16Z|${written}`))).toEqual(moment('2026-05-07T15:56:16Z'))
    },
  )
})

test.each(['oldest', 'now'] as const)('the word %s is a cursor', (word) => {
  expect(parseCursor(word)).toEqual({ kind: word })
})

describe('malformed cursors', () => {
  const texts: [string, string][] = [
    ['an empty text', ''],
    ['an unknown word', 'yesterday'],
    ['a known word in upper case', 'NOW'],
    ['text that is not base64', '%%%'],
    ['bytes that are not text', Buffer.from([0, 255, 254, 128]).toString('base64url')],
    ['an unknown version', encode(`3|${epoch}|5`)],
    ['a position without a seq', encode(`2|${epoch}`)],
    ['a position with extra fields', encode(`2|${epoch}|5|6`)],
    ['a negative seq', encode(`2|${epoch}|-1`)],
    ['a seq with a leading zero', encode(`2|${epoch}|05`)],
    ['a seq that is not an integer', encode(`2|${epoch}|1.5`)],
    ['a seq in other digits', encode(`2|${epoch}|1e3`)],
    ['a seq beyond 53 bits', encode(`2|${epoch}|9007199254740993`)],
    ['an epoch that is too short', encode(`2|${epoch.slice(1)}|5`)],
    ['an epoch in lower case', encode(`2|${epoch.toLowerCase()}|5`)],
    ['an epoch with a letter outside the ULID alphabet', encode('2|01JX8M6Z3Q5T7V9W1Y2B4D6F8U|5')],
    ['a time without an id', encode('2026-05-07T15:56:16Z')],
    ['a time with a broken id', encode('2026-05-07T15:56:16Z|38a73fde')],
    ['an id with a broken time', encode(`yesterday|${id}`)],
    ['an id without a time', encode(`|${id}`)],
  ]
  test.each(texts)('%s is not a cursor', (_, text) => {
    expect(parseCursor(text)).toBeUndefined()
  })
})
