import { describe, expect, test } from 'bun:test'
import { type MarkKey, OpenMarks } from '../../src/core/log/marks'
import { formatHint, joinedHints, parseHint } from '../../src/hub/hints'

/** The hints by which processes that share a log wake each other. */

const keys = (...names: MarkKey[]) => new Set(names)

describe('a hint', () => {
  test('without marks is the seq alone', () => {
    expect(formatHint({ seq: 1042 })).toBe('1042')
    expect(parseHint('1042')).toEqual({ seq: 1042 })
  })

  test('with marks names both counters and whom they concern', () => {
    const marks = { mx: { after: 86, upTo: 87 }, projected: null, keys: keys('a12', 'c7') }
    expect(formatHint({ seq: 1042, marks })).toBe('1042/86-87//a12,c7')
    expect(parseHint('1042/86-87//a12,c7')).toEqual({ seq: 1042, marks })
  })

  test('that concerns anyone has no keys, and so has one with too many', () => {
    const projected = { after: 1, upTo: 2 }
    expect(formatHint({ seq: 2, marks: { mx: null, projected, keys: null } })).toBe('2//1-2')
    expect(parseHint('2//1-2')?.marks?.keys).toBeNull()
    const many = new Set(Array.from({ length: 2000 }, (_, n): MarkKey => `c${n}`))
    expect(formatHint({ seq: 2, marks: { mx: null, projected, keys: many } })).toBe('2//1-2')
  })

  test.each(['', 'x', '-1', '1/', '1/2', '1.5'])('is not %p', (text) => {
    expect(parseHint(text)).toBeUndefined()
  })

  test('joined with another says what both say', () => {
    expect(joinedHints('5', '6')).toBe('6')
    expect(joinedHints('7/1-2//a1', '6')).toBe('7/1-2//a1')
    expect(joinedHints('5/1-2//a1', '6/2-4/3-5/c2')).toBe('6/1-4/3-5/a1,c2')
    expect(joinedHints('5/1-2/', '6/2-4//c2')).toBe('6/1-4/')
  })
})

test('marks are gathered once', () => {
  const marks = new OpenMarks()
  expect(marks.take()).toBeUndefined()
  marks.raised(5, ['a1'])
  marks.raised(6, ['c2'])
  marks.moved(10, 12, ['c2', 'c3'])
  expect(marks.take()).toEqual({
    mx: { after: 4, upTo: 6 },
    projected: { after: 10, upTo: 12 },
    keys: keys('a1', 'c2', 'c3'),
  })
  expect(marks.take()).toBeUndefined()
})
