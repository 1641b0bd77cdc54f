import { expect, test } from 'bun:test'
import type { Message } from '@synapse/client'
import { markdownOf } from '../../../packages/console/src/timeline/copied'
import { isReaction, readable } from '../../../packages/console/src/timeline/emoji'

test('messages that are copied together are markdown with names and times', () => {
  const message = (sender_display_name: string, body: string) =>
    ({ sender_display_name, sender_handle: 'x', created_at: '2026-03-12T13:04:05.000000Z', body }) as Message
  expect(markdownOf([message('Ada', 'one'), message('', '- two')])).toBe(
    '**Ada** 2026-03-12 13:04 UTC\n\none\n\n**x** 2026-03-12 13:04 UTC\n\n- two',
  )
})

test('a reaction is one word of at most 64 characters', () => {
  expect(['👍', 'in_progress', 'x'.repeat(64)].map(isReaction)).toEqual([true, true, true])
  expect(['', 'two words', 'x'.repeat(65), 'a\u0007'].map(isReaction)).toEqual([false, false, false, false])
  expect(readable('in_progress')).toBe('in progress')
})
