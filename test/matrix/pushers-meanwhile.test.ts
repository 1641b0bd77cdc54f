// Changes during a call to a push gateway, and what the next call says of them.
import { describe, expect, test } from 'bun:test'
import { Receiver } from '../support/receiver'
import { accepts, pushScene, set, until } from './pushing'
import { receipt, say } from './unread'

/** A scene whose push gateway answers when it may. */
async function slowScene() {
  const held = Promise.withResolvers<void>()
  const scene = await pushScene(async () => {
    await held.promise
    return accepts()
  })
  return { ...scene, answer: held.resolve }
}

describe('a push gateway is told', () => {
  test('the count when something was read during a call', async () => {
    await using slow = await slowScene()
    const { receiver, rooms, ada, ben, room } = slow
    using other = new Receiver()
    other.answer = accepts
    await set(ada, receiver.url)
    await set(ada, other.url, { pushkey: 'other' })
    const event = await say(rooms, ben, room)
    await until(other, 1)
    await until(receiver, 1)
    await receipt(ada, room, event)
    expect((await until(other, 2)).at(-1)?.counts).toEqual({ unread: 0 })
    slow.answer()
    expect((await until(receiver, 2)).map(({ counts }) => counts)).toEqual([{ unread: 1 }, { unread: 0 }])
  })

  test('nothing of an event that was redacted before its turn', async () => {
    await using slow = await slowScene()
    const { receiver, rooms, ada, ben, room } = slow
    await set(ada, receiver.url)
    await say(rooms, ben, room, 'first')
    await until(receiver, 1)
    const wrong = await say(rooms, ben, room, 'wrong')
    await say(rooms, ben, room, 'right')
    expect((await rooms.redact(ben, room, wrong)).status).toBe(200)
    slow.answer()
    expect((await until(receiver, 2)).map(({ content }) => content?.body)).toEqual(['first', 'right'])
  })
})
