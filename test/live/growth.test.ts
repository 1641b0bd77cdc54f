// A server with many channels and a channel with many members, filled by inserts: more of both than the directory
// keeps in memory. Readers and lists get all of it, whatever was loaded before.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { TURN_ROWS } from '../../src/core/kernel/turns'
import { CountedTurns } from '../support/counted-turns'
import { EventStream, LiveSocket } from '../support/sockets'
import { type Fields, type Person, type Room, type World, world } from '../support/world'

const CHANNELS = 10_000
const MEMBERS = 50_000

let turns: CountedTurns
let w: World
/** A member of every channel. */
let ann: Person
/** A member of none. */
let bob: Person
let crowd: Room

beforeAll(async () => {
  turns = new CountedTurns()
  w = await world({
    turns,
    settings: {
      SYNAPSE_LOG_LEVEL: 'warning',
      SYNAPSE_QUOTA_CHANNELS: '20000',
      SYNAPSE_QUOTA_MEMBERS: '100000',
    },
  })
  crowd = await w.channel('crowd')
  ann = await w.agent('ann', { channels: { crowd: 'member' } })
  bob = await w.agent('bob')
  await ann.posts(crowd, 'first')
  await w.stop()
  const numbers = (count: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`
  const now = 'log_head.last_at'
  await w.sql(`${numbers(CHANNELS)} INSERT INTO channels (uuid, slug, name, kind, created_at)
    SELECT ${w.words.newUuid}, 'c' || i, 'c' || i, 'public', ${now} FROM n, log_head`)
  await w.sql(`${numbers(MEMBERS)} INSERT INTO accounts (uuid, kind, handle, display_name, created_at)
    SELECT ${w.words.newUuid}, 'agent', 'm' || i, 'm' || i, ${now} FROM n, log_head`)
  const joins = (
    which: string,
  ) => `INSERT INTO memberships (channel_id, account_id, role, joined_at, joined_seq)
    SELECT channels.id, accounts.id, 'member', ${now}, log_head.seq FROM channels, accounts, log_head WHERE ${which}`
  await w.sql(joins("accounts.handle = 'ann' AND channels.slug <> 'crowd'"))
  await w.sql(joins("accounts.handle LIKE 'm%' AND channels.slug = 'crowd'"))
  // The database would do this by itself after a while; without statistics it scans whole tables.
  if (w.database.kind === 'postgres') await w.sql('ANALYZE')
  await w.restart()
}, 120_000)
afterAll(async () => {
  await w[Symbol.asyncDispose]()
  turns[Symbol.dispose]()
})

interface Listed extends Fields {
  readonly slug: string
  readonly role: string | null
  readonly member_count: number
}

async function listOf(who: Person, query = ''): Promise<Listed[]> {
  const { status, body } = await who.get<{ channels: Listed[] }>(`/v1/channels${query}`)
  expect(status).toBe(200)
  return body.channels
}

describe('ten thousand channels', () => {
  test('the channel list of their member is complete and does not block other requests', async () => {
    turns.clear()
    const channels = await listOf(ann)
    expect(channels).toHaveLength(CHANNELS + 1)
    const slugs = channels.map(({ slug }) => slug)
    expect(slugs.toSorted()).toEqual(slugs)
    expect(channels.find(({ slug }) => slug === 'crowd')).toMatchObject({
      role: 'member',
      member_count: MEMBERS + 1,
      head_cursor: expect.any(String),
    })
    expect(channels.find(({ slug }) => slug === 'c77')).toMatchObject({ member_count: 1, head_cursor: null })
    if (w.database.kind === 'sqlite') expect(turns.most).toBeLessThanOrEqual(2 * TURN_ROWS)
  })

  test('the channel list is computed in slices even when all channels are in memory', async () => {
    await listOf(ann)
    turns.clear()
    await listOf(ann)
    expect(turns.taken).toBeGreaterThanOrEqual((2 * CHANNELS) / TURN_ROWS)
  })

  test('an account that is in none of the channels can discover all of them', async () => {
    const channels = await listOf(bob, '?include=discoverable')
    expect(channels).toHaveLength(CHANNELS + 1)
    expect(channels.every(({ role }) => role === null)).toBeTrue()
    expect(await listOf(bob)).toEqual([])
  })

  test('pages of messages and of events cover all of the channels', async () => {
    const { body } = await ann.get<{ messages: Fields[] }>('/v1/messages?channel=*&order=desc')
    expect(body.messages).toMatchObject([{ body: 'first' }])
    const events = await ann.get<{ events: Fields[] }>(
      '/v1/events?channel=*&since=oldest&type=message.created',
    )
    expect(events.body.events).toMatchObject([{ channel: 'crowd' }])
  })

  test('sockets and event streams follow all of the channels, also one that is joined later', async () => {
    using socket = await LiveSocket.open(w.url, ann.credential)
    await socket.subscribe(['*'])
    using stream = await EventStream.open(w.url, ann.credential, { query: '?channel=*&type=message.created' })
    await stream.next('hello')
    const late = await w.channel('late')
    await w.joins(ann, late)
    await ann.posts('c10000', 'here')
    await ann.posts(late, 'and here')
    await w.leaves(ann, late)
    await ann.posts('c1', 'the end')
    const bodyOf = (frame: object) =>
      'message' in frame ? (frame.message as { body: string }).body : undefined
    await socket.arrivals.next((frame) => bodyOf(frame) === 'the end', 'the end')
    await stream.arrivals.next(({ data }) => data?.includes('"body":"the end"') ?? false, 'the end')
    const said = ['here', 'and here', 'the end']
    expect(socket.events.map(bodyOf).filter((body) => body !== undefined)).toEqual(said)
    expect(stream.events.map(bodyOf)).toEqual(said)
  })
})

describe('fifty thousand members of a channel', () => {
  test('the member list is ordered by handle and complete', async () => {
    const { body } = await ann.get<{ members: { handle: string }[] }>('/v1/channels/crowd/members')
    expect(body.members).toHaveLength(MEMBERS + 1)
    const handles = body.members.map(({ handle }) => handle)
    expect(handles.toSorted()).toEqual(handles)
  })

  test('@channel mentions all of them and lists the first two hundred', async () => {
    const message = await ann.posts(crowd, '@channel @m49999 @nobody-here')
    const handles = message.mentioned_handles
    expect(message).toMatchObject({ broadcast: true, mentions_truncated: true })
    expect(handles.slice(0, 3)).toEqual(['m1', 'm10', 'm100'])
    expect([handles.length, handles.at(-1)]).toEqual([201, 'm49999'])
  })

  test('the member count follows joining and leaving without a new count', async () => {
    const countOf = async () => (await listOf(bob, '?include=discoverable')).find((c) => c.slug === 'crowd')
    await w.joins(bob, crowd)
    expect(await countOf()).toMatchObject({ role: 'member', member_count: MEMBERS + 2 })
    await w.leaves(bob, crowd)
    expect(await countOf()).toMatchObject({ role: null, member_count: MEMBERS + 1 })
  })
})
