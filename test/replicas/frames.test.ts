import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing } from '../support/postgres'
import { twoReplicas } from '../support/replicas'
import { EventStream, LiveSocket, until } from '../support/sockets'
import { SECOND } from '../support/world'

setDefaultTimeout(120_000)

describe.skipIf(postgresMissing)('ephemeral frames with two replicas', () => {
  test('a frame reaches the readers of the other replica', async () => {
    await using replicas = await twoReplicas()
    const { one, other } = replicas
    await one.channel('room')
    const ann = await one.human('ann', { channels: { room: 'member' } })
    const bob = await one.agent('bob', { channels: { room: 'member' } })
    const { cursor } = await bob.posts('room', 'hello')
    using socket = await LiveSocket.open(other.url, ann.credential)
    await socket.subscribe(['room'], { inbox: true })
    using stream = await EventStream.open(other.url, ann.credential, { query: '?type=read.position' })
    await stream.next('hello')
    // A frame that is sent before the replicas are connected is lost, and the next one is not.
    await until('the frame', async () => {
      await ann.put('/v1/channels/room/read', { cursor })
      return socket.frames.some(({ type }) => type === 'read.position')
    })
    expect(await socket.next('read.position')).toMatchObject({ read_cursor: cursor, channel: 'room' })
    await stream.next('read.position')
  })

  test('an author hears on one replica what became of a message on the other', async () => {
    await using replicas = await twoReplicas()
    const { one, other } = replicas
    await one.channel('room')
    const ann = await one.human('ann', { channels: { room: 'member' } })
    const bob = await one.agent('bob', { channels: { room: 'member' } })
    using socket = await LiveSocket.open(other.url, ann.credential)
    await socket.subscribe(['room'], { inbox: true })
    const states = (id: string) =>
      socket.frames
        .filter(({ type, message_id }) => type === 'delivery.updated' && message_id === id)
        .map(({ deliveries }) => deliveries)
    // A frame that is sent before the replicas are connected is lost, and a later one is not.
    const seen = await until('a frame about a message that was seen', async () => {
      const { id } = await ann.posts('room', 'for @bob')
      await bob.get('/v1/inbox?order=desc')
      const told = () => {
        for (const w of [one, other]) w.clock.advance(SECOND)
        return states(id).length > 0 && id
      }
      return until('one frame', told, 1000).catch(() => undefined)
    })
    expect(states(seen)).toEqual([{ seen: 1 }])
    await bob.post('/v1/inbox/ack', { message_ids: [seen] })
    await until('the acknowledgement', async () => {
      for (const w of [one, other]) w.clock.advance(SECOND)
      await bob.posts('room', 'a commit')
      return states(seen).length > 1
    })
    expect(states(seen)).toEqual([{ seen: 1 }, { acked: 1 }])
  })
})
