import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type EventPage, LiveSocket, until } from '../support/sockets'
import {
  type Answer,
  type Fields,
  HOUR,
  type Message,
  type Page,
  type Person,
  type Room,
  SECOND,
  type World,
  world,
} from '../support/world'
import { codeOf, expectRefusal, leavesNoTrace } from './refusals'

interface Approval {
  readonly id: string
  readonly message_id: string
  readonly thread_id: string | null
  readonly question: string
  readonly state: string
  readonly approvers: readonly string[] | null
  readonly decision: { readonly option: string; readonly by: string; readonly note: string | null } | null
  readonly expires_at: string
}
interface Asked {
  readonly approval: Approval
  readonly message: Message & { readonly approval?: Approval; readonly kind: string }
}
interface Refused {
  readonly code: string
  readonly approval?: Approval
}
interface Inbox {
  readonly items: readonly {
    readonly seq: number
    readonly reason: string
    readonly reasons: readonly string[]
    readonly event: string
    readonly message: Message
    readonly delivery: { readonly state: string }
  }[]
  readonly pending: number
}

let w: World
let room: Room
let ada: Person
let bo: Person
let eve: Person
let agent: Person
let rooms = 0

beforeAll(async () => {
  w = await world()
  room = await w.channel('room')
  ada = await w.human('ada', { channels: { room: 'member' } })
  bo = await w.human('bo', { channels: { room: 'member' } })
  eve = await w.human('eve', { channels: { room: 'read_only' } })
  agent = await w.agent('builder', { channels: { room: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const question = 'Deploy to staging?'
const request = (more: Fields = {}) => ({
  channel: 'room',
  question,
  options: ['Deploy', { id: 'no', label: 'Not now' }],
  ...more,
})
/** An approval of an agent that has not asked yet, so that no limit is met. */
const asked = async (more: Fields = {}, by?: Person): Promise<Asked & { readonly by: Person }> => {
  const asker = by ?? (await w.agent(`asker-${++rooms}`, { channels: { room: 'member' } }))
  const { status, body, text } = await asker.post<Asked>('/v1/approvals', request(more))
  expect(status, text).toBe(201)
  return { ...body, by: asker }
}
const decides = <Body = Approval>(who: { post: Person['post'] }, { approval }: Asked, more: Fields = {}) =>
  who.post<Body>(`/v1/approvals/${approval.id}/decide`, { option: 'Deploy', ...more })
const cancels = <Body = Approval>(who: Person, { approval }: Asked) =>
  who.post<Body>(`/v1/approvals/${approval.id}/cancel`)
const shown = (who: Person, { approval }: Asked, query = '') =>
  who.get<Approval>(`/v1/approvals/${approval.id}${query}`)
const inboxOf = async (who: Person, query = 'reason=approval&order=desc'): Promise<Inbox['items']> =>
  (await who.get<Inbox>(`/v1/inbox?${query}`)).body.items
const itemOf = async (who: Person, { message }: Asked) =>
  (await inboxOf(who)).find((item) => item.message.id === message.id)
const typesOf = async ({ approval }: Asked, who: Person = ada): Promise<string[]> => {
  const { body } = await who.get<EventPage>('/v1/events?since=oldest&type=approval.*&limit=500')
  const events = body.events as unknown as { type: string; approval: Approval }[]
  return events.filter((event) => event.approval.id === approval.id).map(({ type }) => type)
}
/** Lets the sweeper run: it is woken by every commit. */
const swept = async (one: Asked, type: string) => {
  await bo.posts(room, 'a commit')
  await until(type, async () => (await typesOf(one)).includes(type))
}
const personal = async (who: Person, scopes: string[]) => {
  const { body } = await who.post<{ token: string }>('/v1/me/tokens', { name: 'laptop', scopes })
  return w.bearer(body.token) as unknown as Person
}

describe('asking', () => {
  test('an approval is a message with every key, and two events', async () => {
    const one = await asked({ metadata: { run: 7 } })
    const expected = {
      id: expect.any(String),
      message_id: one.message.id,
      channel: 'room',
      thread_id: null,
      question,
      options: [
        { id: 'Deploy', label: 'Deploy' },
        { id: 'no', label: 'Not now' },
      ],
      approvers: null,
      requested_by: one.by.handle,
      state: 'pending',
      decision: null,
      created_at: expect.any(String),
      expires_at: expect.any(String),
      metadata: { run: 7 },
    }
    expect<unknown>(one.approval).toEqual(expected)
    expect(one.message).toMatchObject({ kind: 'approval', body: question, metadata: { run: 7 } })
    expect<unknown>(one.message.approval).toEqual(expected)
    expect<unknown>((await shown(bo, one)).body).toEqual(expected)
    const page = (await ada.reads(room, { kind: 'approval', order: 'desc', limit: 1 })).body.messages
    expect(page[0]).toMatchObject({ id: one.message.id, approval: { id: one.approval.id } })
    expect(await typesOf(one)).toEqual(['approval.created'])
    const day = Date.parse(one.approval.expires_at) - w.clock.now() / 1000
    expect(day / 1000).toBeCloseTo(86_400, 0)
  })

  test.each<[string, Fields]>([
    ['400 invalid_options', { options: ['one'] }],
    ['400 invalid_options', { options: Array.from({ length: 11 }, (_, i) => `option ${i}`) }],
    ['400 invalid_options', { options: ['one', 'one'] }],
    [
      '400 invalid_options',
      {
        options: [
          { id: 'a', label: 'same' },
          { id: 'b', label: 'same' },
        ],
      },
    ],
    ['422 validation_error', { options: ['one', 'x'.repeat(81)] }],
    ['422 validation_error', { options: ['one', 2] }],
    ['422 validation_error', { options: ['one', null] }],
    ['422 validation_error', { options: ['one', { id: 'two' }] }],
    ['422 validation_error', { question: 'x'.repeat(4001) }],
    ['422 validation_error', { question: '' }],
    ['422 validation_error', { ttl_s: 59 }],
    ['422 validation_error', { ttl_s: 30 * 86_400 + 1 }],
    ['400 no_eligible_approver', { approvers: [] }],
    ['400 no_eligible_approver', { approvers: ['ada', 'nobody'] }],
    ['400 no_eligible_approver', { approvers: ['builder'] }],
    ['404 channel_not_found', { channel: 'nowhere' }],
    ['404 reply_target_not_found', { reply_to: '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b' }],
  ])('%s is the answer to %j, and nothing is stored', async (code, more) => {
    await leavesNoTrace(w, async () => {
      expect(codeOf(await agent.post('/v1/approvals', request(more)))).toBe(code)
    })
  })

  test('nobody can be asked in a channel without a person besides the one who asks', async () => {
    await w.channel('bots')
    const loner = await w.human('loner', { channels: { bots: 'member' } })
    await w.joins(agent, 'bots')
    await w.joins(eve, 'bots', 'read_only')
    expect(codeOf(await loner.post('/v1/approvals', request({ channel: 'bots' })))).toBe(
      '400 no_eligible_approver',
    )
    expect((await agent.post('/v1/approvals', request({ channel: 'bots' }))).status).toBe(201)
  })

  test('an account has one pending approval in a thread, and 20 new ones in an hour', async () => {
    const root = await ada.posts(room, 'a root')
    const one = await asked({ reply_to: root.id })
    expect(one.approval.thread_id).toBe(root.id)
    const again = await one.by.post<Refused>('/v1/approvals', request({ reply_to: one.message.id }))
    expect(codeOf(again)).toBe('409 approval_pending')
    expect(again.body.approval?.id).toBe(one.approval.id)
    await asked({ reply_to: root.id })
    await decides(bo, one)
    await asked({ reply_to: root.id }, one.by)
    for (let n = 2; n < 20; n++) await asked({}, one.by)
    const refused = await one.by.post<Refused & { retry_after: number }>('/v1/approvals', request())
    expect(codeOf(refused)).toBe('429 rate_limited')
    expect(refused.body.retry_after).toBeGreaterThan(3000)
    expect(refused.headers.get('retry-after')).toBe(String(refused.body.retry_after))
    w.clock.advance(HOUR + SECOND)
    await asked({}, one.by)
  })

  test('an agent that is paused still asks', async () => {
    const { by } = await asked()
    const paused = await ada.post<{ id: string }>('/v1/pauses', { channel: 'room', account: by.handle })
    expect(codeOf(await by.post('/v1/messages', { channel: 'room', body: 'x' }))).toBe('429 paused')
    await asked({}, by)
    await ada.delete(`/v1/pauses/${paused.body.id}`)
  })

  test('a repeated request with its key gets the first answer', async () => {
    const by = await w.agent('repeater', { channels: { room: 'member' } })
    const key = { 'idempotency-key': 'the same' }
    const first = await by.post<Asked>('/v1/approvals', request(), key)
    const second = await by.post<Asked>('/v1/approvals', request(), key)
    expect(second.status).toBe(201)
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect(second.body).toEqual(first.body)
  })
})

describe('deciding', () => {
  test('the first decision counts, and is told by a system message, events and the inbox', async () => {
    const one = await asked()
    const { status, body, text } = await decides(ada, one, { note: 'only staging' })
    expect(status, text).toBe(200)
    expect(body).toMatchObject({
      state: 'decided',
      decision: { option: 'Deploy', label: 'Deploy', by: 'ada', note: 'only staging' },
    })
    const late = await decides<Refused>(bo, one, { option: 'no' })
    expect(codeOf(late)).toBe('409 already_decided')
    expect<unknown>(late.body.approval).toEqual(body)
    expect((await shown(bo, one)).body).toEqual(body)
    expect(await typesOf(one)).toEqual(['approval.created', 'approval.decided'])
    const thread = (await ada.get<Page>(`/v1/threads/${one.message.id}/messages`)).body.messages
    expect(thread.map(({ id }) => id)[0]).toBe(one.message.id)
    expect(thread[0]).toMatchObject({ reply_count: 1, approval: { state: 'decided' } })
    expect(thread[1]).toMatchObject({
      kind: 'system',
      sender_handle: 'system',
      sender_kind: 'agent',
      thread_id: one.message.id,
      reply_to: one.message.id,
      body: 'Decision by @ada: Deploy\n\nonly staging',
      mentioned_handles: [],
    })
    const items = (await inboxOf(one.by)).filter(({ message }) => message.id === one.message.id)
    expect(items).toMatchObject([{ reason: 'approval', reasons: ['approval'], event: 'approval.decided' }])
    const answer = await w.operator.get<{ entries: Fields[] }>(
      `/v1/admin/audit?action=approval.decide&target=${one.approval.id}`,
    )
    expect(answer.body.entries).toMatchObject([
      { actor: 'ada', target_type: 'approval', metadata: { choice: 1, message_id: one.message.id } },
    ])
    expect(JSON.stringify(answer.body)).not.toContain('only staging')
  })

  test.each<[string, () => Promise<Pick<Person, 'post'>>, Fields]>([
    ['403 humans_only', async () => agent, {}],
    ['403 humans_only', () => personal(ada, ['channel:*:read', 'channel:*:post']), {}],
    ['403 not_an_approver', async () => eve, {}],
    ['403 not_an_approver', async () => bo, { approvers: ['ada'] }],
    ['403 missing_scope', () => personal(ada, ['channel:*:read', 'human:act']), {}],
    ['404 approval_not_found', () => w.human(`stranger-${++rooms}`), {}],
    ['404 approval_not_found', () => personal(ada, ['channel:*:post', 'human:act']), {}],
  ])('%s', async (code, who, more) => {
    const one = await asked(more)
    const caller = await who()
    await leavesNoTrace(w, async () => {
      expect(codeOf(await decides(caller, one))).toBe(code)
    })
  })

  test('nobody decides through another account, nor an approval of their own', async () => {
    const one = await asked()
    const admin = await w.agent('chief', { scopes: ['admin:*'] })
    const path = `/v1/approvals/${one.approval.id}/decide`
    const acting = await admin.post(path, { option: 'Deploy' }, { 'x-synapse-actor': 'ada' })
    expect(codeOf(acting)).toBe('403 humans_only')
    const own = await asked({}, ada)
    expect(codeOf(await decides(ada, own))).toBe('403 not_an_approver')
    expect((await decides(bo, own)).status).toBe(200)
  })

  test('a person decides with a personal token that has human:act', async () => {
    const one = await asked({ approvers: ['@Ada'] })
    expect(one.approval.approvers).toEqual(['ada'])
    const token = await personal(ada, ['channel:*:read', 'human:act'])
    expect((await decides(token, one)).body.decision?.by).toBe('ada')
  })

  test('an option that was not offered is refused', async () => {
    const one = await asked()
    expect(codeOf(await decides(ada, one, { option: 'Not now' }))).toBe('400 invalid_options')
    expect((await decides(ada, one, { option: 'no' })).body.decision).toMatchObject({ label: 'Not now' })
  })

  test('a person who left the channel, or whose role changed, no longer decides', async () => {
    const cy = await w.human('cy', { channels: { room: 'member' } })
    const [named, open] = [await asked({ approvers: ['cy', 'ada'] }), await asked()]
    const host = await w.human('host', { channels: { room: 'admin' } })
    expect((await host.patch('/v1/channels/room/members/cy', { role: 'read_only' })).status).toBe(200)
    expect(codeOf(await decides(cy, open))).toBe('403 not_an_approver')
    await w.leaves(cy, room)
    expect(codeOf(await decides(cy, named))).toBe('404 approval_not_found')
  })

  test('a held request is answered by the decision', async () => {
    const one = await asked()
    const waiting = shown(one.by, one, '?wait=30')
    await Bun.sleep(0)
    await decides(ada, one)
    expect((await waiting).body.state).toBe('decided')
    expect((await shown(one.by, one, '?wait=30')).body.state).toBe('decided')
  })
})

describe('the end without a decision', () => {
  test('an approval cannot be decided after its time, even before its expiry is announced', async () => {
    const one = await asked({ ttl_s: 60 })
    w.clock.advance(60 * SECOND)
    expect((await shown(ada, one)).body.state).toBe('expired')
    const refused = await decides<Refused>(ada, one)
    expect(codeOf(refused)).toBe('409 approval_expired')
    expect(refused.body.approval).toMatchObject({ id: one.approval.id, state: 'expired' })
    await swept(one, 'approval.expired')
    expect(await itemOf(one.by, one)).toMatchObject({ event: 'approval.expired' })
    expect(codeOf(await cancels(one.by, one))).toBe('409 approval_expired')
    const { body } = await ada.get<Message & { approval: Approval }>(`/v1/messages/${one.message.id}`)
    expect(body.approval.state).toBe('expired')
    expect(body.reply_count).toBe(0)
  })

  test('the one who asked and the admins of the channel cancel, others do not', async () => {
    const [one, other] = [await asked(), await asked()]
    const boss = await w.human('boss', { channels: { room: 'admin' } })
    expect(codeOf(await cancels(ada, one))).toBe('403 not_author')
    expect(codeOf(await cancels(agent, one))).toBe('403 not_author')
    expect((await cancels(one.by, one)).body.state).toBe('cancelled')
    expect((await cancels(boss, other)).body.state).toBe('cancelled')
    expect(codeOf(await decides(ada, one))).toBe('409 approval_cancelled')
    expect(await typesOf(one)).toEqual(['approval.created', 'approval.cancelled'])
    expect(await itemOf(one.by, one)).toBeUndefined()
    expect(await itemOf(other.by, other)).toMatchObject({ event: 'approval.cancelled' })
  })

  test('deleting the message cancels the approval, and takes what it asked', async () => {
    const one = await asked()
    const waiting = shown(one.by, one, '?wait=30')
    await Bun.sleep(0)
    expect((await one.by.delete(`/v1/messages/${one.message.id}`)).status).toBe(204)
    expect((await waiting).body).toMatchObject({ state: 'cancelled', question: '', metadata: {} })
    expect((await waiting).text).not.toContain('Deploy')
    expect(await typesOf(one)).toEqual(['approval.created', 'approval.cancelled'])
    expect(codeOf(await decides(ada, one))).toBe('409 approval_cancelled')
    const list = await ada.get<{ approvals: Approval[] }>('/v1/approvals?state=cancelled')
    expect(list.body.approvals.map(({ id }) => id)).not.toContain(one.approval.id)
  })

  test('in an archived channel an approval is not found, and runs out', async () => {
    const attic = await w.channel('attic')
    for (const who of [ada, agent]) await w.joins(who, attic)
    const one = await asked({ channel: 'attic', ttl_s: 60 }, agent)
    await w.archives(attic)
    expect(codeOf(await shown(ada, one))).toBe('404 approval_not_found')
    expect(codeOf(await decides(ada, one))).toBe('404 approval_not_found')
    w.clock.advance(61 * SECOND)
    await bo.posts(room, 'a commit')
    await w.operator.post(`/v1/admin/channels/${attic.id}/unarchive`)
    await until('the expiry', async () => (await typesOf(one)).includes('approval.expired'))
  })
})

describe('the inbox', () => {
  test('people who may post are asked, and are done once there is nothing to decide', async () => {
    const one = await asked()
    const late = await w.human('late', { channels: { room: 'member' } })
    for (const who of [eve, agent, late, one.by]) expect(await itemOf(who, one)).toBeUndefined()
    for (const who of [ada, bo])
      expect(await itemOf(who, one)).toMatchObject({
        reason: 'approval',
        event: 'message.created',
        delivery: { state: expect.stringMatching(/queued|seen/) },
      })
    const deliveries = () =>
      one.by.get<{ deliveries: { account: { handle: string }; reason: string; state: string }[] }>(
        `/v1/messages/${one.message.id}/deliveries`,
      )
    const before = (await deliveries()).body.deliveries
    expect(before.filter(({ reason }) => reason === 'approval').map(({ account }) => account.handle)).toEqual(
      expect.arrayContaining(['ada', 'bo']),
    )
    await decides(bo, one)
    for (const who of [ada, bo]) expect((await itemOf(who, one))?.delivery.state).toBe('acked')
    const after = (await deliveries()).body.deliveries
    expect(after.find(({ account }) => account.handle === 'ada')?.state).toBe('acked')
  })

  test('a question to everybody counts as a mention until the reading position has passed it', async () => {
    await w.channel('lobby')
    for (const who of [ada, agent]) await w.joins(who, 'lobby')
    const mentions = async () => {
      const { body } = await ada.get<{ channels: { slug: string; mentions: number }[] }>('/v1/channels')
      return body.channels.find(({ slug }) => slug === 'lobby')?.mentions
    }
    expect(await mentions()).toBe(0)
    await asked({ channel: 'lobby' }, agent)
    expect(await mentions()).toBe(1)
    expect((await ada.put('/v1/channels/lobby/read', { cursor: 'now' })).status).toBe(200)
    expect(await mentions()).toBe(0)
  })

  test('those who are named are asked, whatever else the question does', async () => {
    const one = await asked({ approvers: ['ada'], question: '@bo @ada may I?' })
    expect((await itemOf(ada, one))?.reasons).toEqual(['mention', 'approval'])
    expect(one.message).toMatchObject({ deliveries: { queued: 2 } })
    expect(await itemOf(bo, one)).toBeUndefined()
    const open = await asked({ question: '@bo may I?' })
    expect((await itemOf(bo, open))?.reasons).toEqual(['mention', 'approval'])
    await cancels(one.by, one)
    expect((await itemOf(ada, one))?.delivery.state).toBe('acked')
  })

  test('a socket receives what it is asked, and what was decided of its own', async () => {
    const by = await w.agent('socketed', { channels: { room: 'member' } })
    using asking = await LiveSocket.open(w.url, { authorization: `Bearer ${by.secret}` })
    using deciding = await LiveSocket.open(w.url, ada.credential)
    for (const socket of [asking, deciding]) await socket.subscribe(['*'], { inbox: true })
    const one = await asked({}, by)
    expect(await deciding.next('inbox.item')).toMatchObject({ reason: 'approval', recipient: 'ada' })
    await decides(ada, one)
    const decided = await asking.next('approval.decided')
    expect(decided).toMatchObject({ channel: 'room', approval: { id: one.approval.id, state: 'decided' } })
    expect(decided).not.toHaveProperty('approval_id')
    expect(decided).not.toHaveProperty('notified')
    expect(await asking.next('inbox.item')).toMatchObject({ reason: 'approval', recipient: 'socketed' })
  })
})

describe('lists', () => {
  test('they are filtered by channel, state and what concerns the caller, newest first, page by page', async () => {
    await w.channel('desk')
    for (const who of [ada, bo]) await w.joins(who, 'desk')
    const by = await w.agent('lister', { channels: { desk: 'member' } })
    const [first, second, third] = [
      await asked({ channel: 'desk' }, by),
      await asked({ channel: 'desk', approvers: ['bo'] }, by),
      await asked({ channel: 'desk', ttl_s: 60 }, by),
    ]
    await decides(ada, first)
    w.clock.advance(61 * SECOND)
    const ids = async (who: Person, query: string) =>
      (await who.get<{ approvals: Approval[] }>(`/v1/approvals?${query}`)).body.approvals.map(({ id }) => id)
    const [one, two, three] = [first.approval.id, second.approval.id, third.approval.id]
    expect(await ids(ada, 'channel=desk')).toEqual([three, two, one])
    expect(await ids(by, 'mine=requested')).toEqual([three, two, one])
    expect(await ids(by, 'mine=requested&state=decided')).toEqual([one])
    expect(await ids(ada, 'channel=desk&state=expired')).toEqual([three])
    expect(await ids(ada, 'channel=desk&state=pending')).toEqual([two])
    expect(await ids(ada, 'channel=desk&mine=decidable')).toEqual([])
    expect(await ids(bo, 'channel=desk&mine=decidable')).toEqual([two])
    expect(await ids(by, 'mine=decidable')).toEqual([])
    expect(codeOf(await eve.get('/v1/approvals?channel=desk'))).toBe('403 not_a_member')
    expect(await ids(eve, 'limit=200')).not.toContain(one)
    const page = await ada.get<{ next_cursor: string | null }>('/v1/approvals?channel=desk&limit=2')
    expect(await ids(ada, `channel=desk&limit=2&cursor=${page.body.next_cursor}`)).toEqual([one])
  })
})

describe('what goes', () => {
  const lines = async (answer: Promise<Answer<unknown>>) =>
    (await answer).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Fields)

  test('exports have what the account asked for and decided', async () => {
    const one = await asked()
    const dee = await w.human('dee', { channels: { room: 'member' } })
    await decides(dee, one)
    for (const who of [one.by, dee]) {
      const found = (await lines(who.get('/v1/me/export'))).filter(({ type }) => type === 'approval')
      expect(found).toMatchObject([{ id: one.approval.id, decision: { by: 'dee' } }])
    }
  })

  test('erasing the messages of an account takes the notes of its decisions', async () => {
    const one = await asked()
    const gil = await w.human('gil', { channels: { room: 'member' } })
    await decides(gil, one, { note: 'a private note' })
    const erase = { confirm: 'gil', mode: 'delete_messages', redact_mentions: true }
    expect((await w.operator.post(`/v1/admin/accounts/${gil.id}/erase`, erase)).status).toBe(200)
    const thread = await ada.get<Page>(`/v1/threads/${one.message.id}/messages`)
    expect(thread.text).not.toContain('private note')
    expect(thread.text).not.toContain('gil')
    expect((await shown(ada, one)).body.decision).toMatchObject({ option: 'Deploy', note: null })
  })

  test('erasing the messages of the one who asked cancels the approval', async () => {
    const one = await asked()
    const erase = { confirm: one.by.handle, mode: 'delete_messages' }
    expect((await w.operator.post(`/v1/admin/accounts/${one.by.id}/erase`, erase)).status).toBe(200)
    expect((await shown(ada, one)).body).toMatchObject({ state: 'cancelled', question: '' })
  })

  test('a purge takes approvals with their messages', async () => {
    const shed = await w.channel('shed')
    for (const who of [ada, agent]) await w.joins(who, shed)
    w.clock.advance(HOUR)
    const one = await asked({ channel: 'shed' }, agent)
    const { status } = await w.operator.post(`/v1/admin/channels/${shed.id}/purge`, { keep: 0 })
    expect(status).toBe(200)
    expect(codeOf(await shown(ada, one))).toBe('404 approval_not_found')
    expect(await w.sql(`SELECT seq FROM approvals WHERE seq = ${one.message.seq}`)).toEqual([])
  })

  test('an id that is none is refused', async () => {
    expectRefusal(await ada.get('/v1/approvals/x'), 400, {
      code: 'invalid_id',
      detail: 'Invalid approval id',
    })
  })
})
