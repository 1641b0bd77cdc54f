import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { impatiently, untilJobsHave } from '../support/impatiently'
import type { EventPage } from '../support/sockets'
import {
  type Answer,
  type Fields,
  type Message,
  type Person,
  type Room,
  SECOND,
  type World,
  world,
} from '../support/world'
import { codeOf } from './refusals'

interface Purged {
  readonly messages: number
  readonly through_cursor: string
  readonly done: boolean
}

let w: World
let ann: Person
let number = 0

beforeAll(async () => {
  w = await world()
  ann = await w.agent('ann')
})
afterAll(() => w[Symbol.asyncDispose]())

/** A new channel with ann in it. */
async function room(): Promise<Room> {
  const made = await w.channel(`room${++number}`)
  await w.joins(ann, made)
  return made
}

const purges = ({ id }: Room, extent: object): Promise<Answer<Purged>> =>
  w.operator.post<Purged>(`/v1/admin/channels/${id}/purge`, extent)
const eventsOf = async (channel: Room) =>
  (await ann.get<{ events: Fields[] }>(`/v1/events?since=oldest&channel=${channel.slug}&limit=500`)).body
    .events
const remaining = async (channel: Room) =>
  (await ann.hears(channel, { before: 'now', limit: 200, include_deleted: true })).reverse()
const rows = async (table: string, where: string, ...values: number[]) =>
  (await w.sql(`SELECT * FROM ${table} WHERE ${where}`, ...values)).length

describe('a purge', () => {
  test('a purge keeps the newest messages and tells readers how far it went', async () => {
    const channel = await room()
    for (const body of ['one', 'two', 'three']) await ann.posts(channel, body)
    const { body } = await purges(channel, { keep: 1 })
    expect(body).toEqual({ messages: 2, through_cursor: expect.any(String), done: true })
    expect(await remaining(channel)).toEqual(['three'])
    expect((await eventsOf(channel)).at(-1)).toMatchObject({
      type: 'channel.purged',
      channel: channel.slug,
      through_cursor: body.through_cursor,
      count: 2,
      actor: null,
    })
  })

  test('a purge by time deletes what was posted before it', async () => {
    const channel = await room()
    await ann.posts(channel, 'old')
    w.clock.advance(10 * SECOND)
    const before = new Date(w.clock.now() / 1000).toISOString()
    w.clock.advance(SECOND)
    await ann.posts(channel, 'new')
    expect((await purges(channel, { before })).body).toMatchObject({ messages: 1, done: true })
    expect(await remaining(channel)).toEqual(['new'])
  })

  test('nothing of a purged message is left in the store', async () => {
    const channel = await room()
    const key = { 'idempotency-key': `key-${channel.slug}` }
    const headers = { authorization: `Bearer ${ann.secret}`, 'content-type': 'text/plain' }
    const upload = await fetch(`${w.url}/v1/attachments`, { method: 'POST', headers, body: 'a file' })
    const file: { id: string } = JSON.parse(await upload.text())
    const post = { channel: channel.slug, body: 'x', attachments: [file.id] }
    const { body: message } = await ann.post<Message>('/v1/messages', post, key)
    await ann.patch(`/v1/messages/${message.id}`, { body: 'edited' })
    await ann.put(`/v1/messages/${message.id}/reactions/ok`)
    const reply = await ann.posts(channel, 'reply', { reply_to: message.id })
    expect((await purges(channel, { keep: 0 })).body.messages).toBe(2)
    const seqs = [message.seq, reply.seq]
    expect(await rows('messages', 'seq IN (?, ?)', ...seqs)).toBe(0)
    expect(await rows('reactions', 'message_seq IN (?, ?)', ...seqs)).toBe(0)
    expect(await rows('attachments', 'message_seq IN (?, ?)', ...seqs)).toBe(0)
    expect((await ann.get(`/v1/attachments/${file.id}`)).status).toBe(404)
    expect(await rows('threads', 'root_seq IN (?, ?)', ...seqs)).toBe(0)
    expect(await rows('thread_members', 'root_seq IN (?, ?)', ...seqs)).toBe(0)
    expect(await rows('idempotency', 'subject IN (?, ?)', ...seqs)).toBe(0)
    const about = "(type LIKE 'message.%' OR type LIKE 'reaction.%')"
    expect(await rows('events', `subject IN (?, ?) AND ${about}`, ...seqs)).toBe(0)
    expect(await rows('purges', 'true')).toBe(0)
    expect(codeOf(await ann.get(`/v1/messages/${message.id}`))).toBe('404 message_not_found')
    expect((await ann.get<{ unread_count: number }[]>('/v1/channels')).status).toBe(200)
  })

  test('the root of a thread stays as a tombstone while a later reply remains, and goes with the last one', async () => {
    const channel = await room()
    const root = await ann.posts(channel, 'root')
    await ann.posts(channel, 'first reply', { reply_to: root.id })
    await ann.posts(channel, 'second reply', { reply_to: root.id })
    expect((await purges(channel, { keep: 1 })).body.messages).toBe(1)
    expect(await remaining(channel)).toEqual(['', 'second reply'])
    const path = `/v1/messages/${root.id}?include_deleted=true`
    expect((await ann.get<Message>(path)).body).toMatchObject({ deleted: true, reply_count: 1 })
    expect((await eventsOf(channel)).slice(-2)).toMatchObject([
      { type: 'message.deleted', message_id: root.id, by: 'retention' },
      { type: 'channel.purged', count: 1 },
    ])
    expect((await purges(channel, { keep: 0 })).body.messages).toBe(2)
    expect(await remaining(channel)).toEqual([])
  })

  test('a cursor before the purged part has expired, and the newest event is never purged', async () => {
    const channel = await room()
    const first = await ann.posts(channel, 'first')
    await ann.posts(channel, 'second')
    const { through_cursor } = (await purges(channel, { keep: 0 })).body
    const late = await ann.reads(channel, { since: first.cursor })
    expect(codeOf(late)).toBe('410 cursor_expired')
    expect(late.body).toMatchObject({ oldest_cursor: through_cursor })
    expect((await ann.reads(channel, { since: through_cursor })).status).toBe(200)
    const [newest] = await w.sql<{ type: string }>('SELECT type FROM events ORDER BY seq DESC LIMIT 1')
    expect(newest).toEqual({ type: 'channel.purged' })
  })

  test('more messages than one slice holds are purged, and each batch has its event', async () => {
    const channel = await room()
    const root = await ann.posts(channel, 'root')
    await Promise.all(Array.from({ length: 120 }, (_, i) => ann.posts(channel, `message ${i}`)))
    await ann.posts(channel, 'reply', { reply_to: root.id })
    expect((await purges(channel, { keep: 0 })).body).toMatchObject({ messages: 122, done: true })
    const counts = (await eventsOf(channel)).flatMap((event) =>
      event.type === 'channel.purged' ? event.count : [],
    )
    expect(counts.length).toBeGreaterThan(1)
    expect(counts.reduce<number>((sum, count) => sum + Number(count), 0)).toBe(122)
  })

  test('a slice of long messages has few of them', async () => {
    const channel = await room()
    for (const letter of ['a', 'b', 'c']) await ann.posts(channel, letter.repeat(15_000))
    expect((await purges(channel, { keep: 0 })).body).toMatchObject({ messages: 3, done: true })
    const purged = (await eventsOf(channel)).filter(({ type }) => type === 'channel.purged')
    expect(purged.map(({ count }) => count)).toEqual([1, 1, 1])
  })

  test('a purge that takes longer than a request waits goes on in the background', async () => {
    const channel = await room()
    await Promise.all(Array.from({ length: 300 }, (_, i) => ann.posts(channel, `message ${i}`)))
    const { body } = await impatiently(w, purges(channel, { keep: 1 }))
    expect(body.done).toBe(false)
    expect(body.messages).toBeLessThan(299)
    await untilJobsHave(w, 'purged the rest', async () => (await remaining(channel)).length === 1)
  })

  test('a legal hold that begins during a purge ends it, and keeps what is left', async () => {
    const channel = await room()
    await Promise.all(Array.from({ length: 300 }, (_, i) => ann.posts(channel, `message ${i}`)))
    const { body } = await impatiently(w, purges(channel, { keep: 0 }))
    expect(body.done).toBe(false)
    await w.operator.patch(`/v1/admin/channels/${channel.id}`, { settings: { legal_hold: true } })
    const left = await remaining(channel)
    await untilJobsHave(w, 'ended it', async () => (await rows('purges', 'true')) === 0)
    expect(left.length).toBeGreaterThan(0)
    expect(await remaining(channel)).toEqual(left)
  })

  test('a dry run counts and deletes nothing', async () => {
    const channel = await room()
    const root = await ann.posts(channel, 'root')
    await ann.posts(channel, 'other')
    await ann.posts(channel, 'reply', { reply_to: root.id })
    expect((await purges(channel, { keep: 1, dry_run: true })).body).toMatchObject({
      messages: 1,
      done: true,
    })
    expect(await remaining(channel)).toEqual(['root', 'other', 'reply'])
  })

  test('a channel under a legal hold refuses a purge', async () => {
    const channel = await room()
    await ann.posts(channel, 'kept')
    await w.operator.patch(`/v1/admin/channels/${channel.id}`, { settings: { legal_hold: true } })
    expect(codeOf(await purges(channel, { keep: 0 }))).toBe('409 legal_hold')
    expect(await remaining(channel)).toEqual(['kept'])
  })

  test('a purge names either a time or a number, and an unknown channel is refused', async () => {
    const channel = await room()
    for (const extent of [{}, { keep: 1, before: '2026-01-01' }, { before: 'soon' }])
      expect(codeOf(await purges(channel, extent))).toBe('422 validation_error')
    expect(codeOf(await purges({ ...channel, id: crypto.randomUUID() }, { keep: 1 }))).toBe(
      '404 channel_not_found',
    )
  })

  test('a purge is audited', async () => {
    const channel = await room()
    const { through_cursor } = (await purges(channel, { keep: 0 })).body
    const { body } = await w.operator.get<{ entries: object[] }>(
      '/v1/admin/audit?action=channel.purge&limit=1',
    )
    expect(body.entries[0]).toMatchObject({ target_id: channel.id, metadata: { slug: channel.slug } })
    expect(through_cursor).toBeString()
  })
})

test('a purge that was cut off by the end of the server is finished after its start', async () => {
  await using own = await world()
  const channel = await own.channel('general')
  const bob = await own.agent('bob', { channels: { general: 'member' } })
  await bob.posts(channel, 'old')
  const { seq, cursor } = await bob.posts(channel, 'also old')
  await bob.posts(channel, 'new')
  await own.sql('INSERT INTO purges (channel_id, through_seq) SELECT id, ? FROM channels', seq)
  await own.restart()
  const { body } = await bob.get<EventPage>(`/v1/events?type=channel.purged&wait=60&since=${cursor}`)
  expect(body.events).toMatchObject([{ type: 'channel.purged', count: 2 }])
  expect(await bob.hears(channel, { since: 'oldest' })).toEqual(['new'])
})
