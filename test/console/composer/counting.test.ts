import { expect, test } from 'bun:test'
import { countOf, manyLines, withoutPasted } from '../../../packages/console/src/composer/counting'

test('a text is counted from 15,000 code points on', () => {
  expect(countOf('a'.repeat(14_999))).toBeUndefined()
  expect(countOf('a'.repeat(15_000))).toEqual({ left: 1000, isOver: false })
  expect(countOf('a'.repeat(16_000))).toEqual({ left: 0, isOver: false })
  expect(countOf('a'.repeat(16_001))).toEqual({ left: -1, isOver: true })
})

test('an emoji is one code point', () => {
  expect(countOf('😀'.repeat(10_000))).toBeUndefined()
  expect(countOf('😀'.repeat(16_000))).toEqual({ left: 0, isOver: false })
})

test('more than 60 pasted lines are many', () => {
  expect(manyLines('a\n'.repeat(60))).toBeUndefined()
  expect(manyLines('a\n'.repeat(61))).toBe(61)
  expect(manyLines('a\r\n'.repeat(61))).toBe(61)
})

test('a pasted text can be taken out of what was written around it', () => {
  expect(withoutPasted('before one\ntwo after', 'one\r\ntwo')).toBe('before  after')
  expect(withoutPasted('changed', 'one')).toBeUndefined()
})
