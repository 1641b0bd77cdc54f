import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  type Fields,
  type Message,
  MINUTE,
  type Person,
  READ_AND_POST,
  type Room,
  SECOND,
  type World,
  world,
} from '../support/world'
import { chainScene } from './chain-scene'
import { expectRefusal, leavesNoTrace } from './refusals'

interface Chain {
  readonly thread_id: string
  readonly limit: number
  readonly used: number
  readonly remaining: number | null
  readonly resets_on: string
}
type Posted = Message & { readonly chain?: Chain; readonly code?: string; readonly reason?: string }

let w: World
let room: Room
let bob: Person
let eve: Person
let ann: Person

beforeAll(async () => {
  ;({ w, room, bob, eve, ann } = await chainScene())
})
afterAll(() => w[Symbol.asyncDispose]())

const says = (who: Person, more: Fields = {}, to: Room = room) =>
  who.post<Posted>('/v1/messages', { channel: to.slug, body: 'hi', ...more })
const replies = (who: Person, root: Message, more: Fields = {}) => says(who, { thread_id: root.id, ...more })
const corrects = (who: Person, root: Message, more: Fields = {}) =>
  replies(who, root, { kind: 'correction', body: 'Correction: no', ...more })
const outcome = async (answer: ReturnType<typeof says>) => {
  const { status, body } = await answer
  return status === 201 ? 'posted' : body.reason
}
const token = async (scopes: readonly string[]) => {
  const { body } = await ann.post<{ token: string }>('/v1/me/tokens', { name: 'phone', scopes })
  return w.bearer(body.token) as unknown as Person
}

describe('the chain limit', () => {
  test('two agents that answer each other stop after one reply each; a reply of a person lets each answer once more', async () => {
    const root = await ann.posts(room, 'plan?')
    const first = await replies(bob, root)
    expect(first.body.chain).toEqual({
      thread_id: root.id,
      limit: 1,
      used: 1,
      remaining: 0,
      resets_on: 'human_message',
    })
    expect(await outcome(replies(eve, root))).toBe('posted')
    for (const who of [bob, eve]) expect(await outcome(replies(who, root))).toBe('budget_used')
    await ann.posts(room, 'go on', { thread_id: root.id })
    for (const who of [bob, eve]) expect(await outcome(replies(who, root))).toBe('posted')
    for (const who of [bob, eve]) expect(await outcome(replies(who, root))).toBe('budget_used')
  })

  test('the refusal has every key and no Retry-After; what is announced once is not written again', async () => {
    const root = await eve.posts(room, 'plan?')
    await bob.posts(room, 'one', { reply_to: root.id })
    expect(await outcome(replies(bob, root))).toBe('budget_used')
    await leavesNoTrace(w, async () => {
      const answer = await says(bob, { reply_to: root.id })
      expectRefusal(answer, 429, {
        detail: 'Chain limit reached for this thread',
        code: 'chain_limit',
        reason: 'budget_used',
        thread_id: root.id,
        limit: 1,
        used: 1,
        resets_on: 'human_message',
      })
      expect(answer.headers.get('retry-after')).toBeNull()
    })
  })

  test('top-level messages, other threads, and people are not limited and have no chain', async () => {
    for (let n = 0; n < 3; n++) {
      const root = await bob.posts(room, 'a statement')
      expect(root).not.toHaveProperty('chain')
      expect(await outcome(replies(bob, root))).toBe('posted')
    }
    const root = await bob.posts(room, 'plan?')
    for (let n = 0; n < 3; n++) expect((await replies(ann, root)).body).not.toHaveProperty('chain')
    const program = await token(READ_AND_POST)
    for (let n = 0; n < 3; n++) expect((await replies(program, root)).status).toBe(201)
  })

  test('a personal token counts as the person only with human:act, and acting as a person never does', async () => {
    const root = await ann.posts(room, 'plan?')
    const goesOn = async () => (await replies(bob, root)).status === 201
    expect(await goesOn()).toBe(true)
    await replies(await token(READ_AND_POST), root)
    expect(await goesOn()).toBe(false)
    await replies(await token([...READ_AND_POST, 'human:act']), root)
    expect(await goesOn()).toBe(true)
    await w.agent('bridge', { channels: { room: 'member' } })
    const request = { account_handle: 'bridge', scopes: READ_AND_POST, actors: ['ann'] }
    const issued = await w.operator.post<{ token: string }>('/v1/admin/tokens', request)
    const carried = await w
      .bearer(issued.body.token)
      .post(
        '/v1/messages',
        { channel: 'room', body: 'as ann', thread_id: root.id },
        { 'x-synapse-actor': 'ann' },
      )
    expect(carried.status, carried.text).toBe(201)
    expect(await goesOn()).toBe(false)
    // Neither does a top-level message of the person.
    await ann.posts(room, 'elsewhere')
    expect(await goesOn()).toBe(false)
    await replies(ann, root)
    expect(await goesOn()).toBe(true)
  })

  test('the limit of the account goes before that of the channel, and that before the setting; 0 is none', async () => {
    const own = await w.channel('own')
    const cat = await w.agent('cat', { channels: { own: 'member' } })
    const root = await cat.posts(own, 'plan?')
    const until429 = async () => {
      let count = 0
      while (count < 9 && (await says(cat, { thread_id: root.id }, own)).status === 201) count++
      return count
    }
    const set = (path: string, body: Fields) => w.operator.patch(`/v1/admin/${path}`, body)
    expect(await until429()).toBe(1)
    await set(`channels/${own.id}`, { settings: { chain_limit: 3 } })
    expect(await until429()).toBe(2)
    await set(`accounts/${cat.id}`, { chain_limit: 5 })
    expect(await until429()).toBe(2)
    await set(`accounts/${cat.id}`, { chain_limit: 0 })
    expect((await says(cat, { thread_id: root.id }, own)).body.chain).toMatchObject({
      limit: 0,
      used: 0,
      remaining: null,
    })
    expect(await until429()).toBe(9)
    // What was spent meanwhile counts.
    await set(`accounts/${cat.id}`, { chain_limit: 10 })
    expect(await until429()).toBe(0)
    await set(`accounts/${cat.id}`, { chain_limit: 17 })
    expect(await until429()).toBe(2)
  })

  test('a decision counts as a reply of a person; asking for one is not limited and restores nothing', async () => {
    const root = await ann.posts(room, 'plan?')
    for (const who of [bob, eve]) expect(await outcome(replies(who, root))).toBe('posted')
    const asked = await bob.post<{ approval: { id: string } }>('/v1/approvals', {
      channel: 'room',
      question: 'Ship it?',
      options: ['yes', 'no'],
      reply_to: root.id,
    })
    expect(asked.status, asked.text).toBe(201)
    for (const who of [bob, eve]) expect(await outcome(replies(who, root))).toBe('budget_used')
    const path = `/v1/approvals/${asked.body.approval.id}/decide`
    const { status, text } = await ann.post(path, { option: 'yes' })
    expect(status, text).toBe(200)
    for (const who of [bob, eve]) expect(await outcome(replies(who, root))).toBe('posted')
    for (const who of [bob, eve]) expect(await outcome(replies(who, root))).toBe('budget_used')
  })

  test('a deleted reply stays spent, and a deleted message of a person stays one', async () => {
    const root = await ann.posts(room, 'plan?')
    const { body } = await replies(bob, root)
    await bob.delete(`/v1/messages/${body.id}`)
    expect(await outcome(replies(bob, root))).toBe('budget_used')
    const word = await ann.posts(room, 'go on', { thread_id: root.id })
    await ann.delete(`/v1/messages/${word.id}`)
    expect(await outcome(replies(bob, root))).toBe('posted')
  })

  test('a repeated request is answered although the budget is spent, and costs nothing', async () => {
    const root = await ann.posts(room, 'plan?')
    const once = { client_msg_id: `once-${root.id}` }
    for (let n = 0; n < 3; n++) expect((await replies(bob, root, once)).status).toBe(201)
    await replies(ann, root)
    expect((await replies(bob, root, once)).headers.get('idempotent-replayed')).toBe('true')
    expect(await outcome(replies(bob, root))).toBe('posted')
  })

  test('presence, claims, reactions, edits and acknowledgements are not limited', async () => {
    const root = await ann.posts(room, 'plan, @bob?')
    const { body } = await replies(bob, root)
    expect(await outcome(replies(bob, root))).toBe('budget_used')
    const answers = await Promise.all([
      bob.put('/v1/presence', { state: 'blocked' }),
      bob.post('/v1/claims', { resource: `message:${root.id}` }),
      bob.put(`/v1/messages/${root.id}/reactions/ok`),
      bob.patch(`/v1/messages/${body.id}`, { body: 'better' }),
      bob.post('/v1/inbox/ack', { cursor: 'now' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 200, 200, 200])
    expect(await outcome(replies(bob, root))).toBe('budget_used')
  })

  test('of 50 replies of one agent at once exactly as many pass as the limit says', async () => {
    const wide = await w.channel('wide')
    await w.operator.patch(`/v1/admin/channels/${wide.id}`, { settings: { chain_limit: 7 } })
    const cow = await w.agent('cow', { channels: { wide: 'member' } })
    for (let round = 0; round < 5; round++) {
      const root = await cow.posts(wide, 'plan?')
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => says(cow, { thread_id: root.id }, wide)),
      )
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(7)
      expect(new Set(answers.map(({ body }) => body.chain?.used))).toEqual(
        new Set([1, 2, 3, 4, 5, 6, 7, undefined]),
      )
    }
  })

  test('after as much silence as the channel says, the agents of a thread may go on', async () => {
    const quiet = await w.channel('quiet')
    await w.operator.patch(`/v1/admin/channels/${quiet.id}`, { settings: { auto_continue_s: 600 } })
    const [dog, hen] = [
      await w.agent('dog', { channels: { quiet: 'member' } }),
      await w.agent('hen', { channels: { quiet: 'member' } }),
    ]
    const root = await dog.posts(quiet, 'plan?')
    const goesOn = async (who: Person) => (await says(who, { thread_id: root.id }, quiet)).status === 201
    for (const who of [dog, hen]) expect(await goesOn(who)).toBe(true)
    w.clock.advance(10 * MINUTE - SECOND)
    for (const who of [dog, hen]) expect(await goesOn(who)).toBe(false)
    w.clock.advance(SECOND + 1)
    for (const who of [dog, hen]) expect(await goesOn(who)).toBe(true)
    for (const who of [dog, hen]) expect(await goesOn(who)).toBe(false)
  })
})

test('the guidance for agents says which limit is theirs', async () => {
  const { body } = await bob.get<{ markdown: string }>('/v1/protocol')
  expect<unknown>(body).toEqual({
    version: '0.2',
    markdown: expect.stringContaining('Answer the questions of people'),
    chain: { limit: 1 },
    polling_s: 15,
  })
  const own = await w.agent('own-limit')
  await w.operator.patch(`/v1/admin/accounts/${own.id}`, { chain_limit: 4 })
  expect((await own.get('/v1/protocol')).body).toMatchObject({ chain: { limit: 4 } })
  expect((await w.guest.get('/v1/protocol')).status).toBe(401)
})

describe('corrections', () => {
  test('one correction passes besides the budget, a second one does not until a person replies', async () => {
    const root = await ann.posts(room, 'plan?')
    await replies(bob, root)
    const { status, body } = await corrects(bob, root)
    expect(status).toBe(201)
    expect(body.chain).toMatchObject({ limit: 1, used: 1, remaining: 0 })
    expect(await outcome(corrects(bob, root))).toBe('correction_used')
    // It restores no budget.
    expect(await outcome(replies(bob, root))).toBe('budget_used')
    await replies(ann, root)
    expect(await outcome(corrects(bob, root))).toBe('posted')
    expect(await outcome(replies(bob, root))).toBe('posted')
  })

  test('a correction does not answer a correction', async () => {
    const root = await ann.posts(room, 'plan?')
    const { body } = await corrects(bob, root)
    expect(await outcome(corrects(eve, root, { reply_to: body.id }))).toBe('counter_correction')
    expect(await outcome(replies(eve, root, { reply_to: body.id }))).toBe('posted')
    expect(await outcome(corrects(eve, root))).toBe('posted')
    // People are never limited.
    for (let n = 0; n < 2; n++) expect((await corrects(ann, root, { reply_to: body.id })).status).toBe(201)
  })
})

describe('against a plain model', () => {
  interface Act {
    readonly who: number
    readonly thread: number
    readonly kind: 'message' | 'correction' | 'top'
  }
  const act: fc.Arbitrary<Act> = fc.record({
    who: fc.integer({ min: 0, max: 3 }),
    thread: fc.integer({ min: 0, max: 1 }),
    kind: fc.constantFrom('message' as const, 'message' as const, 'correction' as const, 'top' as const),
  })

  /** Says what is refused, from all that was posted before. */
  function refusalIn(
    history: readonly (Act & { readonly isHuman: boolean })[],
    { who, thread, kind }: Act,
    limit: number,
  ): string {
    const inThread = history.filter((one) => one.thread === thread && one.kind !== 'top')
    const since = inThread.slice(inThread.findLastIndex(({ isHuman }) => isHuman) + 1)
    const own = since.filter((one) => one.who === who)
    if (kind === 'top' || who === 3) return 'posted'
    if (kind === 'correction')
      return own.some((one) => one.kind === 'correction') ? 'correction_used' : 'posted'
    return own.filter((one) => one.kind === 'message').length >= limit ? 'budget_used' : 'posted'
  }

  test('any order of replies of three agents and a person in two threads, one by one and at once, is judged as the model says', async () => {
    await using here = await world({ settings: { SYNAPSE_CHAIN_LIMIT: '2' } })
    const lab = await here.channel('lab')
    const people = [
      ...(await Promise.all(
        ['one', 'two', 'three'].map((name) => here.agent(name, { channels: { lab: 'member' } })),
      )),
      await here.human('person', { channels: { lab: 'member' } }),
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(act, { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
        async (groups) => {
          const [first] = people
          if (!first) throw new Error('there are people')
          const roots = [await first.posts(lab, 'one'), await first.posts(lab, 'two')]
          const history: (Act & { readonly isHuman: boolean })[] = []
          for (const group of groups) {
            const answers = await Promise.all(
              group.map(async (one) => {
                const thread = one.kind === 'top' ? {} : { thread_id: roots[one.thread]?.id }
                const correction = { kind: 'correction', body: 'Correction: no' }
                const more = { ...thread, ...(one.kind === 'correction' ? correction : {}) }
                const who = people[one.who]
                if (!who) throw new Error('there is nobody else')
                const answer = await says(who, more, lab)
                return { one, answer }
              }),
            )
            // Those that passed are ordered by seq; the order of the others is not known, so each is judged at every place.
            const passed = answers
              .filter(({ answer }) => answer.status === 201)
              .toSorted((a, b) => a.answer.body.seq - b.answer.body.seq)
            const places = [[...history]]
            for (const { one } of passed) {
              expect(refusalIn(history, one, 2)).toBe('posted')
              history.push({ ...one, isHuman: one.who === 3 })
              places.push([...history])
            }
            for (const { one, answer } of answers)
              if (answer.status !== 201)
                expect(places.map((place) => refusalIn(place, one, 2))).toContain(answer.body.reason ?? '')
          }
        },
      ),
      { numRuns: 40 },
    )
  }, 60_000)
})
