// How far somebody has read, on /v1 and over Matrix: each side follows the other.
import { describe, expect, test } from 'bun:test'
import type { Message } from '../support/world'
import { roomPath } from './acting'
import { type MatrixClient, signIn, V3 } from './homeserver'
import { eventsOf, homeserverWorld, settled } from './projected'
import type { SyncAnswer } from './syncing'

interface ListedChannel {
  readonly slug: string
  readonly read_cursor: string | null
  readonly unread: number
  readonly mentions: number
}

/** Two people and the client of one, in a channel with messages of the other. */
async function scene() {
  const w = await homeserverWorld()
  const town = await w.channel('town', { kind: 'public' })
  const ann = await w.human('ann', { channels: { town: 'member' } })
  const ben = await w.human('ben', { channels: { town: 'member' } })
  const client = await signIn(w, ann)
  const posted: Message[] = []
  for (let i = 0; i < 4; i++) posted.push(await ben.posts(town, `message ${i} for @ann`))
  const reply = await ben.posts(town, 'in the thread, @ann', { thread_id: posted[0]?.id ?? '' })
  const events = await eventsOf(w, town)
  const ofMessage = ({ id }: Message) => {
    const found = events.find(({ content }) => (content['dev.synapse.v1'] as { id?: string })?.id === id)
    if (!found) throw new Error('the message has no event')
    return found.id
  }
  const room = `!${town.id.replaceAll('-', '')}:example.org`
  return {
    ...{ w, town, room, ann, ben, client, posted, reply, events, ofMessage },
    cursorOf: async (id: string) => {
      const { body } = await ann.get<{ messages: (Message & { cursor: string })[] }>(
        '/v1/messages?channel=town',
      )
      return body.messages.find((one) => one.id === id)?.cursor ?? ''
    },
    channel: async () => {
      const { body } = await ann.get<{ channels: ListedChannel[] }>('/v1/channels')
      const found = body.channels.find(({ slug }) => slug === 'town')
      if (!found) throw new Error('the channel is not listed')
      return found
    },
    receive: async (type: string, event: string, body: object = {}) => {
      const path = `${roomPath(room)}/receipt/${type}/${encodeURIComponent(event)}`
      const answer = await client.post(path, body)
      expect(answer.status, answer.text).toBe(200)
    },
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}

const synced = async (client: MatrixClient, room: string, since?: string) => {
  const { status, body, text } = await client.get<SyncAnswer>(
    `${V3}/sync?timeout=0${since === undefined ? '' : `&since=${since}`}`,
  )
  if (status !== 200) throw new Error(text)
  return { since: body.next_batch, room: body.rooms.join[room] }
}

const receiptsIn = ({ room }: Awaited<ReturnType<typeof synced>>) =>
  room?.ephemeral.events.filter(({ type }) => type === 'm.receipt').map(({ content }) => content) ?? []

describe('a position of /v1', () => {
  test('is the private receipt of the account, which goes forward alone', async () => {
    await using here = await scene()
    const { client, room, ann, posted, ofMessage } = here
    const { since } = await synced(client, room)
    const [, second, third] = posted.map(({ id }) => id)
    const read = async (cursor: string, more: object = {}) => {
      const answer = await ann.put('/v1/channels/town/read', { cursor, ...more })
      expect(answer.status, answer.text).toBe(200)
    }
    await read(await here.cursorOf(third ?? ''))
    const first = await synced(client, room, since)
    const event = ofMessage(posted[2] as Message)
    expect(receiptsIn(first)).toEqual([
      {
        [event]: { 'm.read.private': { '@ann:example.org': { ts: expect.any(Number), thread_id: 'main' } } },
      },
    ])
    await read(await here.cursorOf(second ?? ''))
    expect(receiptsIn(await synced(client, room, first.since))).toEqual([])

    // Back again: the room is marked as unread, until the account reads on.
    await read(await here.cursorOf(second ?? ''), { rewind: true })
    const rewound = await synced(client, room, first.since)
    expect(receiptsIn(rewound)).toEqual([])
    expect(rewound.room?.account_data.events).toEqual([
      { type: 'm.marked_unread', content: { unread: true } },
    ])
    await read('now')
    const again = await synced(client, room, rewound.since)
    expect(Object.keys(receiptsIn(again)[0] ?? {})).toEqual([ofMessage(posted[3] as Message)])
    expect(again.room?.account_data.events).toEqual([{ type: 'm.marked_unread', content: { unread: false } }])
    const other = await signIn(here.w, here.ben)
    expect(receiptsIn(await synced(other, room))).toEqual([])
  })

  test('in a thread is a receipt with the root of the thread', async () => {
    await using here = await scene()
    const { client, room, ann, posted, reply, ofMessage } = here
    const { since } = await synced(client, room)
    const root = posted[0] as Message
    const answer = await ann.put('/v1/channels/town/read', { cursor: 'now', thread: root.id })
    expect(answer.status, answer.text).toBe(200)
    expect(receiptsIn(await synced(client, room, since))).toEqual([
      {
        [ofMessage(reply)]: {
          'm.read.private': {
            '@ann:example.org': { ts: expect.any(Number), thread_id: ofMessage(root) },
          },
        },
      },
    ])
  })

  test('that is older than the room is a receipt from its first events on', async () => {
    await using w = await homeserverWorld()
    const town = await w.channel('town', { kind: 'public' })
    const set = (matrix: boolean | null) =>
      w.operator.patch(`/v1/admin/channels/${town.id}`, { settings: { matrix } })
    await set(false)
    await settled(w)
    const ann = await w.human('ann', { channels: { town: 'member' } })
    const ben = await w.human('ben', { channels: { town: 'member' } })
    await ben.posts(town, 'read')
    await ann.put('/v1/channels/town/read', { cursor: 'now' })
    await ben.posts(town, 'not read')
    await set(null)
    const events = await eventsOf(w, town)
    const room = `!${town.id.replaceAll('-', '')}:example.org`
    const [receipt] = receiptsIn(await synced(await signIn(w, ann), room))
    expect(Object.keys(receipt ?? {})).toEqual([
      events.find(({ content }) => content['body'] === 'read')?.id ?? '',
    ])
  })
})

describe('a receipt over Matrix', () => {
  test('moves the position of /v1 forward, and what notified the account is seen', async () => {
    await using here = await scene()
    const { posted, ofMessage } = here
    expect(await here.channel()).toMatchObject({ unread: 4, mentions: 5 })
    await here.receive('m.read', ofMessage(posted[1] as Message), { thread_id: 'main' })
    expect(await here.channel()).toMatchObject({ unread: 2, mentions: 3 })
    await here.receive('m.read.private', ofMessage(posted[0] as Message))
    expect(await here.channel()).toMatchObject({ unread: 2, mentions: 3 })
    const { body } = await here.ann.get<{ items: { delivery: { state: string } }[] }>('/v1/inbox?order=asc')
    expect(body.items.map(({ delivery }) => delivery.state).slice(0, 3)).toEqual(['seen', 'seen', 'queued'])
  })

  test('without a thread counts for all threads, one of a thread for that alone', async () => {
    await using here = await scene()
    const { posted, reply, ofMessage } = here
    await here.receive('m.read', ofMessage(reply), { thread_id: ofMessage(posted[0] as Message) })
    expect(await here.channel()).toMatchObject({ unread: 4, mentions: 3 })
    await here.receive('m.read', ofMessage(posted[3] as Message), { thread_id: 'main' })
    expect(await here.channel()).toMatchObject({ unread: 0, mentions: 0 })
  })

  test('at the end of the room reads everything in it', async () => {
    await using here = await scene()
    await here.receive('m.read', here.ofMessage(here.reply))
    expect(await here.channel()).toMatchObject({ unread: 0, mentions: 0 })
  })
})
