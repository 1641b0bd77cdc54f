import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Fields, type Person, type World, world } from '../support/world'

let w: World
let ann: Person
let bot: Person
beforeAll(async () => {
  w = await world()
  await w.channel('town')
  await w.channel('den')
  await w.channel('busy')
  await w.channel('lane')
  const channels = { town: 'member', den: 'member', busy: 'member', lane: 'member' } as const
  bot = await w.agent('bot', { channels })
  await bot.posts('town', 'before ann joined')
  ann = await w.human('ann', { channels })
})
afterAll(() => w[Symbol.asyncDispose]())

const listed = async (who: Person, slug: string, query = '') => {
  const { body } = await who.get<{ channels: Fields[] }>(`/v1/channels${query}`)
  const { unread, read_cursor, notify, peer } = body.channels.find((one) => one.slug === slug) ?? {}
  return { unread, read_cursor, notify, peer }
}
const idOf = async (slug: string) => {
  const { body } = await w.operator.get<{ id: string; slug: string }[]>('/v1/admin/channels')
  return body.find((channel) => channel.slug === slug)?.id
}
const read = (who: Person, slug: string, body: Fields) => who.put<Fields>(`/v1/channels/${slug}/read`, body)

describe('unread messages of a channel', () => {
  test('top-level messages of others count, from joining on', async () => {
    expect(await listed(ann, 'town')).toMatchObject({
      unread: 0,
      read_cursor: null,
      notify: 'all',
      peer: null,
    })
    const root = await bot.posts('town', 'one')
    await bot.posts('town', 'in a thread', { reply_to: root.id })
    await bot.posts('town', 'two')
    await ann.posts('town', 'my own')
    expect(await listed(ann, 'town')).toMatchObject({ unread: 2, read_cursor: null })
    const { status, body } = await read(ann, 'town', { cursor: root.cursor })
    expect([status, body]).toEqual([200, { read_cursor: root.cursor, unread: 1, mentions: 0 }])
    expect(await listed(ann, 'town')).toMatchObject({ unread: 1, read_cursor: root.cursor })
  })

  test('all of them are counted in one channel that is asked for, and only for a member', async () => {
    await w.channel('crowd')
    const cy = await w.human('cy', { channels: { crowd: 'member' } })
    const observer = await w.human('observer', { isAdmin: true })
    await w.joins(bot, 'crowd')
    const total = async (who: Person, query = '?include=unread') =>
      (await who.get<{ unread_total?: number }>(`/v1/channels/crowd${query}`)).body.unread_total
    expect(await total(cy)).toBe(0)
    const root = await bot.posts('crowd', 'first')
    await Promise.all(Array.from({ length: 620 }, (_, at) => bot.posts('crowd', `${at}`)))
    await bot.posts('crowd', 'in a thread', { reply_to: root.id })
    await cy.posts('crowd', 'my own')
    expect(await listed(cy, 'crowd')).toMatchObject({ unread: 100 })
    expect(await total(cy)).toBe(621)
    expect(await total(cy, '')).toBeUndefined()
    expect(await total(observer)).toBeUndefined()
    await read(cy, 'crowd', { cursor: root.cursor })
    expect(await total(cy)).toBe(620)
    expect((await cy.get('/v1/channels/crowd?include=other')).status).toBe(422)
  })

  test('a position moves forward, and back only on request', async () => {
    const first = await bot.posts('den', 'one')
    const last = await bot.posts('den', 'two')
    const before = await w.trace()
    await read(ann, 'den', { cursor: last.cursor })
    expect((await read(ann, 'den', { cursor: first.cursor })).body).toEqual({
      read_cursor: last.cursor,
      unread: 0,
      mentions: 0,
    })
    expect((await read(ann, 'den', { cursor: first.cursor, rewind: true })).body).toEqual({
      read_cursor: first.cursor,
      unread: 1,
      mentions: 0,
    })
    expect(await w.trace()).toEqual(before)
    expect((await read(ann, 'den', { cursor: 'nonsense' })).body).toMatchObject({ code: 'invalid_cursor' })
    const eve = await w.human('eve')
    expect((await read(eve, 'den', { cursor: 'now' })).body).toMatchObject({ code: 'not_a_member' })
  })

  test('a member who joins again has read nothing since', async () => {
    await read(ann, 'den', { cursor: 'now' })
    await ann.post('/v1/channels/den/leave')
    await ann.post('/v1/channels/den/join')
    await bot.posts('den', 'three')
    expect(await listed(ann, 'den')).toMatchObject({ unread: 1, read_cursor: null })
  })

  test('the count ends at 100, and looks at the newest 500 messages', async () => {
    for (let i = 0; i < 101; i++) await bot.posts('busy', `${i}`)
    expect(await listed(ann, 'busy')).toMatchObject({ unread: 100 })
    const root = await bot.posts('busy', 'root')
    for (let i = 0; i < 450; i++) await bot.posts('busy', 're', { thread_id: root.id })
    expect(await listed(ann, 'busy')).toMatchObject({ unread: 50 })
  })

  test('the list follows whatever happens in a channel, and the position', async () => {
    const bodies: string[] = []
    const ids: string[] = []
    const position = async () => (await listed(ann, 'lane')).read_cursor
    await read(ann, 'lane', { cursor: 'now' })
    const steps: (() => Promise<unknown>)[] = [
      async () => ids.push((await bot.posts('lane', 'first')).id),
      async () => ids.push((await bot.posts('lane', 'second')).id),
      async () => bot.posts('lane', 'reply', { thread_id: ids[0] }),
      async () => bot.posts('den', 'elsewhere'),
      async () => ann.posts('lane', 'mine'),
      async () => bot.delete(`/v1/messages/${ids[0]}`),
      async () => bodies.push((await bot.posts('lane', 'third')).cursor),
      async () => read(ann, 'lane', { cursor: bodies[0] ?? '' }),
      async () => read(ann, 'lane', { cursor: 'oldest', rewind: true }),
      async () => {
        await w.operator.post(`/v1/admin/channels/${await idOf('lane')}/purge`, { keep: 1 })
        await read(ann, 'lane', { cursor: 'oldest', rewind: true })
      },
      async () => bot.posts('lane', 'fourth'),
    ]
    const seen: unknown[] = []
    for (const step of steps) {
      await step()
      const first = (await listed(ann, 'lane')).unread
      seen.push(first)
      expect((await listed(ann, 'lane')).unread).toBe(first)
      // An answer to PUT is counted anew.
      expect((await read(ann, 'lane', { cursor: String(await position()) })).body.unread).toBe(first)
    }
    expect(seen).toEqual([1, 2, 2, 2, 2, 1, 2, 0, 2, 1, 2])
  })

  test('agents get a count only on request', async () => {
    expect((await listed(bot, 'town')).unread).toBeUndefined()
    await ann.posts('town', 'for the bot')
    expect((await listed(bot, 'town', '?include=unread,discoverable')).unread).toBe(2)
  })

  test('a direct channel names the other account', async () => {
    const { slug } = (await ann.post<{ slug: string }>('/v1/dms', { handle: 'bot' })).body
    expect(await listed(ann, slug)).toMatchObject({ unread: 0, peer: { handle: 'bot', kind: 'agent' } })
    expect(await listed(bot, slug)).toMatchObject({ peer: { handle: 'ann', kind: 'human' } })
  })

  test('the list shows what the caller chose to be notified of', async () => {
    await ann.patch('/v1/channels/town/me', { notify: 'none' })
    expect(await listed(ann, 'town')).toMatchObject({ notify: 'none' })
    expect(await listed(bot, 'town')).toMatchObject({ notify: 'all' })
  })
})

describe('mentions of a channel', () => {
  test('what notified the caller there counts until it has seen it, a thread on its own', async () => {
    await using own = await world()
    const inside = { channels: { town: 'member', den: 'member' } } as const
    for (const slug of ['town', 'den']) await own.channel(slug)
    const bot = await own.agent('bot', inside)
    const ann = await own.human('ann', inside)
    const mentions = async () => {
      const { body } = await ann.get<{ channels: Fields[] }>('/v1/channels')
      return Object.fromEntries(body.channels.map(({ slug, mentions }) => [slug, mentions]))
    }
    const root = await bot.posts('town', 'for @ann')
    const reply = await bot.posts('town', 'also for @ann', { thread_id: root.id })
    const other = await bot.posts('den', 'hello @channel')
    expect(await mentions()).toEqual({ town: 2, den: 1 })
    const inThread = await read(ann, 'town', { cursor: reply.cursor, thread: reply.id })
    expect(inThread.body).toEqual({ read_cursor: reply.cursor, unread: 1, mentions: 0 })
    expect((await ann.get<{ channels: Fields[] }>('/v1/channels')).body.channels).toMatchObject([
      { slug: 'den', read_cursor: null },
      { slug: 'town', read_cursor: null, mentions: 0 },
    ])
    // A position passes what has no row of its own.
    expect((await read(ann, 'den', { cursor: other.cursor })).body).toMatchObject({ mentions: 0 })
    await bot.posts('town', 'hello @everyone')
    const last = await bot.posts('town', 'hello @ann')
    expect(await mentions()).toEqual({ town: 2, den: 0 })
    await ann.patch('/v1/channels/town/me', { notify: 'mentions' })
    expect(await mentions()).toEqual({ town: 1, den: 0 })
    await ann.patch('/v1/channels/town/me', { notify: 'none' })
    expect(await mentions()).toEqual({ town: 0, den: 0 })
    await ann.patch('/v1/channels/town/me', { notify: 'all' })
    await ann.post('/v1/inbox/ack', { message_ids: [last.id] })
    expect(await mentions()).toEqual({ town: 1, den: 0 })
    const { body: listed } = await bot.get<{ channels: Fields[] }>('/v1/channels')
    expect(listed.channels[0]?.mentions).toBeUndefined()
  })

  test('a thread that is marked as read leaves items elsewhere, and must be of the channel', async () => {
    await using own = await world()
    const inside = { channels: { town: 'member', den: 'member' } } as const
    for (const slug of ['town', 'den']) await own.channel(slug)
    const bot = await own.agent('bot', inside)
    const ann = await own.human('ann', inside)
    const root = await bot.posts('town', 'root')
    await bot.posts('town', 'top @ann')
    const early = await bot.posts('town', 'early @ann', { thread_id: root.id })
    await bot.posts('town', 'late @ann', { thread_id: root.id })
    const marked = await read(ann, 'town', { cursor: early.cursor, thread: root.id })
    expect(marked.body).toMatchObject({ mentions: 2 })
    expect((await read(ann, 'den', { cursor: 'now', thread: root.id })).body).toMatchObject({
      code: 'thread_not_found',
    })
    expect((await read(ann, 'town', { cursor: 'now', thread: 'x' })).body).toMatchObject({
      code: 'invalid_thread_id',
    })
  })
})
