// What is not in the log: streams carry it where they are asked to, over both transports that have it.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { Stream, TransportName } from '@synapse/client'
import { Room } from './room'

setDefaultTimeout(90_000)

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

/** The types of the events until one begins with this. */
async function typesUntil(stream: Stream, end: string): Promise<string[]> {
  const types: string[] = []
  for (;;) {
    const { value: event } = await stream.next()
    if (!event) throw new Error('the stream ended')
    types.push(event.type)
    if (event.type.startsWith(end)) return types
  }
}

test.each<TransportName>(['sse', 'websocket'])(
  'over %s, presence comes to who asks for it',
  async (transport) => {
    const ann = await room.as('ann')
    const bob = await room.as('bob')
    const channels = ['general']
    await using asking = bob.stream({ channels, transport, ephemeral: true, inbox: true })
    await using quiet = bob.stream({ channels, transport, inbox: true })
    await Promise.all([asking.ready(), quiet.ready()])
    await using _ = await ann.working('a test')
    await typesUntil(asking, 'presence.')
    await ann.post('general', '@bob end')
    expect(await typesUntil(asking, 'inbox.item')).toContain('message.created')
    expect(await typesUntil(quiet, 'inbox.item')).toEqual(['message.created', 'inbox.item'])
  },
)
