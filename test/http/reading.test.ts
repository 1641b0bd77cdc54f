import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Message, type Page, type Person, type World, world } from '../support/world'
import { expectRefusal } from './refusals'

/** Thirty messages by ann and bob in turn; every third is in lunch, the others are in general. */
let w: World
let ann: Person
let bob: Person
const all: Message[] = []

beforeAll(async () => {
  w = await world()
  for (const slug of ['general', 'lunch', 'empty', 'locked']) await w.channel(slug)
  const channels = { general: 'member', lunch: 'member', empty: 'member' } as const
  ann = await w.agent('ann', { channels })
  bob = await w.agent('bob', { channels })
  for (let i = 0; i < 30; i++)
    all.push(
      await (i % 2 ? bob : ann).posts(i % 3 ? 'general' : 'lunch', `${i}`, i % 5 ? {} : { priority: 'fyi' }),
    )
})
afterAll(() => w[Symbol.asyncDispose]())

const general = () => all.filter(({ channel }) => channel === 'general').map(({ body }) => body)
const bodies = (page: Page) => page.messages.map(({ body }) => body)
const nth = (i: number): Message => {
  const message = all.filter(({ channel }) => channel === 'general')[i]
  if (!message) throw new Error(`there is no message ${i}`)
  return message
}

describe('common ways to read', () => {
  test('the newest messages in descending order make up the first view of a channel', async () => {
    const { body } = await ann.reads('general', { order: 'desc', limit: 5 })
    expect(bodies(body).toReversed()).toEqual(general().slice(-5))
    expect(body).toMatchObject({ has_more: true, timed_out: false, head_cursor: nth(19).cursor })
  })

  test('head_cursor of the newest message finds only later messages', async () => {
    const { body } = await ann.reads('general', { order: 'desc', limit: 1 })
    expect(body.head_cursor).toBe(nth(19).cursor)
    expect(await ann.hears('general', { since: body.head_cursor ?? '' })).toEqual([])
  })

  test.each([1, 3, 7, 20, 200])('a client catches up completely with pages of %d', async (limit) => {
    const seen: string[] = []
    let cursor = ''
    for (let pages = 0; pages < 25; pages++) {
      const { body } = await ann.reads('general', { since: cursor, order: 'asc', limit })
      seen.push(...bodies(body))
      const next = body.next_cursor ?? body.head_cursor ?? cursor
      if (next === cursor) break
      cursor = next
    }
    expect(seen).toEqual(general())
  })

  test.each([1, 3, 7, 20])('a client scrolls back completely with pages of %d', async (limit) => {
    const seen: string[] = []
    let before: string | null = null
    do {
      const { body }: { body: Page } = await ann.reads('general', {
        order: 'desc',
        limit,
        ...(before === null ? {} : { before }),
      })
      seen.push(...bodies(body))
      expect(body.has_more).toBe(body.next_cursor !== null)
      before = body.next_cursor
    } while (before !== null && seen.length < 100)
    expect(seen).toEqual(general().toReversed())
  })
})

describe('the cursors of a page', () => {
  test('an ascending page names its newest message, and next_cursor only if there is more', async () => {
    const { body } = await ann.reads('general', { limit: 5 })
    expect(body).toMatchObject({ head_cursor: nth(4).cursor, next_cursor: nth(4).cursor, has_more: true })
    expect(body.position).toBe(nth(4).cursor)
    const rest = await ann.reads('general', { since: nth(14).cursor, limit: 5 })
    expect(rest.body).toMatchObject({ head_cursor: nth(19).cursor, next_cursor: null, has_more: false })
  })

  test('a descending page names its newest message, and its oldest as next_cursor', async () => {
    const { body } = await ann.reads('general', { order: 'desc', limit: 5, before: nth(10).cursor })
    expect(bodies(body)).toEqual(general().slice(5, 10).toReversed())
    expect(body).toMatchObject({ head_cursor: nth(9).cursor, next_cursor: nth(5).cursor })
    const last = await ann.reads('general', { order: 'desc', before: nth(5).cursor, limit: 5 })
    expect(last.body).toMatchObject({ next_cursor: null, has_more: false, head_cursor: nth(4).cursor })
  })

  test('an empty page has no cursors except its position', async () => {
    const head = (await w.operator.get<{ head_cursor: string }>('/v1/server')).body.head_cursor
    for (const query of [{}, { order: 'desc' }, { since: nth(3).cursor }, { from: 'nobody' }]) {
      const { body } = await ann.reads('empty', query)
      expect(body).toEqual({
        messages: [],
        next_cursor: null,
        head_cursor: null,
        position: head,
        has_more: false,
        timed_out: false,
      })
    }
  })

  test('the position of a page includes messages that the filters left out', async () => {
    const { body } = await ann.reads('general', { from: 'nobody', since: nth(2).cursor })
    expect(await ann.hears('general', { since: body.position })).toEqual([])
  })
})

describe('ranges', () => {
  test('a range excludes the messages at since and before, in either order', async () => {
    const ends = { since: nth(3).cursor, before: nth(8).cursor }
    expect(await ann.hears('general', { ...ends })).toEqual(general().slice(4, 8))
    expect(await ann.hears('general', { ...ends, order: 'desc' })).toEqual(general().slice(4, 8).toReversed())
  })

  test('a range without since is read backwards unless the order is given', async () => {
    expect(await ann.hears('general', { before: nth(3).cursor })).toEqual(general().slice(0, 3).toReversed())
    expect(await ann.hears('general', { before: nth(3).cursor, order: 'asc' })).toEqual(general().slice(0, 3))
  })

  test('a range without messages is empty', async () => {
    expect(await ann.hears('general', { since: nth(8).cursor, before: nth(3).cursor })).toEqual([])
    expect(await ann.hears('general', { since: nth(3).cursor, before: nth(4).cursor })).toEqual([])
  })

  test.each(['oldest', 'now'])('a range may begin and end at %s', async (word) => {
    expect(await ann.hears('general', { since: word })).toEqual(word === 'now' ? [] : general())
    expect(await ann.hears('general', { before: word })).toEqual(word === 'now' ? general().toReversed() : [])
  })

  test('a page has 50 messages by default', async () => {
    await using crowded = await world()
    await crowded.channel('general')
    const one = await crowded.agent('one', { channels: { general: 'member' } })
    await Promise.all(Array.from({ length: 60 }, () => one.posts('general', 'x')))
    expect(await one.hears('general')).toHaveLength(50)
    expect(await one.hears('general', { limit: 200 })).toHaveLength(60)
  })
})

describe('filters', () => {
  const where = (matches: (message: Message, i: number) => boolean) =>
    all.filter((message, i) => message.channel === 'general' && matches(message, i)).map(({ body }) => body)

  test.each(['bob', '@bob', ' BOB '])('from=%p finds the messages of bob', async (from) => {
    expect(await ann.hears('general', { from })).toEqual(
      where(({ sender_handle }) => sender_handle === 'bob'),
    )
  })

  test('from with an unknown handle finds nothing', async () => {
    expect(await ann.hears('general', { from: 'nobody' })).toEqual([])
  })

  test('exclude_self leaves out the messages of the caller', async () => {
    expect(await ann.hears('general', { exclude_self: true })).toEqual(
      where(({ sender_handle }) => sender_handle === 'bob'),
    )
  })

  test('kind finds only messages of that kind', async () => {
    expect(await ann.hears('general', { kind: 'message' })).toEqual(general())
    expect(await ann.hears('general', { kind: 'system' })).toEqual([])
  })

  test('several filters apply together, also over pages', async () => {
    const query = { from: 'bob', exclude_self: true, order: 'desc', limit: 3 } as const
    const first = await ann.reads('general', query)
    const second = await ann.reads('general', { ...query, before: first.body.next_cursor ?? '' })
    const expected = where(({ sender_handle }) => sender_handle === 'bob').toReversed()
    expect([...bodies(first.body), ...bodies(second.body)]).toEqual(expected.slice(0, 6))
    expect(await ann.hears('general', { from: 'ann', exclude_self: true })).toEqual([])
  })
})

describe('several channels', () => {
  test('messages of several channels are read in log order', async () => {
    for (const channel of [
      'general,lunch',
      'lunch,general',
      '*',
      ' LUNCH , general ,',
      'general,general,lunch',
    ])
      expect(await ann.hears(channel)).toEqual(all.map(({ body }) => body))
    expect(await ann.hears('*', { order: 'desc', limit: 4 })).toEqual(['29', '28', '27', '26'])
    expect(await ann.hears('*', { since: all[9]?.cursor ?? '', limit: 3 })).toEqual(['10', '11', '12'])
  })

  test('* reads all channels that the caller may read', async () => {
    const half = await w.agent('half', {
      channels: { lunch: 'member', general: 'member' },
      scopes: ['channel:lunch:read'],
    })
    expect(await half.hears('*')).toEqual(
      all.filter(({ channel }) => channel === 'lunch').map(({ body }) => body),
    )
    const nobody = await w.agent('outsider')
    expect(await nobody.hears('*')).toEqual([])
  })

  test('a read of several channels fails as a whole and names the channel at fault', async () => {
    for (const channel of ['general,locked,lunch', 'locked'])
      expectRefusal(await ann.reads(channel), 403, {
        code: 'not_a_member',
        detail: 'Not a member',
        gate: 'membership',
        channel: 'locked',
      })
    expectRefusal(await ann.reads('lunch,never'), 404, {
      code: 'channel_not_found',
      detail: 'Channel not found',
      channel: 'never',
    })
  })

  test('a read names at most fifty channels, which is checked before access', async () => {
    const many = Array.from({ length: 51 }, (_, i) => `c${i}`)
    expect((await ann.reads(many.join(','))).body).toMatchObject({ code: 'too_many_channels' })
    expect((await ann.reads(many.slice(1).join(','))).body).toMatchObject({ code: 'channel_not_found' })
  })
})

test('a deleted message is left out, or shown without its content', async () => {
  const gone = await bob.posts('empty', 'gone @ann @channel', { metadata: { a: 1 }, client_msg_id: 'c' })
  await w.sql('UPDATE messages SET deleted_at = at WHERE seq = ?', gone.seq)
  // The row is deleted in the database, behind the server.
  await w.restart()
  expect(await bob.hears('empty')).toEqual([])
  const { body } = await bob.reads('empty', { include_deleted: true })
  expect<unknown[]>([...body.messages]).toMatchObject([
    {
      id: gone.id,
      deleted: true,
      body: '',
      mentioned_handles: [],
      metadata: {},
      reactions: [],
      broadcast: false,
    },
  ])
  expect(body.messages[0]).not.toHaveProperty('client_msg_id')
  expect((await bob.get(`/v1/messages/${gone.id}`)).body).toMatchObject({ code: 'message_not_found' })
  expect((await bob.get(`/v1/messages/${gone.id}?include_deleted=1`)).body).toMatchObject({ deleted: true })
  await w.sql('DELETE FROM messages WHERE seq = ?', gone.seq)
})
