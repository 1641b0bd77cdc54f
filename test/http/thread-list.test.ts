import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Fields, HOUR, type Message, type Page, type Person, type World, world } from '../support/world'
import { expectRefusal } from './refusals'

interface Thread {
  readonly id: string
  readonly root: Message & { readonly deleted: boolean }
  readonly reply_count: number
  readonly last_reply_at: string | null
  readonly participants: readonly string[]
  readonly followed: boolean
}
type List = { readonly threads: readonly Thread[]; readonly next_cursor: string | null }

let w: World
let ann: Person
let bob: Person
beforeAll(async () => {
  w = await world()
  const channels = { town: 'member', den: 'member' } as const
  await w.channel('town')
  await w.channel('den', { kind: 'private' })
  ann = await w.human('ann', { channels })
  bob = await w.agent('bob', { channels })
})
afterAll(() => w[Symbol.asyncDispose]())

const list = async (who: Person, slug: string, query = '') =>
  (await who.get<List>(`/v1/channels/${slug}/threads${query}`)).body
const thread = (who: Person, id: string) => who.get<Thread>(`/v1/threads/${id}`)
const bodies = ({ threads }: List) => threads.map(({ root }) => root.body)

describe('GET /v1/channels/{slug}/threads', () => {
  test('threads come by their latest reply, each once, page by page', async () => {
    const roots: Message[] = []
    for (const name of ['a', 'b', 'c']) roots.push(await ann.posts('town', name))
    await ann.posts('town', 'no thread')
    const reply = (i: number) => bob.posts('town', 're', { reply_to: roots[i]?.id })
    for (const i of [0, 1, 2]) await reply(i)
    const { created_at } = await reply(0)
    const all = await list(ann, 'town')
    expect(bodies(all)).toEqual(['a', 'c', 'b'])
    expect(all.next_cursor).toBeNull()
    expect(all.threads[0]).toMatchObject({
      id: roots[0]?.id,
      reply_count: 2,
      last_reply_at: created_at,
      participants: ['ann', 'bob'],
      followed: true,
    })
    const first = await list(ann, 'town', '?limit=2')
    expect(bodies(first)).toEqual(['a', 'c'])
    const second = await list(ann, 'town', `?limit=2&cursor=${first.next_cursor}`)
    expect([bodies(second), second.next_cursor]).toEqual([['b'], null])
    const head = (await ann.reads('town', { order: 'desc', limit: 1 })).body.head_cursor
    expect(bodies(await list(ann, 'town', `?since=${head}`))).toEqual([])
    await reply(1)
    expect(bodies(await list(ann, 'town', `?since=${head}`))).toEqual(['b'])
  })

  test('only readers of the channel list its threads', async () => {
    const eve = await w.agent('eve')
    expectRefusal(await eve.get('/v1/channels/den/threads'), 404, {
      code: 'channel_not_found',
      detail: 'Channel not found',
      channel: 'den',
    })
    expect((await ann.get('/v1/channels/town/threads?cursor=nonsense')).body).toMatchObject({
      code: 'invalid_cursor',
      detail: 'Invalid `cursor` cursor',
    })
  })
})

describe('GET /v1/threads/{id}', () => {
  test('any message of a thread names it, and a message without replies is a thread of its own', async () => {
    const root = await ann.posts('den', 'root')
    expect((await thread(bob, root.id)).body).toMatchObject({
      id: root.id,
      reply_count: 0,
      last_reply_at: null,
      participants: ['ann'],
      followed: false,
    })
    const reply = await bob.posts('den', 're', { reply_to: root.id })
    expect((await thread(ann, reply.id)).body).toMatchObject({ id: root.id, participants: ['ann', 'bob'] })
    const page = await bob.get<Page>(`/v1/threads/${reply.id}/messages?order=desc&limit=1`)
    expect(page.body.messages.map(({ body }) => body)).toEqual(['re'])
    const whole = await bob.get<Page>(`/v1/threads/${root.id}/messages`)
    expect(whole.body.messages.map(({ body }) => body)).toEqual(['root', 're'])
  })

  test('a thread that the caller may not read looks missing', async () => {
    const { id } = await ann.posts('den', 'secret')
    const eve = await w.agent('eve-2', { channels: { town: 'member' } })
    const boss = await w.human('boss', { isAdmin: true })
    const missing = { code: 'thread_not_found', detail: 'Thread not found' }
    const paths = [`/v1/threads/${id}`, `/v1/threads/${id}/messages`, `/v1/threads/${Bun.randomUUIDv7()}`]
    for (const path of paths) {
      expectRefusal(await eve.get(path), 404, missing)
      expectRefusal(await boss.get(path), 404, missing)
    }
    expectRefusal(await eve.put(`/v1/threads/${id}/follow`), 404, missing)
    expect((await ann.get('/v1/threads/x')).body).toMatchObject({ code: 'invalid_thread_id' })
  })

  test('a message of a thread wakes a request that waits for it', async () => {
    const { id } = await ann.posts('den', 'wait')
    const { body } = await ann.get<Page>(`/v1/threads/${id}/messages`)
    const waiting = ann.get<Page>(`/v1/threads/${id}/messages?since=${body.position}&wait=30`)
    await bob.posts('den', 'elsewhere')
    await bob.posts('den', 'here', { thread_id: id })
    expect((await waiting).body.messages.map((message) => message.body)).toEqual(['here'])
  })
})

describe('following a thread', () => {
  const follows = async (who: Person, id: string) => (await thread(who, id)).body.followed

  test('a person who posted follows until it stops, and an agent for an hour', async () => {
    const root = await ann.posts('town', 'root')
    await bob.posts('town', 're', { reply_to: root.id })
    expect([await follows(ann, root.id), await follows(bob, root.id)]).toEqual([true, true])
    w.clock.advance(HOUR + 1000)
    expect([await follows(ann, root.id), await follows(bob, root.id)]).toEqual([true, false])
    expect((await bob.put(`/v1/threads/${root.id}/follow`)).status).toBe(204)
    expect(await follows(bob, root.id)).toBe(true)
    await bob.posts('town', 're', { reply_to: root.id })
    w.clock.advance(HOUR + 1000)
    expect(await follows(bob, root.id)).toBe(true)
  })

  test('an unfollow holds until the next reply of the account', async () => {
    const root = await ann.posts('town', 'root')
    expect(await follows(ann, root.id)).toBe(true)
    for (let i = 0; i < 2; i++) expect((await ann.delete(`/v1/threads/${root.id}/follow`)).status).toBe(204)
    await bob.posts('town', 're', { reply_to: root.id })
    expect(await follows(ann, root.id)).toBe(false)
    await ann.posts('town', 're', { reply_to: root.id })
    expect(await follows(ann, root.id)).toBe(true)
  })

  test('following leaves no event', async () => {
    const root = await ann.posts('town', 'root')
    const before = await w.trace()
    await bob.put(`/v1/threads/${root.id}/follow`)
    expect(await w.trace()).toEqual(before)
  })
})

test('a thread whose root is hidden from the reader has a tombstone for a root', async () => {
  const root = await ann.posts('den', 'old words')
  await bob.posts('den', 'old reply', { reply_to: root.id })
  const silent = await ann.posts('den', 'silent')
  await bob.posts('den', 'old end', { reply_to: silent.id })
  const { body } = await w.operator.get<Fields[]>('/v1/admin/channels')
  const den = body.find(({ slug }) => slug === 'den')
  await w.operator.patch(`/v1/admin/channels/${den?.id}`, { settings: { history: 'joined' } })
  const kim = await w.human('kim', { channels: { den: 'member' } })
  await bob.posts('den', 'new reply', { reply_to: root.id })
  const { threads } = await list(kim, 'den')
  expect(threads).toMatchObject([{ id: root.id, root: { body: '', deleted: true } }])
  expect((await thread(kim, silent.id)).body).toMatchObject({ code: 'thread_not_found' })
  const page = await kim.get<Page>(`/v1/threads/${root.id}/messages`)
  expect(page.body.messages.map((message) => message.body)).toEqual(['new reply'])
})
