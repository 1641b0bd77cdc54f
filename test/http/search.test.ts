import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Message, type Person, type Room, SECOND, type World, world } from '../support/world'
import { codeOf } from './refusals'

interface Results {
  readonly results: readonly {
    readonly message: Message
    readonly score: number
    readonly snippet: string
    readonly highlights: readonly (readonly [number, number])[]
  }[]
  readonly next_cursor: string | null
}

let w: World
let town: Room
let den: Room
let ann: Person
let bob: Person
beforeAll(async () => {
  w = await world()
  town = await w.channel('town')
  den = await w.channel('den', { kind: 'private' })
  ann = await w.agent('ann', { channels: { town: 'member', den: 'admin' } })
  bob = await w.agent('bob', { channels: { town: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

type Filter = Record<string, string | number>
const ask = (who: Person, q: string, more: Filter = {}) =>
  who.get<Results>(`/v1/search?${new URLSearchParams({ q, ...strings(more) })}`)
const strings = (more: Filter) =>
  Object.fromEntries(Object.entries(more).map(([key, value]) => [key, `${value}`]))
const bodiesOf = ({ results }: Results) => results.map(({ message }) => message.body)
const find = async (who: Person, q: string, more?: Filter) => bodiesOf((await ask(who, q, more)).body)

let marks = 0
/** Waits until all that was posted so far is in the index. Each post wakes the index, and the clock ends its rest. */
async function indexed() {
  const mark = `mark${marks++}`
  do {
    w.clock.advance(SECOND)
    await ann.posts(den, mark)
  } while ((await find(ann, mark)).length === 0)
}

describe('GET /v1/search', () => {
  test('a result has the message, a score, and a snippet with highlights', async () => {
    const {
      unresolved_mentions: _,
      unreachable: __,
      ...posted
    } = await ann.posts(town, 'Der Kölner  Dom\nist 🚀 hoch', {
      client_msg_id: 'dom',
    })
    await indexed()
    expect((await ask(ann, '"kolner dom" hoc*')).body).toEqual({
      results: [
        {
          message: posted,
          score: expect.any(Number),
          snippet: 'Der Kölner  Dom ist 🚀 hoch',
          highlights: [
            [4, 11],
            [22, 4],
          ],
        },
      ],
      next_cursor: null,
    } as never)
    expect((await ask(bob, 'kolner')).body.results[0]?.message).not.toHaveProperty('client_msg_id')
  })

  test('only messages of readable channels are found, and only while they are readable', async () => {
    await ann.posts(den, 'a whispered secretword')
    await indexed()
    expect(await find(ann, 'secretword')).toEqual(['a whispered secretword'])
    expect(await find(bob, 'secretword')).toEqual([])
    expect(codeOf(await ask(bob, 'secretword', { channel: 'den' }))).toBe('404 channel_not_found')
    await w.operator.post('/v1/admin/memberships', {
      account_handle: 'bob',
      channel_slug: 'den',
      role: 'member',
    })
    expect(await find(bob, 'secretword')).toEqual(['a whispered secretword'])
    await w.operator.delete(`/v1/admin/memberships/${bob.id}/${den.id}`)
    expect(await find(bob, 'secretword')).toEqual([])
  })

  test('what was posted before a reader joined a channel without history is not found', async () => {
    const fresh = await w.channel('fresh')
    const chief = await w.agent('chief', {
      scopes: ['channel:*:read', 'channel:*:post', 'channel:*:admin'],
      channels: { fresh: 'admin' },
    })
    const changed = await chief.patch('/v1/channels/fresh', { settings: { history: 'joined' } })
    expect(changed.status).toBe(200)
    await chief.posts(fresh, 'historic one')
    await w.operator.post('/v1/admin/memberships', {
      account_handle: 'bob',
      channel_slug: 'fresh',
      role: 'member',
    })
    await chief.posts(fresh, 'historic two')
    await indexed()
    expect(await find(bob, 'historic')).toEqual(['historic two'])
    expect((await find(chief, 'historic')).toSorted()).toEqual(['historic one', 'historic two'])
  })

  test('channel, sender, kind, thread and time limit a search', async () => {
    const root = await ann.posts(town, 'filtered root')
    w.clock.advance(SECOND)
    const reply = await bob.posts(town, 'filtered reply', { thread_id: root.id })
    w.clock.advance(SECOND)
    await ann.posts(den, 'filtered elsewhere')
    await indexed()
    const some = (more: Filter) => find(ann, 'filtered', { sort: 'new', ...more })
    expect(await some({})).toEqual(['filtered elsewhere', 'filtered reply', 'filtered root'])
    expect(await some({ channel: 'town' })).toEqual(['filtered reply', 'filtered root'])
    expect(await some({ channel: 'town,den', from: '@Ann' })).toEqual(['filtered elsewhere', 'filtered root'])
    expect(await some({ thread: reply.id })).toEqual(['filtered reply', 'filtered root'])
    expect(await some({ kind: 'correction' })).toEqual([])
    expect(await some({ before: reply.created_at })).toEqual(['filtered root'])
    expect(await some({ after: reply.created_at })).toEqual(['filtered elsewhere', 'filtered reply'])
    expect(await some({ from: 'stranger' })).toEqual([])
    expect(await some({ thread: 'no id' })).toEqual([])
    expect(await some({ thread: crypto.randomUUID() })).toEqual([])
  })

  test('a query is never malformed, and one without a word to look for finds nothing', async () => {
    for (const q of ['-town', '"', '* () AND', '\\', "'; --", '!'])
      expect((await ask(ann, q)).status, q).toBe(200)
    expect(await find(ann, '-town')).toEqual([])
    for (const more of [{ limit: 0 }, { limit: 101 }, { sort: 'old' }, { before: 'soon' }] as Filter[])
      expect(codeOf(await ask(ann, 'x', more))).toBe('422 validation_error')
    expect(codeOf(await ask(ann, 'x'.repeat(201)))).toBe('422 validation_error')
    expect(codeOf(await ask(ann, ''))).toBe('422 validation_error')
  })

  test('pages by time and by score show each result once, although new messages arrive', async () => {
    for (let i = 0; i < 12; i++) await ann.posts(town, `paged ${'paged '.repeat(i % 4)}number ${i}`)
    await indexed()
    for (const sort of ['new', 'best']) {
      const whole = await find(ann, 'paged', { sort, limit: 100, channel: 'town' })
      const found: string[] = []
      let cursor: string | null = null
      do {
        const page: Results = (
          await ask(ann, 'paged', { sort, limit: 5, channel: 'town', ...(cursor === null ? {} : { cursor }) })
        ).body
        found.push(...bodiesOf(page))
        cursor = page.next_cursor
        await bob.posts(town, `paged late ${sort}`)
        await indexed()
      } while (cursor !== null)
      expect(found).toEqual(whole)
    }
    const scores = (await ask(ann, 'paged')).body.results.map(({ score }) => score)
    expect(scores).toEqual(scores.toSorted((one, other) => other - one))
    for (const sort of ['new', 'best'])
      expect(codeOf(await ask(ann, 'x', { sort, cursor: 'nonsense' }))).toBe('400 invalid_cursor')
  })

  test('an edited message is found by its new words, a deleted one no more', async () => {
    const [edited, deleted] = [await ann.posts(town, 'olden words'), await ann.posts(town, 'olden times')]
    await indexed()
    await ann.patch(`/v1/messages/${edited.id}`, { body: 'newer words' })
    await ann.delete(`/v1/messages/${deleted.id}`)
    expect([await find(ann, 'olden'), await find(ann, 'newer')]).toEqual([[], ['newer words']])
  })

  test('searches have a rate class of their own', async () => {
    await w.operator.put('/v1/config/rate.search', { value: '60/1' })
    await ask(bob, 'town')
    expect(codeOf(await ask(bob, 'town'))).toBe('429 rate_limited')
    expect((await bob.get('/v1/messages?channel=town')).status).toBe(200)
    await w.operator.put('/v1/config/rate.search', { value: 'off' })
  })
})
