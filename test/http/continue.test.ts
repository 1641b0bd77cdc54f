import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type EventPage, LiveSocket } from '../support/sockets'
import {
  type Caller,
  type Fields,
  type Message,
  MINUTE,
  type Person,
  READ_AND_POST,
  type Room,
  type World,
} from '../support/world'
import { chainScene } from './chain-scene'
import { leavesNoTrace } from './refusals'

interface Blocked {
  readonly account: { readonly handle: string }
  readonly thread_id: string | null
  readonly code: string
  readonly limit: number
  readonly used: number
  readonly at: string
}
interface Chain {
  readonly limit: number
  readonly used: number
  readonly remaining: number | null
  readonly correction_used?: boolean
  readonly blocked: readonly Blocked[]
}
type Posted = Message & { readonly code?: string; readonly limit?: number; readonly used?: number }

let w: World
let room: Room
let bob: Person
let eve: Person
let ann: Person
let boss: Person

beforeAll(async () => {
  ;({ w, room, bob, eve, ann } = await chainScene())
  boss = await w.human('boss', { isAdmin: true })
})
afterAll(() => w[Symbol.asyncDispose]())

const says = (who: Person, to: Room | string, more: Fields = {}) =>
  who.post<Posted>('/v1/messages', { channel: typeof to === 'string' ? to : to.slug, body: 'hi', ...more })
const replies = (who: Person, root: Message) => says(who, root.channel, { thread_id: root.id })
const statusOf = async (answer: Promise<{ status: number }>) => (await answer).status
const continues = (who: Caller, path: string, extra?: number) =>
  who.post<{ chain: Chain; code: string }>(`/v1/${path}/continue`, extra === undefined ? {} : { extra })
const threadOf = async (who: Person, root: Message) =>
  (await who.get<{ chain: Chain }>(`/v1/threads/${root.id}`)).body.chain
const channelOf = async (who: Person, { slug }: Room) =>
  (await who.get<{ chain: Chain }>(`/v1/channels/${slug}`)).body.chain
const eventsOf = async (who: Person, type: string) => {
  const { body } = await who.get<EventPage>(`/v1/events?since=oldest&type=${type}&limit=500`)
  return body.events as unknown as Record<string, unknown>[]
}
/** How many posts pass until one is refused, at most 20. */
const passes = async (post: () => Promise<{ status: number }>) => {
  let count = 0
  while (count < 20 && (await post()).status === 201) count++
  return count
}

describe('a stopped agent', () => {
  test('is announced once, before its refusal is answered, and shown in the thread and the channel until a person replies', async () => {
    using socket = await LiveSocket.open(w.url, { authorization: `Bearer ${eve.secret}` })
    await socket.subscribe(['room'])
    const root = await ann.posts(room, 'plan?')
    await replies(bob, root)
    for (let n = 0; n < 3; n++) expect(await statusOf(replies(bob, root))).toBe(429)
    const account = { id: bob.id, handle: 'bob', kind: 'agent', display_name: expect.any(String) }
    const block = { account, thread_id: root.id, code: 'chain_limit', limit: 1, used: 1 }
    expect(await socket.next('chain.blocked')).toMatchObject({ channel: 'room', ...block, actor: null })
    const noted = (await eventsOf(ann, 'chain.blocked')).filter(({ thread_id }) => thread_id === root.id)
    expect(noted).toHaveLength(1)
    expect((await threadOf(ann, root)).blocked).toEqual([{ ...block, at: expect.any(String) }])
    expect((await channelOf(ann, room)).blocked).toContainEqual({ ...block, at: expect.any(String) })
    await replies(ann, root)
    expect((await threadOf(ann, root)).blocked).toEqual([])
    expect((await channelOf(ann, room)).blocked.filter(({ thread_id }) => thread_id === root.id)).toEqual([])
    await replies(bob, root)
    await replies(bob, root)
    expect((await threadOf(ann, root)).blocked).toMatchObject([block])
  })

  test('of many refusals at once one is announced', async () => {
    const root = await ann.posts(room, 'plan?')
    await Promise.all(Array.from({ length: 20 }, () => replies(bob, root)))
    const noted = (await eventsOf(ann, 'chain.blocked')).filter(({ thread_id }) => thread_id === root.id)
    expect(noted).toHaveLength(1)
  })

  test('a channel lists the newest 200 that were stopped, however many threads nobody goes on with', async () => {
    const busy = await w.channel('busy')
    const cat = await w.agent('cat', { channels: { busy: 'member' } })
    const roots: Message[] = []
    for (let n = 0; n < 203; n++) {
      const root = await cat.posts(busy, 'plan?')
      await replies(cat, root)
      expect(await statusOf(replies(cat, root))).toBe(429)
      roots.push(root)
    }
    await w.operator.post('/v1/admin/memberships', { account_handle: 'ann', channel_slug: 'busy' })
    const listed = (await channelOf(ann, busy)).blocked.map(({ thread_id }) => thread_id)
    expect(listed).toEqual(roots.slice(3).map(({ id }) => id))
    expect((await threadOf(ann, roots[0] ?? ({} as Message))).blocked).toHaveLength(1)
  })

  test('a thread shows each caller its own budget; that of a person has no end', async () => {
    const root = await ann.posts(room, 'plan?')
    expect(await threadOf(bob, root)).toEqual({
      limit: 1,
      used: 0,
      remaining: 1,
      correction_used: false,
      blocked: [],
    })
    await replies(bob, root)
    await says(bob, room, { thread_id: root.id, kind: 'correction', body: 'Correction: no' })
    expect(await threadOf(bob, root)).toMatchObject({ used: 1, remaining: 0, correction_used: true })
    expect(await threadOf(eve, root)).toMatchObject({ used: 0, remaining: 1, correction_used: false })
    expect(await threadOf(ann, root)).toMatchObject({ limit: 1, used: 0, remaining: null })
  })
})

describe('Continue in a thread', () => {
  test('restores the budgets of all, `extra` times the limit, until a person replies', async () => {
    const root = await ann.posts(room, 'plan?')
    const each = async () => [await passes(() => replies(bob, root)), await passes(() => replies(eve, root))]
    expect(await each()).toEqual([1, 1])
    const { status, body } = await continues(ann, `threads/${root.id}`)
    expect([status, body.chain]).toEqual([
      200,
      { limit: 1, used: 0, remaining: null, correction_used: false, blocked: [] },
    ])
    expect(await each()).toEqual([1, 1])
    expect((await continues(ann, `threads/${root.id}`, 3)).body.chain).toMatchObject({
      limit: 3,
      blocked: [],
    })
    expect(await threadOf(bob, root)).toMatchObject({ limit: 3, used: 0, remaining: 3 })
    expect(await each()).toEqual([3, 3])
    await replies(ann, root)
    expect(await each()).toEqual([1, 1])
    const events = (await eventsOf(bob, 'thread.continued')).filter(({ thread_id }) => thread_id === root.id)
    expect(events).toMatchObject([
      { channel: 'room', extra: 1, actor: { handle: 'ann' } },
      { channel: 'room', extra: 3, actor: { handle: 'ann' } },
    ])
    const audit = await w.operator.get<{ entries: { action: string; target_id: string }[] }>(
      '/v1/admin/audit?action=chain.continue',
    )
    expect(audit.body.entries.filter(({ target_id }) => target_id === root.id)).toHaveLength(2)
  })

  test('in a thread without replies it counts for those to come, and the root shows none', async () => {
    const root = await bob.posts(room, 'plan?')
    await continues(ann, `threads/${root.id}`, 2)
    expect((await ann.get<Message>(`/v1/messages/${root.id}`)).body).toMatchObject({
      reply_count: 0,
      last_reply_at: null,
    })
    expect(await passes(() => replies(eve, root))).toBe(2)
  })

  test('is for people who may post there', async () => {
    const root = await ann.posts(room, 'plan?')
    const path = `threads/${root.id}`
    const reader = await w.human('reader', { channels: { room: 'read_only' } })
    const outsider = await w.human('outsider')
    const narrow = await ann.post<{ token: string }>('/v1/me/tokens', { name: 'x', scopes: READ_AND_POST })
    const refused: [Caller, string, number, string][] = [
      [bob, path, 403, 'humans_only'],
      [w.bearer(narrow.body.token), path, 403, 'humans_only'],
      [reader, path, 403, 'read_only_role'],
      [outsider, path, 404, 'thread_not_found'],
      [ann, 'threads/x', 400, 'invalid_thread_id'],
      [bob, 'channels/room', 403, 'humans_only'],
      [reader, 'channels/room', 403, 'read_only_role'],
      [ann, 'channels/nowhere', 404, 'channel_not_found'],
    ]
    for (const [who, what, status, code] of refused)
      await leavesNoTrace(w, async () => {
        const answer = await continues(who, what)
        expect([what, answer.status, answer.body.code]).toEqual([what, status, code])
      })
    for (const extra of [0, 101]) expect((await continues(ann, path, extra)).status).toBe(422)
  })

  test('a system admin lets two agents go on that talk alone, without reading them', async () => {
    const { body: dm } = await bob.post<{ slug: string }>('/v1/dms', { handle: 'eve' })
    const root = await bob.posts(dm.slug, 'psst')
    const path = `threads/${root.id}`
    expect(await passes(() => replies(eve, root))).toBe(1)
    expect((await continues(ann, path)).status).toBe(404)
    const { status, text } = await continues(boss, path)
    expect(status, text).toBe(200)
    expect(await passes(() => replies(eve, root))).toBe(1)
    expect((await continues(boss, `channels/${dm.slug}`)).status).toBe(200)
    expect((await boss.get(`/v1/messages/${root.id}`)).status).toBe(404)
    const mixed = await bob.post<{ slug: string }>('/v1/dms', { handle: 'ann' })
    const other = await bob.posts(mixed.body.slug, 'hello')
    expect((await continues(boss, `threads/${other.id}`)).status).toBe(404)
    expect((await continues(ann, `threads/${other.id}`)).status).toBe(200)
  })
})

describe('the run guard', () => {
  const guarded = async (slug: string, settings: Fields) => {
    const yard = await w.channel(slug)
    await w.operator.patch(`/v1/admin/channels/${yard.id}`, { settings })
    const agents = await Promise.all(
      ['one', 'two', 'three'].map((name) => w.agent(`${name}-${slug}`, { channels: { [slug]: 'member' } })),
    )
    const person = await w.human(`person-${slug}`, { channels: { [slug]: 'member' } })
    const [one, two, three] = agents
    if (!one || !two || !three) throw new Error('there are three')
    return { yard, one, two, three, person }
  }

  test('agents post so many messages in a channel until a person posts, and one of them half of it', async () => {
    const { yard, one, two, three, person } = await guarded('yard', { agent_run: 5 })
    expect(await passes(() => says(one, yard))).toBe(2)
    const refused = await says(one, yard)
    expect([refused.status, refused.body]).toMatchObject([
      429,
      { code: 'loop_guard', channel: 'yard', limit: 2, used: 2, resets_on: 'human_message' },
    ])
    expect(refused.headers.get('retry-after')).toBeNull()
    expect(await passes(() => says(two, yard))).toBe(2)
    expect(await passes(() => says(three, yard))).toBe(1)
    // Both are reached, so it is that of the channel.
    expect((await says(one, yard)).body).toMatchObject({ limit: 5, used: 5 })
    expect(await channelOf(person, yard)).toMatchObject({
      limit: 5,
      used: 5,
      remaining: 0,
      blocked: [
        { account: { handle: 'one-yard' }, thread_id: null, code: 'loop_guard', limit: 2, used: 2 },
        { account: { handle: 'two-yard' } },
        { account: { handle: 'three-yard' } },
      ],
    })
    await says(person, yard)
    expect(await channelOf(person, yard)).toMatchObject({ used: 0, remaining: 5, blocked: [] })
    expect(await passes(() => says(one, yard))).toBe(2)
    expect(await eventsOf(person, 'chain.blocked')).toHaveLength(4)
  })

  test('of many posts at once exactly as many pass as the guard says', async () => {
    const { yard, one, two, three, person } = await guarded('crowd', { agent_run: 12 })
    for (let round = 0; round < 5; round++) {
      await says(person, yard)
      const answers = await Promise.all(
        [one, two, three].flatMap((who) => Array.from({ length: 20 }, () => says(who, yard))),
      )
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(12)
    }
  })

  test('Continue restores the run, `extra` times, also after a restart', async () => {
    const { yard, one, two, person } = await guarded('park', { agent_run: 4 })
    const each = async () => [await passes(() => says(one, yard)), await passes(() => says(two, yard))]
    expect(await each()).toEqual([2, 2])
    const { body } = await continues(person, 'channels/park', 2)
    expect(body.chain).toEqual({ limit: 8, used: 0, remaining: 8, blocked: [] })
    await says(one, yard)
    await w.restart()
    expect(await channelOf(person, yard)).toMatchObject({ limit: 8, used: 1, remaining: 7 })
    expect(await each()).toEqual([3, 4])
    await w.restart()
    expect(await each()).toEqual([0, 0])
    await says(person, yard)
    await w.restart()
    expect(await each()).toEqual([2, 2])
    const events = (await eventsOf(person, 'thread.continued')).filter(({ channel }) => channel === 'park')
    expect(events).toMatchObject([{ thread_id: null, extra: 2 }])
  })

  test('silence restores the run, also after a restart; replies count as well', async () => {
    const { yard, one, person } = await guarded('lake', { agent_run: 2, auto_continue_s: 60, chain_limit: 0 })
    const root = await person.posts(yard, 'plan?')
    expect(await passes(() => replies(one, root))).toBe(1)
    w.clock.advance(MINUTE + 1)
    expect((await channelOf(person, yard)).blocked).toEqual([])
    expect(await passes(() => replies(one, root))).toBe(1)
    expect((await channelOf(person, yard)).blocked).toHaveLength(1)
    await w.restart()
    expect(await channelOf(person, yard)).toMatchObject({ used: 1 })
    expect((await channelOf(person, yard)).blocked).toHaveLength(1)
    expect(await statusOf(says(one, yard))).toBe(429)
    w.clock.advance(MINUTE + 1)
    await w.restart()
    expect((await channelOf(person, yard)).blocked).toEqual([])
    expect(await statusOf(says(one, yard))).toBe(201)
  })

  test('a guard that is turned on counts what was posted before; a deleted message of a person stays one', async () => {
    const { yard, one, two, person } = await guarded('late', {})
    for (let n = 0; n < 3; n++) await says(two, yard)
    const word = await person.posts(yard, 'hello')
    await says(one, yard)
    await person.delete(`/v1/messages/${word.id}`)
    await w.operator.patch(`/v1/admin/channels/${yard.id}`, { settings: { agent_run: 4 } })
    expect(await passes(() => says(one, yard))).toBe(1)
    expect(await passes(() => says(two, yard))).toBe(2)
    expect(await passes(() => says(person, yard))).toBe(20)
  })

  test('a program of a person neither counts nor restores anything', async () => {
    const { yard, one, person } = await guarded('mill', { agent_run: 2 })
    const { body } = await person.post<{ token: string }>('/v1/me/tokens', {
      name: 'x',
      scopes: READ_AND_POST,
    })
    const program = w.bearer(body.token) as unknown as Person
    expect(await passes(() => says(one, yard))).toBe(1)
    for (const restarted of [false, true]) {
      if (restarted) await w.restart()
      expect(await statusOf(says(program, yard))).toBe(201)
      expect(await statusOf(says(one, yard))).toBe(429)
    }
  })
})
