import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { placeOf } from '../support/ledger'
import { type Person, type World, world } from '../support/world'

/** A channel of 25,000 messages by noise, with one message of ann at either end. A filtered read looks at 20,000. */
const NOISE = 25_000
let w: World
let ann: Person
let first: number
let last: number

beforeAll(async () => {
  w = await world()
  for (const slug of ['general', 'quiet']) await w.channel(slug)
  const channels = { general: 'member', quiet: 'member' } as const
  ann = await w.agent('ann', { channels })
  await w.agent('noise', { channels })
  first = (await ann.posts('general', 'first')).seq
  await w.stop()
  await w.sql(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${NOISE})
     INSERT INTO messages (seq, uuid, channel_id, sender_id, at, flags, body)
     SELECT seq + i, ${w.words.newUuid}, (SELECT id FROM channels WHERE slug = 'general'),
            (SELECT id FROM accounts WHERE handle = 'noise'), ${w.words.after('at', 'i')}, 32, 'noise ' || (i - 1)
     FROM n, events WHERE seq = ?`,
    first,
  )
  await w.sql(
    `INSERT INTO events (seq, at, type, channel_id, subject, actor_id)
     SELECT seq, at, 'message.created', channel_id, seq, sender_id FROM messages WHERE seq > ?`,
    first,
  )
  await w.sql(
    'UPDATE log_head SET seq = (SELECT max(seq) FROM events), last_at = (SELECT max(at) FROM events)',
  )
  await w.restart()
  last = (await ann.posts('general', 'last')).seq
})
afterAll(() => w[Symbol.asyncDispose]())

const seqOf = (cursor: string | null) => placeOf(cursor ?? '').seq

describe('filtered reads', () => {
  test('a filtered read stops after 20,000 messages, returns its position, and finds the rest from there', async () => {
    for (const wait of [0, 60]) {
      const { body } = await ann.reads('general', { since: (await cursorAt(first)) ?? '', from: 'ann', wait })
      expect(body).toMatchObject({ messages: [], head_cursor: null, has_more: true, timed_out: false })
      expect(seqOf(body.position)).toBe(first + 20_000)
      expect(body.next_cursor).toBe(body.position)
      const rest = await ann.reads('general', { since: body.next_cursor ?? '', from: 'ann', wait })
      expect(rest.body).toMatchObject({ messages: [{ body: 'last' }], has_more: false, next_cursor: null })
    }
  })

  test('a filtered read returns what it found before it stopped', async () => {
    const { body } = await ann.reads('general', { from: 'ann' })
    expect(body).toMatchObject({ messages: [{ body: 'first' }], has_more: true })
    expect(seqOf(body.head_cursor)).toBe(first)
    expect(seqOf(body.next_cursor)).toBe(first + 19_999)
  })

  test('a filtered read stops in descending order as well', async () => {
    const query = { order: 'desc', exclude_self: false, from: 'ann' } as const
    const { body } = await ann.reads('general', query)
    expect(body).toMatchObject({ messages: [{ body: 'last' }], has_more: true })
    expect(seqOf(body.next_cursor)).toBe(last - 19_999)
    const rest = await ann.reads('general', { ...query, before: body.next_cursor ?? '' })
    expect(rest.body).toMatchObject({ messages: [{ body: 'first' }], has_more: false, next_cursor: null })
  })

  test.each(['mentions_me', 'kind', 'exclude_self'])(
    'a filtered read stops for the filter %s',
    async (name) => {
      const reader =
        name === 'exclude_self' ? await w.agent('reader', { channels: { general: 'member' } }) : ann
      const query = {
        mentions_me: { mentions_me: true },
        kind: { kind: 'system' },
        exclude_self: { from: 'reader', exclude_self: true },
      }
      const { body } = await reader.reads('general', {
        since: 'oldest',
        ...query[name as keyof typeof query],
      })
      expect(body).toMatchObject({ messages: [], has_more: true })
    },
  )

  test('a filtered read of several channels stops after 20,000 events of the log', async () => {
    const { body } = await ann.reads('quiet,general', { since: (await cursorAt(first)) ?? '', from: 'ann' })
    expect(body).toMatchObject({ messages: [], has_more: true })
    expect(seqOf(body.position)).toBe(first + 20_000)
    const rest = await ann.reads('quiet,general', { since: body.position, from: 'ann' })
    expect(rest.body).toMatchObject({ messages: [{ body: 'last' }], has_more: false })
  })

  test('a filtered read of events stops after 20,000 events', async () => {
    type Events = { events: { seq: number }[]; cursor: string; has_more: boolean }
    const query = `channel=general&type=member.left&since=${await cursorAt(first)}`
    const { body } = await ann.get<Events>(`/v1/events?${query}`)
    expect(body).toMatchObject({ events: [], has_more: true })
    expect(seqOf(body.cursor)).toBe(first + 20_000)
    const rest = await ann.get<Events>(`/v1/events?channel=general&type=member.left&since=${body.cursor}`)
    expect(rest.body).toMatchObject({ events: [], has_more: false })
  })
})

test('a read without a filter finds its page at any distance', async () => {
  const { body } = await ann.reads('general', { since: (await cursorAt(first)) ?? '', limit: 200 })
  expect(body.messages.map(({ body: text }) => text)).toEqual(
    Array.from({ length: 200 }, (_, i) => `noise ${i}`),
  )
  expect(await ann.hears('quiet')).toEqual([])
  expect(await ann.hears('general', { order: 'desc', limit: 1 })).toEqual(['last'])
})

async function cursorAt(seq: number): Promise<string | null> {
  const { body } = await ann.reads('general', { limit: 1 })
  expect(seqOf(body.head_cursor)).toBe(seq)
  return body.head_cursor
}
