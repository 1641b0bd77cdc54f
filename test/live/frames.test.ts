import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type EventStream, type LiveSocket, until } from '../support/sockets'
import { type Fields, type Person, type Room, SECOND } from '../support/world'
import { Town } from './town'

let town: Town
beforeAll(async () => {
  town = await Town.open()
})
afterAll(() => town[Symbol.asyncDispose]())

const reads = (who: Person, room: Room, cursor: string) =>
  who.put<Fields>(`/v1/channels/${room.slug}/read`, { cursor })
const framesOf = (stream: EventStream) => stream.blocks.filter(({ event }) => event === 'read.position')

describe('frames for one account', () => {
  test('a socket with inbox gets the reading position that another connection has moved, without a place in the log', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const bob = await town.agent(room)
    const { cursor } = await bob.posts(room, 'hello')
    using phone = await town.socket(ann)
    await phone.subscribe([room.slug], { inbox: true })
    await reads(ann, room, cursor)
    const frame = await phone.next('read.position')
    expect(frame).toEqual({
      type: 'read.position',
      channel: room.slug,
      thread_id: null,
      read_cursor: cursor,
      unread: 0,
      mentions: 0,
      at: expect.any(String),
      actor: { handle: ann.handle, kind: 'human' },
    })
  })

  test('a thread that was read is told with its root', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const bob = await town.agent(room)
    const root = await bob.posts(room, 'hello')
    const reply = await bob.posts(room, `for @${ann.handle}`, { thread_id: root.id })
    await bob.posts(room, `for @${ann.handle}`)
    using phone = await town.socket(ann)
    await phone.subscribe([room.slug], { inbox: true })
    await ann.put(`/v1/channels/${room.slug}/read`, { cursor: reply.cursor, thread: reply.id })
    expect(await phone.next('read.position')).toMatchObject({
      thread_id: root.id,
      read_cursor: reply.cursor,
      unread: 2,
      mentions: 1,
    })
  })

  test('other accounts, sockets without inbox, other channels and other types get nothing', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const bob = await town.agent(room)
    const { cursor } = await bob.posts(room, 'hello')
    const elsewhere = await town.room()
    using other = await town.socket(bob)
    await other.subscribe(['*'], { inbox: true })
    using plain = await town.socket(ann)
    await plain.subscribe(['*'])
    using typed = await town.socket(ann)
    await typed.subscribe(['*'], { inbox: true, types: ['message.*'] })
    using old = await town.channelSocket(ann, room)
    await old.next('hello')
    using silent = await town.socket(ann)
    await silent.next('hello')
    using heard = await town.socket(ann)
    await heard.subscribe(['*'], { inbox: true })
    await reads(ann, room, cursor)
    await heard.next('read.position')
    await bob.posts(room, 'last')
    for (const socket of [other, plain, typed, old]) {
      await socket.next('message.created')
      expect(socket.frames.filter(({ type }) => type === 'read.position')).toEqual([])
    }
    expect(silent.frames.map(({ type }) => type)).toEqual(['hello'])
    expect(elsewhere.slug).not.toBe(room.slug)
  })

  test('a socket that has unsubscribed gets no frames any more', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const bob = await town.agent(room)
    const { cursor } = await bob.posts(room, 'hello')
    using left = await town.socket(ann)
    await left.subscribe(['*'], { inbox: true })
    await left.ask({ type: 'unsubscribe', channels: ['*'] })
    using heard = await town.socket(ann)
    await heard.subscribe(['*'], { inbox: true })
    await reads(ann, room, cursor)
    await heard.next('read.position')
    await left.ask({ type: 'ping' })
    expect(left.frames.map(({ type }) => type)).not.toContain('read.position')
  })

  test('an event stream gets frames only if its types name them, and its position stays', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const bob = await town.agent(room)
    const { cursor } = await bob.posts(room, 'hello')
    using named = await town.stream(ann, `?channel=${room.slug}&type=read.position,message.created`)
    using prefixed = await town.stream(ann, '?type=read.*')
    using everything = await town.stream(ann)
    using excluding = await town.stream(ann, '?type=read.*,message.*&exclude_self=true')
    for (const stream of [named, prefixed, everything, excluding]) await stream.next('hello')
    await reads(ann, room, cursor)
    const block = await named.next('read.position')
    expect(block.id).toBeUndefined()
    expect(JSON.parse(block.data ?? '')).toMatchObject({ type: 'read.position', channel: room.slug })
    await prefixed.next('read.position')
    await bob.posts(room, 'last')
    for (const stream of [named, everything, excluding])
      await until('the last message', () => stream.events.some(({ type }) => type === 'message.created'))
    expect([named, everything, excluding].map((stream) => framesOf(stream).length)).toEqual([1, 0, 0])
  })

  test('frames are not in the log, and a long poll does not wake for them', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const bob = await town.agent(room)
    const { cursor } = await bob.posts(room, 'hello')
    await reads(ann, room, cursor)
    const { body } = await ann.get<{ events: { type: string }[] }>(
      `/v1/events?since=${cursor}&type=read.position`,
    )
    expect(body.events).toEqual([])
  })
})

describe('delivery.updated', () => {
  const told = (socket: LiveSocket, id: string) =>
    socket.frames.filter(({ type, message_id }) => type === 'delivery.updated' && message_id === id)
  /** Lets background work run until the last frame about a message says this. */
  const says = (socket: LiveSocket, id: string, deliveries: Fields) =>
    until(JSON.stringify(deliveries), async () => {
      town.world.clock.advance(SECOND / 4)
      await socket.settle()
      await town.world.operator.get('/v1/server')
      return JSON.stringify(told(socket, id).at(-1)?.deliveries) === JSON.stringify(deliveries)
    })

  test('the author sees each state in order: seen, then acknowledged', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const bob = await town.agent(room)
    using socket = await town.socket(ann)
    await socket.subscribe([room.slug], { inbox: true })
    const { id } = await ann.posts(room, `for @${bob.handle}`)
    await bob.get('/v1/inbox')
    await says(socket, id, { seen: 1 })
    await bob.post('/v1/inbox/ack', { message_ids: [id] })
    await says(socket, id, { acked: 1 })
    expect(told(socket, id)).toEqual([
      {
        type: 'delivery.updated',
        channel: room.slug,
        message_id: id,
        deliveries: { seen: 1 },
        at: expect.any(String),
        actor: { handle: ann.handle, kind: 'human' },
      },
      expect.objectContaining({ deliveries: { acked: 1 } }),
    ])
  })

  test('the one who asks for a decision hears that it was made', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const bob = await town.agent(room)
    using socket = await town.socket(bob)
    await socket.subscribe([room.slug], { inbox: true })
    const question = { question: 'Deploy?', options: ['yes', 'no'], approvers: [ann.handle] }
    type Asked = { approval: { id: string; options: { id: string }[] }; message: { id: string } }
    const { body } = await bob.post<Asked>('/v1/approvals', { channel: room.slug, ...question })
    const { approval, message } = body
    const decision = { option: approval.options[0]?.id }
    const decided = await ann.post(`/v1/approvals/${approval.id}/decide`, decision)
    expect(decided.status, decided.text).toBe(200)
    await says(socket, message.id, { acked: 1 })
  })

  test('there is at most one a second for each message, and the last one says how it is', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const many = await Promise.all(Array.from({ length: 5 }, () => town.agent(room)))
    using socket = await town.socket(ann)
    await socket.subscribe([room.slug], { inbox: true })
    const { id } = await ann.posts(room, many.map(({ handle }) => `@${handle}`).join(' '))
    for (const agent of many) await agent.post('/v1/inbox/ack', { message_ids: [id] })
    await until('the first frame', () => told(socket, id).length > 0)
    await socket.settle()
    // No time has passed.
    expect(told(socket, id)).toHaveLength(1)
    await says(socket, id, { acked: 5 })
    expect(told(socket, id).length).toBeLessThanOrEqual(2)
  })

  test('other accounts and sockets without inbox get nothing', async () => {
    const room = await town.room()
    const ann = await town.human(room)
    const bob = await town.agent(room)
    using author = await town.socket(ann)
    await author.subscribe([room.slug], { inbox: true })
    using plain = await town.socket(ann)
    await plain.subscribe([room.slug])
    using recipient = await town.socket(bob)
    await recipient.subscribe([room.slug], { inbox: true })
    const { id } = await ann.posts(room, `for @${bob.handle}`)
    await bob.post('/v1/inbox/ack', { message_ids: [id] })
    await says(author, id, { acked: 1 })
    for (const socket of [plain, recipient]) {
      await socket.settle()
      expect(told(socket, id)).toEqual([])
    }
  })
})
