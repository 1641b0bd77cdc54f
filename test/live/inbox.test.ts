import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type EventStream, type LiveSocket, until } from '../support/sockets'
import { type Person, type Room, SECOND } from '../support/world'
import { Town } from './town'

let town: Town
beforeAll(async () => {
  town = await Town.open()
})
afterAll(() => town[Symbol.asyncDispose]())

async function scene() {
  const room = await town.room()
  const ann = await town.human(room)
  return { room, ann, bob: await town.agent(room), cat: await town.agent(room) }
}

type Told = {
  readonly type: string
  readonly message: { readonly id: string; readonly body: string }
  readonly reasons?: string[]
}
/** What a connection was told, in order: events by their bodies, items with their reasons. */
const heard = (told: readonly unknown[]) =>
  (told as Told[])
    .filter(({ type }) => type === 'message.created' || type === 'message.edited' || type === 'inbox.item')
    .map(({ type, message, reasons }) =>
      type === 'inbox.item' ? `item ${message.body}: ${reasons}` : message.body,
    )
const bySocket = (socket: LiveSocket) => heard(socket.frames)
const byStream = ({ blocks }: EventStream) =>
  heard(blocks.flatMap(({ data }) => (data === undefined ? [] : JSON.parse(data))))

/** Posts one last message that everybody hears, so that all before it has arrived. */
async function end(room: Room, by: Person, ...sockets: LiveSocket[]): Promise<void> {
  const last = await by.posts(room, 'last')
  for (const socket of sockets)
    await socket.arrivals.next(
      ({ message }) => (message as Told['message'] | undefined)?.id === last.id,
      'the last message',
    )
}

describe('an acknowledgement over a socket', () => {
  test('acknowledges as a request does, by position or by message, and answers with the frame’s id', async () => {
    const { room, ann, bob } = await scene()
    const one = await ann.posts(room, `one @${bob.handle}`)
    const two = await ann.posts(room, `two @${bob.handle}`)
    using socket = await town.socket(bob)
    const failed = { type: 'ack', message_ids: [two.id], state: 'failed', note: 'no idea' }
    expect(await socket.ask(failed)).toMatchObject({ type: 'acked', acked: 1, pending: 1 })
    expect(await socket.ask({ type: 'ack', cursor: one.cursor, consumer: 'main' })).toEqual({
      type: 'acked',
      id: expect.any(String),
      position: one.cursor,
      acked: 1,
      pending: 0,
    })
    const { body } = await ann.get<{ deliveries: object[] }>(`/v1/messages/${two.id}/deliveries`)
    expect(body.deliveries).toMatchObject([{ state: 'failed', note: 'no idea' }])
  })

  test('what a request refuses is refused, and the socket stays open', async () => {
    const { room, ann, bob } = await scene()
    const other = await ann.posts(room, 'for no one')
    using socket = await town.socket(bob)
    const refusals: [object, string][] = [
      [{}, 'invalid_frame'],
      [{ cursor: 'now', message_ids: [other.id] }, 'invalid_frame'],
      [{ cursor: 'now', state: 'failed' }, 'invalid_frame'],
      [{ cursor: 'now', consumer: 'a b' }, 'invalid_frame'],
      [{ message_ids: [other.id] }, 'not_in_inbox'],
      [{ cursor: 'nonsense' }, 'invalid_cursor'],
    ]
    for (const [frame, code] of refusals)
      expect(await socket.ask({ type: 'ack', ...frame }), JSON.stringify(frame)).toMatchObject({
        type: 'error',
        code,
      })
    expect(await socket.ask({ type: 'ping' })).toMatchObject({ type: 'pong' })
  })
})

describe('inbox.item on a socket', () => {
  test('an item follows the event that notified the reader, with its seq, where inbox was asked for', async () => {
    const { room, ann, bob, cat } = await scene()
    using asking = await town.socket(bob)
    await asking.subscribe([room.slug], { inbox: true })
    using plain = await town.socket(bob)
    await plain.subscribe([room.slug])
    using other = await town.socket(cat)
    await other.subscribe([room.slug], { inbox: true })
    const one = await ann.posts(room, `one @${bob.handle}`)
    await ann.posts(room, 'two')
    await end(room, ann, asking, plain, other)
    expect(bySocket(asking)).toEqual([one.body, `item ${one.body}: mention`, 'two', 'last'])
    expect(bySocket(plain)).toEqual([one.body, 'two', 'last'])
    expect(bySocket(other)).toEqual([one.body, 'two', 'last'])
    const [event, item] = asking.frames.filter(({ seq }) => seq === one.seq)
    expect(item).toEqual({
      ...event,
      type: 'inbox.item',
      recipient: bob.handle,
      reason: 'mention',
      reasons: ['mention'],
    })
  })

  test('an item that was sent to a socket counts as notified', async () => {
    const { room, ann, bob, cat } = await scene()
    using socket = await town.socket(bob)
    await socket.subscribe([room.slug], { inbox: true })
    const one = await ann.posts(room, `one @${bob.handle} @${cat.handle}`)
    await socket.next('inbox.item')
    await until('the item is notified', async () => {
      town.world.clock.advance(SECOND)
      const { body } = await ann.get<{ summary: object }>(`/v1/messages/${one.id}/deliveries`)
      return JSON.stringify(body.summary) === JSON.stringify({ queued: 1, notified: 1 })
    })
  })

  test('a broadcast is an item for members, and not for its sender', async () => {
    const { room, ann, bob } = await scene()
    using socket = await town.socket(bob)
    await socket.subscribe(['*'], { inbox: true })
    using own = await town.socket(ann)
    await own.subscribe(['*'], { inbox: true })
    await ann.posts(room, 'hello @channel')
    await ann.posts(room, `hello @channel and @${bob.handle}`)
    await end(room, ann, socket, own)
    const both = `hello @channel and @${bob.handle}`
    expect(bySocket(socket)).toEqual([
      'hello @channel',
      'item hello @channel: broadcast',
      both,
      `item ${both}: mention,broadcast`,
      'last',
    ])
    expect(bySocket(own)).toEqual(['hello @channel', both, 'last'])
  })

  test('past items are replayed with their events, each once', async () => {
    const { room, ann, bob } = await scene()
    const first = await ann.posts(room, 'first')
    await ann.posts(room, `one @${bob.handle}`)
    const edited = await ann.posts(room, 'two')
    await ann.posts(room, 'three @channel')
    await ann.patch(`/v1/messages/${edited.id}`, { body: `two @${bob.handle}` })
    using socket = await town.socket(bob)
    await socket.subscribe([room.slug], { inbox: true, since: first.cursor })
    await socket.next('position')
    await end(room, ann, socket)
    const one = `one @${bob.handle}`
    const two = `two @${bob.handle}`
    expect(bySocket(socket)).toEqual([
      one,
      `item ${one}: mention`,
      two,
      'three @channel',
      'item three @channel: broadcast',
      two,
      `item ${two}: mention`,
      'last',
    ])
    expect(socket.frames.filter(({ type, replay }) => type === 'inbox.item' && replay === true)).toHaveLength(
      3,
    )
  })

  test('the type inbox.item alone selects items without their events', async () => {
    const { room, ann, bob } = await scene()
    using socket = await town.socket(bob)
    await socket.subscribe([room.slug], { types: ['inbox.item'] })
    await ann.posts(room, 'nothing')
    await ann.posts(room, `one @${bob.handle}`)
    await socket.next('inbox.item')
    expect(bySocket(socket)).toEqual([`item one @${bob.handle}: mention`])
  })

  test('items are not sent of channels that the reader has left', async () => {
    const { room, ann, bob } = await scene()
    using socket = await town.socket(bob)
    await socket.subscribe(['*'], { inbox: true })
    await town.world.leaves(bob, room)
    await socket.next('unsubscribed')
    await ann.posts(room, `one @${bob.handle}`)
    await socket.settle()
    expect(bySocket(socket)).toEqual([])
  })
})

describe('inbox.item in the log as events', () => {
  test('a page and a stream with the type have items after their events, in one block of ids', async () => {
    const { room, ann, bob } = await scene()
    const first = await ann.posts(room, 'first')
    await ann.posts(room, `one @${bob.handle}`)
    await ann.posts(room, 'two')
    const query = `since=${first.cursor}&channel=${room.slug}&type=inbox.item,message.created`
    const { body } = await bob.get<{ events: unknown[]; cursor: string }>(`/v1/events?${query}`)
    const expected = [`one @${bob.handle}`, `item one @${bob.handle}: mention`, 'two']
    expect(heard(body.events)).toEqual(expected)
    const only = await bob.get<{ events: unknown[] }>(`/v1/events?since=${first.cursor}&type=inbox.*`)
    expect(heard(only.body.events)).toEqual([`item one @${bob.handle}: mention`])
    using stream = await town.stream(bob, `?${query}`)
    await stream.next('inbox.item')
    await ann.posts(room, 'three @channel')
    await stream.next('inbox.item')
    expect(byStream(stream)).toEqual([...expected, 'three @channel', 'item three @channel: broadcast'])
    // An event that an item follows has no id: whoever is cut off between them receives both again.
    const told = stream.blocks.filter(({ event }) => event === 'message.created' || event === 'inbox.item')
    expect(told.map(({ id }) => id !== undefined)).toEqual([false, true, true, false, true])
  })
})
