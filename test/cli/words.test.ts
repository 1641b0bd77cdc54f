import { expect, test } from 'bun:test'
import { counted } from '../../src/cli/lib/text'

test('a count of one takes the singular, and every other count the plural', () => {
  expect(counted(1, 'older backup')).toBe('1 older backup')
  expect([0, 2, 11].map((count) => counted(count, 'message'))).toEqual([
    '0 messages',
    '2 messages',
    '11 messages',
  ])
  expect([1, 2].map((count) => counted(count, 'entry', 'entries'))).toEqual(['1 entry', '2 entries'])
})
