import { describe, expect, test } from 'bun:test'
import { untilAtRest } from '../support/at-rest'
import { until } from '../support/sockets'
import {
  type Answer,
  DAY,
  HOUR,
  type Message,
  type Person,
  SECOND,
  type World,
  world,
} from '../support/world'

interface Item {
  readonly seq: number
  readonly cursor: string
  readonly reason: string
  readonly reasons: readonly string[]
  readonly event: string
  readonly message: Message
  readonly delivery: { readonly state: string; readonly at: string }
}

interface Inbox {
  readonly items: readonly Item[]
  readonly cursor: string
  readonly position: string
  readonly pending: number
  readonly has_more: boolean
  readonly timed_out: boolean
  readonly notices: readonly { readonly code: string }[]
}

/** The request was refused with this status and code. */
function refused(answer: Answer<unknown>, status: number, code: string): void {
  expect(answer.status, answer.text).toBe(status)
  expect(answer.body).toMatchObject({ code })
}

type Query = Record<string, string | number | boolean>

/** Ann and bob are people, cat and dan agents; all are in `general`. */
async function scene(settings: Record<string, string> = {}) {
  const w: World = await world({ settings })
  const general = await w.channel('general')
  const inside = { channels: { general: 'member' } } as const
  const [ann, bob, cat, dan] = [
    await w.human('ann', inside),
    await w.human('bob', inside),
    await w.agent('cat', inside),
    await w.agent('dan', inside),
  ]
  return { w, general, ann, bob, cat, dan, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const read = (who: Person, query: Query = {}): Promise<Answer<Inbox>> => {
  const pairs = Object.entries(query).map(([name, value]): [string, string] => [name, `${value}`])
  return who.get<Inbox>(`/v1/inbox?${new URLSearchParams(pairs)}`)
}
const itemsOf = async (who: Person, query: Query = {}) => (await read(who, query)).body.items
/** Bodies with all reasons. */
const told = async (who: Person, query: Query = {}) =>
  (await itemsOf(who, query)).map(({ message, reasons }) => `${message.body}: ${reasons.join(' ')}`)
const ack = (who: Person, body: object) =>
  who.post<{ position: string; acked: number; pending: number }>('/v1/inbox/ack', body)

describe('what notifies an account', () => {
  test('a mention notifies the named members and never the sender', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'for @bob and @ann')
    expect(await told(s.bob)).toEqual(['for @bob and @ann: mention'])
    expect(await told(s.ann)).toEqual([])
    expect(await told(s.cat)).toEqual([])
  })

  test('a reply notifies the author of the message that it answers, without a mention', async () => {
    await using s = await scene()
    const question = await s.cat.posts(s.general, 'question')
    await s.dan.posts(s.general, 'answer', { reply_to: question.id })
    expect(await told(s.cat)).toEqual(['answer: reply thread'])
  })

  test('a message of a direct channel notifies its other member, without a mention', async () => {
    await using s = await scene()
    const { body } = await s.ann.post<{ slug: string }>('/v1/dms', { handle: 'cat' })
    await s.ann.posts(body.slug, 'psst')
    expect(await told(s.cat)).toEqual(['psst: dm'])
    expect(await told(s.ann)).toEqual([])
  })

  test('an alias notifies those whom it names, as a group', async () => {
    await using s = await scene({
      SYNAPSE_NAMED_ALIASES: JSON.stringify({ general: { team: ['bob', 'cat'] } }),
    })
    await s.ann.posts(s.general, 'for @team and @cat')
    expect(await told(s.bob)).toEqual(['for @team and @cat: group'])
    expect(await told(s.cat)).toEqual(['for @team and @cat: mention group'])
    expect(await told(s.dan)).toEqual([])
  })

  test('@channel notifies every member who had joined, except the sender', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'hello @channel, and @cat')
    const eve = await s.w.agent('eve', { channels: { general: 'member' } })
    expect(await told(s.bob)).toEqual(['hello @channel, and @cat: broadcast'])
    expect(await told(s.cat)).toEqual(['hello @channel, and @cat: mention broadcast'])
    expect(await told(s.ann)).toEqual([])
    expect(await told(eve)).toEqual([])
  })

  test('a thread notifies people who posted in it until they unfollow, its root included', async () => {
    await using s = await scene()
    const root = await s.ann.posts(s.general, 'root')
    await s.bob.posts(s.general, 'one', { thread_id: root.id })
    await s.dan.posts(s.general, 'two', { thread_id: root.id })
    expect(await told(s.ann)).toEqual(['one: thread', 'two: thread'])
    expect(await told(s.bob)).toEqual(['two: thread'])
    s.w.clock.advance(10 * DAY)
    await s.dan.posts(s.general, 'three', { thread_id: root.id })
    expect(await told(s.bob)).toEqual(['two: thread', 'three: thread'])
    await s.bob.delete(`/v1/threads/${root.id}/follow`)
    await s.dan.posts(s.general, 'four', { thread_id: root.id })
    expect(await told(s.bob)).toEqual(['two: thread', 'three: thread'])
    await s.bob.posts(s.general, 'five', { thread_id: root.id })
    await s.dan.posts(s.general, 'six', { thread_id: root.id })
    expect((await told(s.bob)).at(-1)).toBe('six: thread')
  })

  test('a thread notifies agents for follow.agent_window_s after their last post, and for ever if they follow', async () => {
    await using s = await scene({ SYNAPSE_FOLLOW_AGENT_WINDOW_S: '3600' })
    const root = await s.ann.posts(s.general, 'root')
    await s.cat.posts(s.general, 'one', { thread_id: root.id })
    await s.dan.put(`/v1/threads/${root.id}/follow`, {})
    s.w.clock.advance(HOUR)
    await s.bob.posts(s.general, 'two', { thread_id: root.id })
    s.w.clock.advance(SECOND)
    await s.bob.posts(s.general, 'three', { thread_id: root.id })
    expect(await told(s.cat)).toEqual(['two: thread'])
    expect(await told(s.dan)).toEqual(['two: thread', 'three: thread'])
  })

  test('those who left the channel are not notified', async () => {
    await using s = await scene()
    const root = await s.cat.posts(s.general, 'root')
    await s.w.leaves(s.cat, s.general)
    await s.ann.posts(s.general, '@cat, see above', { reply_to: root.id })
    await s.w.joins(s.cat, s.general)
    expect(await told(s.cat)).toEqual([])
  })

  test('an edit notifies only those whom it newly names and who have no item of the message', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'for @bob')
    await s.ann.patch(`/v1/messages/${message.id}`, { body: 'for @bob and @cat' })
    const [item] = await itemsOf(s.cat)
    expect(item).toMatchObject({ reason: 'mention', event: 'message.edited', message: { id: message.id } })
    expect(item?.seq).toBeGreaterThan(message.seq)
    expect(await itemsOf(s.bob)).toMatchObject([{ seq: message.seq, event: 'message.created' }])
    await s.ann.patch(`/v1/messages/${message.id}`, { body: 'for nobody' })
    await s.ann.patch(`/v1/messages/${message.id}`, { body: 'for @cat again' })
    expect(await itemsOf(s.cat)).toHaveLength(1)
  })

  test('an edit that names a member who joined after a broadcast notifies it', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'hello @channel')
    const eve = await s.w.agent('eve', { channels: { general: 'member' } })
    await s.ann.patch(`/v1/messages/${message.id}`, { body: 'hello @channel, @eve, @bob' })
    expect(await told(eve)).toEqual(['hello @channel, @eve, @bob: mention'])
    expect(await told(s.bob)).toEqual(['hello @channel, @eve, @bob: broadcast'])
  })
})

describe('items', () => {
  test('an item has the message as it reads now, and goes with it', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'for @bob')
    await s.ann.posts(s.general, 'hello @channel')
    await s.ann.patch(`/v1/messages/${message.id}`, { body: 'for @bob!' })
    expect(await told(s.bob)).toEqual(['for @bob!: mention', 'hello @channel: broadcast'])
    await s.ann.delete(`/v1/messages/${message.id}`)
    expect(await told(s.bob)).toEqual(['hello @channel: broadcast'])
    expect(await s.w.sql('SELECT * FROM inbox')).toEqual([])
  })

  test('items of channels that the reader cannot read now are hidden, and not counted', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'for @cat')
    await s.ann.posts(s.general, 'for @channel')
    await s.w.leaves(s.cat, s.general)
    expect((await read(s.cat)).body).toMatchObject({ items: [], pending: 0 })
    await s.w.joins(s.cat, s.general)
    // A member is reached by broadcasts after it joined.
    expect(await told(s.cat)).toEqual(['for @cat: mention'])
  })

  test('reasons, order, bounds and unacked select items', async () => {
    await using s = await scene()
    const first = await s.ann.posts(s.general, 'one @bob')
    await s.ann.posts(s.general, 'two @channel')
    const third = await s.ann.posts(s.general, 'three @bob')
    expect(await told(s.bob, { reason: 'broadcast' })).toEqual(['two @channel: broadcast'])
    expect(await told(s.bob, { reason: 'mention,broadcast', order: 'desc' })).toEqual([
      'three @bob: mention',
      'two @channel: broadcast',
      'one @bob: mention',
    ])
    expect(await told(s.bob, { order: 'desc', before: third.cursor, limit: 1 })).toEqual([
      'two @channel: broadcast',
    ])
    expect(await told(s.bob, { since: first.cursor, limit: 1 })).toEqual(['two @channel: broadcast'])
    await ack(s.bob, { message_ids: [first.id] })
    expect(await told(s.bob, { unacked: true })).toEqual(['two @channel: broadcast', 'three @bob: mention'])
    refused(await read(s.bob, { reason: 'mention,nothing' }), 422, 'validation_error')
  })

  test('pages of broadcasts and stored items together are complete and in order', async () => {
    await using s = await scene()
    const expected: string[] = []
    for (let i = 0; i < 30; i++) {
      const body = i % 3 === 0 ? `${i} @channel` : i % 3 === 1 ? `${i} @cat` : `${i}`
      await s.ann.posts(s.general, body)
      if (i % 3 < 2) expected.push(body)
    }
    const found: string[] = []
    let since = 'oldest'
    for (let more = true; more; ) {
      const { body } = await read(s.cat, { since, limit: 4 })
      found.push(...body.items.map(({ message }) => message.body))
      since = body.cursor
      more = body.has_more
    }
    expect(found).toEqual(expected)
    const back: string[] = []
    for (let before: string | undefined; ; ) {
      const { items } = (await read(s.cat, { order: 'desc', limit: 3, ...(before ? { before } : {}) })).body
      if (items.length === 0) break
      back.push(...items.map(({ message }) => message.body))
      before = items.at(-1)?.cursor
    }
    expect(back.reverse()).toEqual(expected)
  })
})

describe('acknowledging', () => {
  test('reading moves no position; a cursor moves it and acknowledges everything up to it', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'one @cat')
    await s.ann.posts(s.general, 'two @channel')
    const first = await read(s.cat)
    expect(first.body).toMatchObject({ pending: 2, has_more: false })
    expect((await read(s.cat)).body.items).toHaveLength(2)
    const { body } = await ack(s.cat, { cursor: first.body.cursor })
    expect(body).toEqual({ position: first.body.cursor, acked: 2, pending: 0 })
    expect((await read(s.cat)).body).toMatchObject({ items: [], pending: 0, position: first.body.cursor })
    expect((await itemsOf(s.cat, { since: 'oldest' })).map(({ delivery }) => delivery.state)).toEqual([
      'acked',
      'acked',
    ])
    expect((await ack(s.cat, { cursor: first.body.cursor })).body.acked).toBe(0)
  })

  test('a position moves back only with rewind, and nothing is unacknowledged by it', async () => {
    await using s = await scene()
    const one = await s.ann.posts(s.general, 'one @cat')
    const two = await s.ann.posts(s.general, 'two @cat')
    await ack(s.cat, { cursor: two.cursor })
    expect((await ack(s.cat, { cursor: one.cursor })).body.position).toBe(two.cursor)
    expect((await ack(s.cat, { cursor: one.cursor, rewind: true })).body).toMatchObject({
      position: one.cursor,
      pending: 0,
    })
    expect(await itemsOf(s.cat)).toMatchObject([{ message: { id: two.id }, delivery: { state: 'acked' } }])
  })

  test('message ids mark the items of these messages, all or none, and tell the sender', async () => {
    await using s = await scene()
    const one = await s.ann.posts(s.general, 'one @cat')
    const two = await s.ann.posts(s.general, 'two @channel')
    const other = await s.ann.posts(s.general, 'for @bob')
    refused(await ack(s.cat, { message_ids: [one.id, other.id] }), 404, 'not_in_inbox')
    refused(await ack(s.cat, { message_ids: ['nothing'] }), 404, 'not_in_inbox')
    expect((await itemsOf(s.cat)).map(({ delivery }) => delivery.state)).toEqual(['queued', 'queued'])
    const marked = await ack(s.cat, { message_ids: [one.id, two.id], state: 'failed', note: 'no idea' })
    expect(marked.body).toMatchObject({ acked: 2, pending: 0 })
    expect((await itemsOf(s.cat)).map(({ delivery }) => delivery.state)).toEqual(['failed', 'failed'])
    const seen = async (who: Person) =>
      (await who.get<{ events: object[] }>('/v1/events?since=oldest&type=ack.*')).body.events
    const told = { type: 'ack.delivery', message_id: one.id, state: 'failed', note: 'no idea' }
    expect(await seen(s.ann)).toMatchObject([{ ...told, account: { handle: 'cat' } }])
    expect(await seen(s.cat)).toMatchObject([{ ...told, account: { handle: 'cat' } }])
    expect(await seen(s.bob)).toEqual([])
    // What failed stays so when a cursor passes it, and may be acknowledged by name.
    const { cursor } = (await read(s.cat)).body
    await ack(s.cat, { cursor })
    expect((await itemsOf(s.cat, { since: 'oldest' }))[0]?.delivery.state).toBe('failed')
    await ack(s.cat, { message_ids: [one.id] })
    expect((await itemsOf(s.cat, { since: 'oldest' }))[0]?.delivery.state).toBe('acked')
    await ack(s.cat, { message_ids: [one.id], state: 'failed' })
    expect((await itemsOf(s.cat, { since: 'oldest' }))[0]?.delivery.state).toBe('acked')
  })

  test('an acknowledged position is an event for the account alone', async () => {
    await using s = await scene()
    const one = await s.ann.posts(s.general, 'one @cat')
    await ack(s.cat, { cursor: one.cursor, consumer: 'main' })
    const events = async (who: Person) =>
      (await who.get<{ events: object[] }>('/v1/events?since=oldest&type=ack.position')).body.events
    expect(await events(s.cat)).toMatchObject([
      { account: { handle: 'cat' }, consumer: 'main', position: one.cursor, count: 1 },
    ])
    expect(await events(s.ann)).toEqual([])
  })

  const wrong: [string, object][] = [
    ['neither a cursor nor messages', {}],
    ['both a cursor and messages', { cursor: 'now', message_ids: ['x'] }],
    ['a failure by cursor', { cursor: 'now', state: 'failed' }],
    ['no message', { message_ids: [] }],
    ['too many messages', { message_ids: Array.from({ length: 201 }, (_, i) => `${i}`) }],
    ['an unknown state', { cursor: 'now', state: 'seen' }],
    ['a name that is none', { cursor: 'now', consumer: 'a b' }],
  ]
  test.each(wrong)('an acknowledgement of %s is refused', async (_, body) => {
    await using s = await scene()
    refused(await ack(s.cat, body), 422, 'validation_error')
  })
})

describe('consumers', () => {
  test('a new consumer starts where default is, and has a position of its own', async () => {
    await using s = await scene()
    const one = await s.ann.posts(s.general, 'one @cat')
    const two = await s.ann.posts(s.general, 'two @cat')
    await ack(s.cat, { cursor: one.cursor })
    expect(await told(s.cat, { consumer: 'b' })).toEqual(['two @cat: mention'])
    await ack(s.cat, { cursor: two.cursor, consumer: 'b' })
    expect(await told(s.cat, { consumer: 'b' })).toEqual([])
    expect(await told(s.cat)).toEqual(['two @cat: mention'])
    const { body } = await s.cat.get<{ cursors: object[] }>('/v1/me/cursors')
    expect(body.cursors).toMatchObject([
      { consumer: 'default', position: one.cursor, pending: 0 },
      { consumer: 'b', position: two.cursor, pending: 0 },
    ])
    expect((await s.cat.delete('/v1/me/cursors/b')).status).toBe(204)
    refused(await s.cat.delete('/v1/me/cursors/b'), 404, 'consumer_not_found')
  })

  test('an acknowledgement stores the consumer that it names, also when nothing is new', async () => {
    await using s = await scene()
    const { id } = await s.ann.posts(s.general, 'one @cat')
    await ack(s.cat, { cursor: 'oldest', consumer: 'by-cursor' })
    await ack(s.cat, { message_ids: [id], consumer: 'by-message' })
    const { body } = await s.cat.get<{ cursors: { consumer: string }[] }>('/v1/me/cursors')
    expect(body.cursors.map(({ consumer }) => consumer)).toEqual(['default', 'by-cursor', 'by-message'])
  })

  test('an account has at most 32 consumers', async () => {
    await using s = await scene()
    for (let i = 1; i < 32; i++) await read(s.cat, { consumer: `c${i}` })
    refused(await read(s.cat, { consumer: 'one-more' }), 403, 'quota_exceeded')
    refused(await ack(s.cat, { cursor: 'now', consumer: 'one-more' }), 403, 'quota_exceeded')
    expect((await read(s.cat, { consumer: 'c31' })).status).toBe(200)
    expect((await read(s.cat)).status).toBe(200)
  })
})

describe('waiting for an item', () => {
  test('a wait is answered by the next item, and by nothing else', async () => {
    await using s = await scene()
    let over = false
    const answer = read(s.cat, { wait: 60 }).then((found) => {
      over = true
      return found
    })
    await untilAtRest(s.bob)
    await s.ann.posts(s.general, 'for @bob')
    await untilAtRest(s.bob)
    expect(over).toBeFalse()
    const posted = await s.ann.posts(s.general, 'for @cat')
    expect((await answer).body).toMatchObject({
      items: [{ message: { id: posted.id } }],
      pending: 1,
      timed_out: false,
    })
  })

  test('a wait is answered by a broadcast', async () => {
    await using s = await scene()
    const answer = read(s.cat, { wait: 60 })
    await untilAtRest(s.bob)
    await s.ann.posts(s.general, 'hello @everyone')
    expect((await answer).body.items).toHaveLength(1)
  })
})

describe('observers', () => {
  test('an observer reads the inbox of another account; everyone else is refused', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'for @cat')
    const eye = await s.w.agent('eye', { scopes: ['channel:*:read', 'inbox:*:read'] })
    expect(await told(eye, { account: 'cat' })).toEqual(['for @cat: mention'])
    refused(await read(eye, { account: 'nobody' }), 404, 'account_not_found')
    refused(await read(s.dan, { account: 'cat' }), 403, 'missing_scope')
    expect(await told(s.cat, { account: 'cat' })).toEqual(['for @cat: mention'])
  })
})

test('the inbox of an erased account is gone', async () => {
  await using s = await scene()
  await s.ann.posts(s.general, 'for @cat')
  await ack(s.cat, { cursor: 'now', consumer: 'x' })
  const boss = await s.w.human('boss', { isAdmin: true })
  await boss.post(`/v1/admin/accounts/${s.cat.id}/erase`, { mode: 'anonymize', confirm: 'cat' })
  const left = async (table: string) => (await s.w.sql(`SELECT * FROM ${table}`)).length
  expect([await left('inbox'), await left('inboxes'), await left('consumers')]).toEqual([0, 0, 0])
})

describe('what became of a notification', () => {
  interface Deliveries {
    readonly deliveries: readonly {
      account: { handle: string }
      reason: string
      state: string
      note: string | null
    }[]
    readonly next_cursor: string | null
    readonly summary: Readonly<Record<string, number>>
  }
  const deliveriesOf = (who: Person, id: string, query = '') =>
    who.get<Deliveries>(`/v1/messages/${id}/deliveries${query}`)
  /** The states by handle. */
  const statesOf = async (who: Person, id: string) =>
    Object.fromEntries(
      (await deliveriesOf(who, id)).body.deliveries.map(({ account, state }) => [account.handle, state]),
    )
  /** Lets the jobs of inboxes run until the states are these. */
  const becomes = (w: World, who: Person, id: string, states: Record<string, string>) =>
    until(`${JSON.stringify(states)}`, async () => {
      w.clock.advance(SECOND)
      return JSON.stringify(await statesOf(who, id)) === JSON.stringify(states)
    })
  const acks = async (who: Person) =>
    (
      await who.get<{ events: { state: string; account: { handle: string } }[] }>(
        '/v1/events?since=oldest&type=ack.delivery',
      )
    ).body.events.map(({ account, state }) => `${account.handle} ${state}`)

  test('the author sees each notified account, by handle, with its reason', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'hello @channel and @cat')
    const { body } = await deliveriesOf(s.ann, message.id)
    expect(body).toMatchObject({
      deliveries: [
        { account: { handle: 'bob' }, reason: 'broadcast', state: 'queued', note: null },
        { account: { handle: 'cat' }, reason: 'mention', state: 'queued' },
        { account: { handle: 'dan' }, reason: 'broadcast', state: 'queued' },
      ],
      next_cursor: null,
      summary: { queued: 3 },
    })
    const first = (await deliveriesOf(s.ann, message.id, '?limit=2')).body
    expect(first.next_cursor).not.toBeNull()
    const rest = (await deliveriesOf(s.ann, message.id, `?limit=2&cursor=${first.next_cursor}`)).body
    expect(rest.deliveries).toMatchObject([{ account: { handle: 'dan' } }])
    expect((await deliveriesOf(s.ann, message.id, '?state=acked')).body.deliveries).toEqual([])
    refused(await deliveriesOf(s.bob, message.id), 403, 'not_author')
  })

  test('an item that its owner has read is seen; what an observer reads, or its owner with peek, is not', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'for @cat, @dan')
    const eye = await s.w.agent('eye', { scopes: ['channel:*:read', 'inbox:*:read'] })
    await read(eye, { account: 'dan' })
    await read(s.dan, { peek: true })
    await read(s.cat)
    await becomes(s.w, s.ann, message.id, { cat: 'seen', dan: 'queued' })
  })

  test('an agent has seen a message that any of its pages held, a person only what it asked for by name', async () => {
    await using s = await scene()
    const one = await s.ann.posts(s.general, 'for @bob, @cat')
    await s.cat.reads(s.general)
    await s.bob.reads(s.general)
    await becomes(s.w, s.ann, one.id, { bob: 'queued', cat: 'seen' })
    await s.bob.reads(s.general, { mentions_me: true })
    await becomes(s.w, s.ann, one.id, { bob: 'seen', cat: 'seen' })
  })

  test('the reading position of a person marks what notified it outside of threads as seen', async () => {
    await using s = await scene()
    const root = await s.ann.posts(s.general, 'for @bob')
    const reply = await s.ann.posts(s.general, 'also for @bob', { thread_id: root.id })
    await s.bob.put(`/v1/channels/${s.general.slug}/read`, { cursor: reply.cursor })
    await becomes(s.w, s.ann, root.id, { bob: 'seen' })
    expect(await statesOf(s.ann, reply.id)).toEqual({ bob: 'queued' })
  })

  test('a reply or a reaction acknowledges the message, and the sender is told', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'for @bob, @cat and @channel')
    await s.bob.posts(s.general, 'yes', { reply_to: message.id })
    await s.cat.post(`/v1/messages/${message.id}/reactions`, { emoji: 'seen' })
    await s.dan.post(`/v1/messages/${message.id}/reactions`, { emoji: 'seen' })
    await becomes(s.w, s.ann, message.id, { bob: 'acked', cat: 'acked', dan: 'acked' })
    // A broadcast is too wide to tell of each member.
    expect(await acks(s.ann)).toEqual(['bob acked', 'cat acked'])
  })

  test('an acknowledgement by position reaches the senders of what concerned the account itself', async () => {
    await using s = await scene()
    const one = await s.ann.posts(s.general, 'for @cat')
    const two = await s.bob.posts(s.general, 'for @channel')
    await ack(s.cat, { cursor: two.cursor })
    expect(await statesOf(s.ann, one.id)).toEqual({ cat: 'acked' })
    await until('the sender is told', async () => {
      s.w.clock.advance(SECOND)
      return (await acks(s.ann)).length > 0
    })
    expect(await acks(s.ann)).toEqual(['cat acked'])
    expect(await acks(s.bob)).toEqual([])
    const rows = await s.w.sql<{ settled_seq: number; acked_seq: number }>(
      'SELECT settled_seq, acked_seq FROM inboxes',
    )
    expect(Number(rows[0]?.settled_seq)).toBe(Number(rows[0]?.acked_seq))
  })

  test('what was acknowledged by position before a stop is told after the start', async () => {
    await using s = await scene()
    const one = await s.ann.posts(s.general, 'for @cat')
    await ack(s.cat, { cursor: one.cursor })
    await s.w.sql('UPDATE inboxes SET settled_seq = 0')
    await s.w.sql('UPDATE inbox SET state = 0, state_at = NULL')
    const before = (await acks(s.ann)).length
    await s.w.restart()
    await until('the sender is told', async () => {
      s.w.clock.advance(SECOND)
      return (await acks(s.ann)).length > before
    })
  })
})
