import { describe, expect, test } from 'bun:test'
import { SynapseError } from '@synapse/client'
import { ageOf, clockOf, dayOf, fieldDayOf, leftOf, longDayOf } from '../../../packages/console/src/ui/clock'
import { initialsOf } from '../../../packages/console/src/ui/initials'
import { wordsOf } from '../../../packages/console/src/ui/words'

const at = (text: string) => new Date(`2026-03-12T${text}`)

describe('times', () => {
  test('a time of day has the hours that one prefers', () => {
    expect([clockOf(at('13:04:59'), '24'), clockOf(at('13:04:59'), '12')]).toEqual(['13:04', '1:04 pm'])
    expect([clockOf(at('00:05:00'), '24'), clockOf(at('00:05:00'), '12')]).toEqual(['00:05', '12:05 am'])
  })

  test('a day has its year if that is another one', () => {
    expect(dayOf(at('13:00:00'), at('20:00:00'))).toBe('12 Mar')
    expect(dayOf(new Date('2025-03-12T13:00:00'), at('20:00:00'))).toBe('12 Mar 2025')
  })

  test('today and yesterday have words', () => {
    const now = at('00:10:00')
    expect(longDayOf(at('23:59:00'), now)).toBe('Today')
    expect(longDayOf(new Date('2026-03-11T23:59:00'), now)).toBe('Yesterday')
    expect(longDayOf(new Date('2026-03-10T12:00:00'), now)).toBe('Tuesday 10 March')
  })

  test.each([
    ['Pacific/Kiritimati', '2026-03-13'],
    ['America/St_Johns', '2026-03-12'],
  ])('in %s a date field has the day that it is there', (zone, day) => {
    const { TZ } = process.env
    try {
      process.env.TZ = zone
      expect(fieldDayOf(new Date('2026-03-12T12:00:00Z'))).toBe(day)
      expect(fieldDayOf(new Date('2026-03-13T01:00:00Z'))).toBe(day)
    } finally {
      process.env.TZ = TZ ?? 'Etc/UTC'
    }
  })

  test.each([
    [0, 'now'],
    [59_999, 'now'],
    [120_000, '2 min'],
    [3 * 3_600_000, '3 h'],
    [5 * 86_400_000, '5 days'],
  ])('an age of %d ms is %s', (duration, words) => expect(ageOf(duration)).toBe(words))

  test.each([
    [-5, '0:00'],
    [1, '0:01'],
    [252_000, '4:12'],
    [3_852_000, '1:04:12'],
  ])('%d ms are left: %s', (duration, words) => expect(leftOf(duration)).toBe(words))
})

test.each([
  ['Ada Lovelace', 'human', 'A'],
  ['élan', 'human', 'É'],
  ['builder-2', 'agent', 'b2'],
  ['scout', 'agent', 'sc'],
  ['x', 'agent', 'x'],
  ['…', 'agent', '?'],
])('the avatar of %s (%s) shows %s', (name, kind, shown) => expect(initialsOf(name, kind)).toBe(shown))

describe('what an error says', () => {
  test('a refusal names its rule, and what mends it', () => {
    const body = { gate: 'scope', fix: 'Ask for a token with channel:*:post.', request_id: '01a' }
    const error = new SynapseError({
      status: 403,
      code: 'missing_scope',
      detail: 'The token lacks a scope',
      body,
    })
    expect(wordsOf(error)).toEqual({
      title: 'You may not do this',
      detail: 'The token lacks a scope. The rule that refuses it: scope. (missing_scope)',
      fix: 'Ask for a token with channel:*:post.',
      requestId: '01a',
    })
  })

  test('no answer is said as such, and a fault of the page with its message', () => {
    expect(wordsOf(new SynapseError({ status: 0, code: 'network', detail: 'x' })).title).toBe(
      'The server cannot be reached',
    )
    expect(wordsOf(new TypeError('x is undefined'))).toEqual({
      title: 'This page failed',
      detail: 'x is undefined',
    })
  })
})
