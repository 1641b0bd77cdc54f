// What the author of a message is shown of its deliveries, with the message.
import { describe, expect, test } from 'bun:test'
import { later } from '../../src/core/kernel/time'
import { testStore } from '../support/database'
import { LiveSocket, until } from '../support/sockets'
import {
  type Fields,
  HOUR,
  type Message,
  MINUTE,
  type Person,
  SECOND,
  type World,
  world,
} from '../support/world'

/** Ann is a person, bob, cat and dan are agents; all are in `general`. */
async function scene(settings: Record<string, string> = {}) {
  const w: World = await world({ settings })
  const general = await w.channel('general')
  const inside = { channels: { general: 'member' } } as const
  const ann = await w.human('ann', inside)
  const [bob, cat, dan] = [
    await w.agent('bob', inside),
    await w.agent('cat', inside),
    await w.agent('dan', inside),
  ]
  return { w, general, ann, bob, cat, dan, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}
const shownTo = async (who: Person, id: string) => (await who.get<Message>(`/v1/messages/${id}`)).body
const ack = (who: Person, body: object) => who.post('/v1/inbox/ack', body)

describe('the key deliveries of a message', () => {
  test('the author sees how many accounts that it notified directly are in each state, and no one else does', async () => {
    await using s = await scene()
    const posted: Message = await s.ann.posts(s.general, 'for @bob, @cat, @dan and @channel')
    expect(posted.deliveries).toEqual({ queued: 3 })
    await ack(s.bob, { message_ids: [posted.id] })
    await ack(s.cat, { message_ids: [posted.id], state: 'failed' })
    const expected = { queued: 1, acked: 1, failed: 1 }
    expect((await shownTo(s.ann, posted.id)).deliveries).toEqual(expected)
    expect((await shownTo(s.bob, posted.id)).deliveries).toBeUndefined()
    const inPages = async (path: string) => (await s.ann.get(path)).text
    for (const path of [
      '/v1/messages?channel=general',
      `/v1/messages/${posted.id}/context`,
      `/v1/threads/${posted.id}`,
      `/v1/threads/${posted.id}/messages`,
    ])
      expect(await inPages(path), path).toContain(`"deliveries":${JSON.stringify(expected)}`)
    expect((await s.bob.reads(s.general)).text).not.toContain('"deliveries"')
    const events = await s.ann.get('/v1/events?since=oldest')
    expect(events.text).not.toContain('"deliveries"')
  })

  test('a position acknowledges at once, before the rows of the items say so', async () => {
    await using s = await scene()
    const posted = await s.ann.posts(s.general, 'for @bob')
    await ack(s.bob, { cursor: posted.cursor })
    expect((await shownTo(s.ann, posted.id)).deliveries).toEqual({ acked: 1 })
  })

  test('a message that notifies no one directly has no such key', async () => {
    await using s = await scene()
    const plain: Message = await s.ann.posts(s.general, 'for @channel')
    expect(plain.deliveries).toBeUndefined()
    await ack(s.bob, { message_ids: [plain.id] })
    expect((await shownTo(s.ann, plain.id)).deliveries).toBeUndefined()
  })

  test('replies, direct messages, edits and repeated posts show it', async () => {
    await using s = await scene()
    const question = await s.bob.posts(s.general, 'question')
    const reply: Message = await s.ann.posts(s.general, 'answer', { reply_to: question.id })
    expect(reply.deliveries).toEqual({ queued: 1 })
    expect((await shownTo(s.ann, reply.id)).deliveries).toEqual({ queued: 1 })
    const { body: dm } = await s.ann.post<{ slug: string }>('/v1/dms', { handle: 'cat' })
    const direct = await s.ann.posts(dm.slug, 'psst')
    expect((await shownTo(s.ann, direct.id)).deliveries).toEqual({ queued: 1 })
    const edited = await s.ann.posts(s.general, 'for no one')
    const change = { body: 'for @cat, @dan' }
    const { body } = await s.ann.patch<Message>(`/v1/messages/${edited.id}`, change)
    expect(body.deliveries).toEqual({ queued: 2 })
    // An edit takes no item back.
    await s.ann.patch(`/v1/messages/${edited.id}`, { body: 'for no one' })
    expect((await shownTo(s.ann, edited.id)).deliveries).toEqual({ queued: 2 })
    const again = { channel: 'general', body: 'for @bob', client_msg_id: 'again' }
    await s.ann.post('/v1/messages', again)
    await s.bob.get('/v1/inbox')
    await until('the second post to show that it was seen', async () => {
      s.w.clock.advance(SECOND)
      const { body } = await s.ann.post<Message>('/v1/messages', again)
      return JSON.stringify(body.deliveries) === '{"seen":1}'
    })
    await s.ann.delete(`/v1/messages/${edited.id}`)
    const gone = await s.ann.get<Message>(`/v1/messages/${edited.id}?include_deleted=true`)
    expect(gone.body.deliveries).toBeUndefined()
  })
})

const statesOf = async (who: Person, id: string) => {
  const { body } = await who.get<{ deliveries: { account: { handle: string }; state: string }[] }>(
    `/v1/messages/${id}/deliveries`,
  )
  return Object.fromEntries(body.deliveries.map(({ account, state }) => [account.handle, state]))
}
/** Waits until what the log says of messages so far is noted. */
const noted = (w: World) =>
  until('what is awaited to be noted', async () => {
    // Little, because it may have to be done often, and deadlines must not pass by that.
    w.clock.advance(50)
    await w.operator.get('/v1/server')
    const [found] = await w.sql<{ behind: number }>(
      `SELECT count(*) AS behind FROM events WHERE seq > coalesce((SELECT position FROM projections WHERE name = 'awaited'), 0)
       AND type = 'message.created' AND data IS NOT NULL`,
    )
    return Number(found?.behind) === 0
  })
/** Lets time pass, and background work run for a while. */
const passes = async (s: { w: World; dan: Person }, milliseconds: number) => {
  s.w.clock.advance(milliseconds)
  // A commit wakes the jobs.
  await s.dan.posts('general', 'a commit')
  for (let i = 0; i < 20; i++) await s.w.operator.get('/v1/server')
}
const eventsOf = async (who: Person, type: string) =>
  (await who.get<{ events: Fields[] }>(`/v1/events?since=oldest&type=${type}`)).body.events

describe('unreachable in the answer to a post', () => {
  const post = async (s: { ann: Person; general: { slug: string } }, body: string) => {
    const answer = await s.ann.post<Message & { unreachable: string[] }>('/v1/messages', {
      channel: 'general',
      body,
    })
    return answer.body.unreachable
  }

  test('names those whom it notifies and who have neither a stream nor a lease nor read within ten minutes', async () => {
    await using s = await scene()
    expect(await post(s, 'for no one')).toEqual([])
    expect(await post(s, 'for @bob, @cat and @dan')).toEqual(['bob', 'cat', 'dan'])
    await s.bob.reads(s.general)
    await s.cat.put('/v1/presence', { state: 'working', ttl_s: 3600 })
    using socket = await LiveSocket.open(s.w.url, s.dan.credential)
    await socket.next('hello')
    expect(await post(s, 'for @bob, @cat and @dan')).toEqual([])
    s.w.clock.advance(10 * MINUTE)
    expect(await post(s, 'for @bob, @cat and @dan')).toEqual(['bob'])
    await s.cat.delete('/v1/presence')
    expect(await post(s, 'for @bob, @cat and @dan')).toEqual(['bob', 'cat'])
  })

  test('leaves out those whom only a broadcast notifies, and the sender', async () => {
    await using s = await scene()
    expect(await post(s, 'hello @channel, @ann, and @cat')).toEqual(['cat'])
    expect(await post(s, 'hello @channel')).toEqual([])
  })

  test('knows after a restart who had read before', async () => {
    await using s = await scene()
    await s.bob.reads(s.general)
    await s.w.restart()
    expect(await post(s, 'for @bob, @cat')).toEqual(['cat'])
  })

  test('a repeated post names no one', async () => {
    await using s = await scene()
    const body = { channel: 'general', body: 'for @bob', client_msg_id: 'x' }
    expect((await s.ann.post('/v1/messages', body)).body).toMatchObject({ unreachable: ['bob'] })
    expect((await s.ann.post('/v1/messages', body)).body).toMatchObject({ unreachable: [] })
  })
})

describe('the state unreachable', () => {
  const becomes = (s: { w: World; ann: Person; dan: Person }, id: string, states: Fields) =>
    until(JSON.stringify(states), async () => {
      await passes(s, SECOND)
      return JSON.stringify(await statesOf(s.ann, id)) === JSON.stringify(states)
    })

  test('falls due after deliveries.unreachable_after_s, for direct reasons, and the sender is told; a later state replaces it', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'for @bob, and @channel')
    await noted(s.w)
    await passes(s, 880 * SECOND)
    expect(await statesOf(s.ann, message.id)).toEqual({ bob: 'queued', cat: 'queued', dan: 'queued' })
    s.w.clock.advance(20 * SECOND)
    await becomes(s, message.id, { bob: 'unreachable', cat: 'queued', dan: 'queued' })
    const told = await eventsOf(s.ann, 'ack.delivery')
    expect(told).toMatchObject([
      { message_id: message.id, account: { handle: 'bob' }, state: 'unreachable', note: null, actor: null },
    ])
    expect(await eventsOf(s.bob, 'ack.delivery')).toHaveLength(1)
    expect(await eventsOf(s.cat, 'ack.delivery')).toEqual([])
    expect((await shownTo(s.ann, message.id)).deliveries).toEqual({ unreachable: 1 })
    expect((await s.w.sql('SELECT * FROM awaited')).length).toBe(0)
    await s.bob.get('/v1/inbox')
    await becomes(s, message.id, { bob: 'seen', cat: 'queued', dan: 'queued' })
  })

  test('a read puts it off by as long again, and whoever has seen the message is never told of', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'for @bob, @cat')
    await noted(s.w)
    await passes(s, 600 * SECOND)
    await s.cat.get('/v1/inbox')
    // Reading something else reaches bob, but does not show it the message.
    await s.bob.get('/v1/channels')
    await becomes(s, message.id, { bob: 'queued', cat: 'seen' })
    await passes(s, 600 * SECOND)
    expect(await statesOf(s.ann, message.id)).toEqual({ bob: 'queued', cat: 'seen' })
    s.w.clock.advance(300 * SECOND)
    await becomes(s, message.id, { bob: 'unreachable', cat: 'seen' })
  })

  test('a lease and a stream keep it from falling due while they last', async () => {
    await using s = await scene()
    await s.bob.put('/v1/presence', { state: 'working', ttl_s: 3000 })
    const message = await s.ann.posts(s.general, 'for @bob, @cat')
    const socket = await LiveSocket.open(s.w.url, s.cat.credential)
    await socket.next('hello')
    await noted(s.w)
    for (let i = 0; i < 4; i++) await passes(s, 300 * SECOND)
    expect(await statesOf(s.ann, message.id)).toEqual({ bob: 'queued', cat: 'queued' })
    socket.close()
    await until('the stream to be closed', async () => {
      // Other processes learn of it within ten seconds.
      await passes(s, 10 * SECOND)
      await s.w.operator.get('/v1/server')
      const { body } = await s.ann.get<{ presence: { reachable: { stream: boolean } }[] }>(
        '/v1/presence?handle=cat',
      )
      return body.presence[0]?.reachable.stream === false
    })
    s.w.clock.advance(800 * SECOND)
    await passes(s, SECOND)
    expect(await statesOf(s.ann, message.id)).toEqual({ bob: 'queued', cat: 'queued' })
    s.w.clock.advance(160 * SECOND)
    await becomes(s, message.id, { bob: 'queued', cat: 'unreachable' })
    s.w.clock.advance(1600 * SECOND)
    await becomes(s, message.id, { bob: 'unreachable', cat: 'unreachable' })
  })

  test('waits while the account is paused, and the time counts anew from the end', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'for @bob, @cat')
    await noted(s.w)
    const pause = await s.ann.post('/v1/pauses', { channel: 'general', account: 'bob', minutes: 20 })
    expect(pause.status, pause.text).toBe(201)
    s.w.clock.advance(900 * SECOND)
    await becomes(s, message.id, { bob: 'queued', cat: 'unreachable' })
    await passes(s, 310 * SECOND)
    // On a busy machine the end is noted late, and no more time may pass meanwhile than the next step allows.
    let seconds = 0
    await until('the end of the pause to be noted', async () => {
      await passes(s, seconds++ < 20 ? SECOND : 0)
      const [found] = await s.w.sql<{ noted: number }>(
        `SELECT count(*) AS noted FROM events WHERE type = 'pause.ended'
         AND seq <= (SELECT position FROM projections WHERE name = 'awaited')`,
      )
      return Number(found?.noted) === 1
    })
    await passes(s, 850 * SECOND)
    expect(await statesOf(s.ann, message.id)).toMatchObject({ bob: 'queued' })
    s.w.clock.advance(60 * SECOND)
    await becomes(s, message.id, { bob: 'unreachable', cat: 'unreachable' })
  })

  test('what was awaited before a restart falls due after it', async () => {
    await using s = await scene()
    const message = await s.ann.posts(s.general, 'for @bob')
    await noted(s.w)
    await s.w.stop()
    s.w.clock.advance(1000 * SECOND)
    await s.w.restart()
    await becomes(s, message.id, { bob: 'unreachable' })
  })

  test('nothing is left of a message that was deleted, and of an account that was erased', async () => {
    await using s = await scene()
    const { id } = await s.ann.posts(s.general, 'for @bob')
    await s.ann.posts(s.general, 'for @cat')
    await noted(s.w)
    await s.ann.delete(`/v1/messages/${id}`)
    const boss = await s.w.human('boss', { isAdmin: true })
    await boss.post(`/v1/admin/accounts/${s.cat.id}/erase`, { mode: 'anonymize', confirm: 'cat' })
    s.w.clock.advance(900 * SECOND)
    await until('nothing to be awaited', async () => {
      await passes(s, SECOND)
      return (await s.w.sql('SELECT * FROM awaited')).length === 0
    })
    expect(await eventsOf(s.ann, 'ack.delivery')).toEqual([])
  })
})

describe('ack_within_s', () => {
  const overdue = async (s: { w: World; ann: Person; dan: Person }) =>
    until('the sender to be told', async () => {
      await passes(s, SECOND)
      const events = await eventsOf(s.ann, 'ack.overdue')
      return events.length > 0 && events
    })

  test('those who neither acknowledged nor replied by then cause one event, and one item for the sender', async () => {
    await using s = await scene()
    const eve = await s.w.agent('eve', { channels: { general: 'member' } })
    const message = await s.ann.posts(s.general, 'for @bob, @cat, @dan, @eve and @channel', {
      ack_within_s: 60,
    })
    await noted(s.w)
    const waiting = s.ann.get<{ items: Fields[] }>('/v1/inbox?wait=60')
    await ack(s.cat, { message_ids: [message.id], state: 'failed' })
    await s.dan.posts(s.general, 'yes', { reply_to: message.id })
    await waiting
    await eve.post(`/v1/messages/${message.id}/reactions`, { emoji: 'seen' })
    await passes(s, 50 * SECOND)
    expect(await eventsOf(s.ann, 'ack.overdue')).toEqual([])
    s.w.clock.advance(10 * SECOND)
    const [event, ...more] = await overdue(s)
    expect(more).toEqual([])
    expect(event).toMatchObject({
      message_id: message.id,
      accounts: ['bob'],
      channel: 'general',
      actor: null,
    })
    const { body } = await s.ann.get<{ items: Fields[] }>('/v1/inbox?reason=overdue')
    expect(body.items).toMatchObject([
      {
        seq: event?.seq,
        reason: 'overdue',
        event: 'ack.overdue',
        message: { id: message.id, deliveries: { queued: 1, acked: 2, failed: 1 } },
      },
    ])
    expect(await eventsOf(s.bob, 'ack.overdue')).toHaveLength(1)
    expect(await eventsOf(s.cat, 'ack.overdue')).toEqual([])
    // The item is the sender's own: no delivery, and no one is told when it is acknowledged.
    const before = await statesOf(s.ann, message.id)
    expect(before.ann).toBeUndefined()
    await ack(s.ann, { message_ids: [message.id] })
    expect((await s.ann.get<{ pending: number }>('/v1/inbox?reason=overdue')).body).toMatchObject({
      items: [{ delivery: { state: 'acked' } }],
    })
    expect(
      (await eventsOf(s.ann, 'ack.delivery')).filter(({ account }) => (account as Fields).handle === 'ann'),
    ).toEqual([])
    await passes(s, 600 * SECOND)
    expect(await eventsOf(s.ann, 'ack.overdue')).toHaveLength(1)
  })

  test('tells the sender live: an item on its socket, and the answer to a request that waits', async () => {
    await using s = await scene()
    using socket = await LiveSocket.open(s.w.url, s.ann.credential)
    await socket.subscribe(['general'], { inbox: true })
    const { id } = await s.ann.posts(s.general, 'for @bob', { ack_within_s: 60 })
    await noted(s.w)
    const waiting = s.ann.get<{ items: Fields[] }>('/v1/inbox?wait=60')
    s.w.clock.advance(60 * SECOND)
    await passes(s, SECOND)
    expect((await waiting).body.items).toMatchObject([{ reason: 'overdue', message: { id } }])
    const event = await socket.next('ack.overdue')
    expect(await socket.next('inbox.item')).toMatchObject({
      seq: event.seq,
      recipient: 'ann',
      reason: 'overdue',
      message: { id },
    })
  })

  // The processes of a shared store follow the clock of its database.
  const isShared = testStore === 'postgres'
  test.skipIf(isShared).each([HOUR, -HOUR])('a calendar set by %d ms moves no deadline', async (by) => {
    await using s = await scene()
    await s.ann.posts(s.general, 'for @bob', { ack_within_s: 600 })
    await noted(s.w)
    s.w.clock.set(later(s.w.clock.now(), by * 1000))
    for (let i = 0; i < 5; i++) await passes(s, 100 * SECOND)
    expect(await eventsOf(s.ann, 'ack.overdue')).toEqual([])
    s.w.clock.advance(120 * SECOND)
    expect(await overdue(s)).toHaveLength(1)
  })

  test('when all have answered, or the message is deleted, nothing is told', async () => {
    await using s = await scene()
    const one = await s.ann.posts(s.general, 'for @bob', { ack_within_s: 3600 })
    const two = await s.ann.posts(s.general, 'for @cat', { ack_within_s: 3600 })
    await s.ann.posts(s.general, 'for no one', { ack_within_s: 3600 })
    await noted(s.w)
    await ack(s.bob, { cursor: one.cursor })
    await s.ann.delete(`/v1/messages/${two.id}`)
    await until('no deadline to be left', async () => {
      await passes(s, 10 * MINUTE)
      return (await s.w.sql('SELECT * FROM ack_deadlines')).length === 0
    })
    expect(await eventsOf(s.ann, 'ack.overdue')).toEqual([])
  })

  test('a deadline that passes while the server is stopped is told after the start', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'for @bob', { ack_within_s: 60 })
    await s.w.stop()
    s.w.clock.advance(HOUR)
    await s.w.restart()
    expect(await overdue(s)).toHaveLength(1)
  })

  test.each([9, 604_801, 1.5, 'soon'])('%p seconds are refused', async (seconds) => {
    await using s = await scene()
    const answer = await s.ann.post('/v1/messages', { channel: 'general', body: 'x', ack_within_s: seconds })
    expect(answer.status).toBe(422)
  })
})
