import { expect, test } from 'bun:test'
import type { Message } from '@synapse/client'
import { Store } from '../../../packages/console/src/state/store'

test('an answer that is older than an event does not take back what the event said', async () => {
  const store = new Store()
  const root = {
    id: 'a',
    sender_id: 'x',
    sender_handle: 'ada',
    sender_display_name: 'Ada',
    body: 'old',
    reply_count: 0,
  } as Message
  const other = { ...root, id: 'b' }
  store.putMessage(root)
  store.putMessage(other)
  const answer = Promise.withResolvers<{ messages: Message[] }>()
  const reading = store.latest(() => answer.promise)
  store.messages.update('a', (message) => ({ ...message, reply_count: 1 }))
  answer.resolve({ messages: [root, { ...other, body: 'new' }] })
  const { messages } = await reading
  expect(messages.map(({ id, reply_count, body }) => [id, reply_count, body])).toEqual([
    ['a', 1, 'old'],
    ['b', 0, 'new'],
  ])
})
