import { describe, expect, test } from 'bun:test'
import { OpenLongPolls } from '../../src/hub'
import { untilAtRest, warmUp } from '../support/at-rest'
import { until } from '../support/sockets'
import {
  type Answer,
  type Caller,
  MINUTE,
  type Page,
  type Person,
  SECOND,
  type World,
  world,
} from '../support/world'
import { expectRefusal } from './refusals'

async function scene(settings: Record<string, string> = {}) {
  const w: World = await world({ settings })
  const general = await w.channel('general')
  const lunch = await w.channel('lunch')
  const channels = { general: 'member', lunch: 'member' } as const
  const ann = await w.agent('ann', { channels })
  const bob = await w.agent('bob', { channels })
  await warmUp(bob)
  return { w, general, lunch, ann, bob, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

/** A long poll that is being held. */
async function held<Body>(by: Caller, request: Promise<Answer<Body>>) {
  let over = false
  const answer = request.then((found) => {
    over = true
    return found
  })
  const isHeld = async () => {
    await untilAtRest(by)
    return !over
  }
  expect(await isHeld()).toBeTrue()
  return { answer, isHeld }
}

const wait = (person: Person, channel: string, query = {}) =>
  held(person, person.reads(channel, { since: 'now', wait: 60, ...query }))
const bodies = (answer: Answer<Page>) => answer.body.messages.map(({ body }) => body)

describe('long polls of messages', () => {
  test('a long poll is answered by the next message', async () => {
    await using s = await scene()
    const { answer } = await wait(s.bob, 'general')
    const posted = await s.ann.posts('general', 'hi')
    expect((await answer).body).toMatchObject({
      messages: [{ id: posted.id }],
      head_cursor: posted.cursor,
      has_more: false,
      timed_out: false,
    })
  })

  test('a long poll is answered at once when there are messages already', async () => {
    await using s = await scene()
    await s.ann.posts('general', 'hi')
    expect(bodies(await s.bob.reads('general', { wait: 60 }))).toEqual(['hi'])
  })

  test('messages of other channels do not end a long poll', async () => {
    await using s = await scene()
    const one = await wait(s.bob, 'general')
    const several = await wait(s.bob, 'general,lunch')
    await s.ann.posts('lunch', 'elsewhere')
    expect(bodies(await several.answer)).toEqual(['elsewhere'])
    expect(await one.isHeld()).toBeTrue()
    await s.ann.posts('general', 'hi')
    expect(bodies(await one.answer)).toEqual(['hi'])
  })

  test('messages that its filters leave out do not end a long poll', async () => {
    await using s = await scene()
    const filters = [{ mentions_me: true }, { exclude_self: true }, { from: 'ann' }]
    const all = await Promise.all(filters.map((filter) => wait(s.bob, 'general', filter)))
    await s.bob.posts('general', 'from me')
    for (const one of all) expect(await one.isHeld()).toBeTrue()
    await s.ann.posts('general', 'for @bob')
    for (const one of all) expect(bodies(await one.answer)).toEqual(['for @bob'])
  })

  test('a reply ends a long poll of its thread', async () => {
    await using s = await scene()
    const root = await s.ann.posts('general', 'root')
    const thread = await wait(s.bob, 'general', { thread: root.id })
    await s.ann.posts('general', 'outside')
    expect(await thread.isHeld()).toBeTrue()
    await s.ann.posts('general', 'inside', { thread_id: root.id })
    expect(bodies(await thread.answer)).toEqual(['inside'])
  })

  test('a long poll of * includes channels joined while it waits', async () => {
    await using s = await scene()
    const { answer, isHeld } = await wait(s.bob, '*')
    await s.w.channel('new', { kind: 'private' })
    await s.w.joins(s.bob, 'new')
    expect(await isHeld()).toBeTrue()
    await s.w.joins(s.ann, 'new')
    await s.ann.posts('new', 'welcome')
    expect(bodies(await answer)).toEqual(['welcome'])
  })

  test('a long poll that runs out is empty, says timed_out, and returns the position it has read', async () => {
    await using s = await scene()
    const { answer, isHeld } = await wait(s.bob, 'general', { from: 'bob', wait: 30 })
    s.w.clock.advance(29 * SECOND)
    const { cursor: earlier } = await s.ann.posts('general', 'not for it')
    expect(await isHeld()).toBeTrue()
    s.w.clock.advance(SECOND)
    const { cursor: later } = await s.ann.posts('general', 'nor this')
    const { body } = await answer
    // The poll may still have been reading up to the earlier message when its time ran out.
    expect([earlier, later]).toContain(body.position)
    expect(body).toEqual({
      messages: [],
      next_cursor: null,
      head_cursor: null,
      position: body.position,
      has_more: false,
      timed_out: true,
    })
  })

  test('a long poll lasts no longer than the configured maximum', async () => {
    await using s = await scene({ SYNAPSE_WAIT_MAX_S: '5' })
    const { answer } = await wait(s.bob, 'general', { from: 'bob', wait: 60 })
    s.w.clock.advance(5 * SECOND)
    await s.ann.posts('general', 'not for it')
    expect((await answer).body.timed_out).toBeTrue()
  })

  test('a stopping server answers its long polls', async () => {
    await using s = await scene()
    const { answer } = await wait(s.bob, 'general')
    const events = await held(s.bob, s.bob.get('/v1/events?wait=60'))
    await s.w.stop()
    expect(await answer).toMatchObject({ status: 200, body: { messages: [], timed_out: true } })
    expect(await events.answer).toMatchObject({ status: 200, body: { events: [], timed_out: true } })
  })

  test('a long poll with an upper bound times out even though new messages come', async () => {
    await using s = await scene()
    const root = await s.ann.posts('general', 'root')
    const { answer } = await wait(s.bob, 'general', { since: '', before: root.cursor, wait: 30 })
    s.w.clock.advance(MINUTE)
    await s.ann.posts('general', 'later')
    expect((await answer).body).toMatchObject({ messages: [], timed_out: true })
  })
})

describe('long polls of events', () => {
  test('a long poll of events is answered only by an event that its filter selects', async () => {
    await using s = await scene()
    const { answer, isHeld } = await held(
      s.bob,
      s.bob.get<{ events: object[] }>('/v1/events?type=member.*&wait=60'),
    )
    await s.ann.posts('general', 'not for it')
    expect(await isHeld()).toBeTrue()
    const cat = await s.w.agent('cat')
    await s.w.joins(cat, 'general')
    expect((await answer).body).toMatchObject({
      events: [{ type: 'member.joined', account: { handle: 'cat' } }],
    })
  })
})

describe('the number of long polls', () => {
  const tooMany = {
    code: 'too_many_streams',
    detail: 'At most 8 waiting requests of one credential are open at a time',
    retry_after: 5,
  }

  test('the ninth long poll of a token or a session is refused', async () => {
    await using s = await scene()
    const human = await s.w.human('cat', { channels: { general: 'member' } })
    for (const person of [s.bob, human]) {
      const longPolls = await Promise.all(Array.from({ length: 8 }, () => wait(person, 'general')))
      for (const refused of [
        await person.reads('general', { since: 'now', wait: 1 }),
        await person.get('/v1/events?wait=1'),
      ]) {
        expectRefusal(refused, 429, tooMany)
        expect(refused.headers.get('retry-after')).toBe('5')
      }
      // Requests that do not wait and requests of other callers are not limited.
      expect((await person.reads('general')).status).toBe(200)
      const other = await wait(s.ann, 'general')
      await s.ann.posts('general', 'hi')
      for (const { answer } of [...longPolls, other]) expect((await answer).status).toBe(200)
      // All slots are free again.
      const again = await Promise.all(Array.from({ length: 8 }, () => wait(person, 'general')))
      await s.ann.posts('general', 'again')
      for (const { answer } of again) expect((await answer).status).toBe(200)
    }
  })

  test('a long poll that its client closed frees its slot', async () => {
    await using s = await scene()
    const hangUp = new AbortController()
    const gone = Array.from({ length: 8 }, () =>
      s.bob
        .fetch('/v1/messages?channel=general&since=now&wait=60', { signal: hangUp.signal })
        .catch(() => 'gone'),
    )
    // A request sent too early would take one of the slots.
    await untilAtRest(s.bob)
    await until(
      'all places to be taken',
      async () => (await s.bob.get('/v1/events?wait=1&since=oldest')).status === 429,
    )
    hangUp.abort()
    expect(await Promise.all(gone)).toEqual(Array(8).fill('gone'))
    await until(
      'a free place',
      async () => (await s.bob.get('/v1/events?wait=1&since=oldest')).status === 200,
    )
  })
})

describe('access lost during a long poll', () => {
  type Scene = Awaited<ReturnType<typeof scene>>
  const rows: [string, (s: Scene) => Promise<void>, number, string][] = [
    ['its token is revoked', (s) => s.w.revokes(s.bob), 401, 'invalid_token'],
    ['its account is archived', (s) => s.w.archives(s.bob), 401, 'account_unavailable'],
    ['its membership ends', (s) => s.w.leaves(s.bob, s.general), 403, 'not_a_member'],
    ['its channel is archived', (s) => s.w.archives(s.general), 404, 'channel_archived'],
  ]
  test.each(rows)('a long poll is refused at once when %s', async (_, act, status, code) => {
    await using s = await scene()
    const { answer } = await wait(s.bob, 'general')
    await act(s)
    expect(await answer).toMatchObject({ status, body: { code } })
  })

  test('a long poll is refused at once when its session ends', async () => {
    await using s = await scene()
    const human = await s.w.human('cat', { channels: { general: 'member' } })
    const { answer } = await wait(human, 'general')
    await human.post('/v1/auth/logout')
    expect(await answer).toMatchObject({ status: 401, body: { code: 'invalid_session' } })
  })

  test('a long poll of * continues without a channel that was left', async () => {
    await using s = await scene()
    const { answer, isHeld } = await wait(s.bob, '*')
    await s.w.leaves(s.bob, s.general)
    await s.ann.posts('general', 'not for bob any more')
    expect(await isHeld()).toBeTrue()
    await s.ann.posts('lunch', 'hi')
    expect(bodies(await answer)).toEqual(['hi'])
  })
})

describe('waiting for a position of the log', () => {
  const wait = { accountId: 1, channelIds: [1], milliseconds: MINUTE, signal: undefined } as const

  test('a wait for a position that is already announced ends at once', async () => {
    const longPolls = new OpenLongPolls(() => 7)
    expect(await longPolls.next({ ...wait, after: 6 })).toBeTrue()
  })

  test('a wait ends without result when its caller is gone or the server stops', async () => {
    const longPolls = new OpenLongPolls(() => 7)
    expect(await longPolls.next({ ...wait, after: 7, signal: AbortSignal.abort() })).toBeFalse()
    const held = longPolls.next({ ...wait, after: 7 })
    longPolls.stop()
    expect(await held).toBeFalse()
    expect(await longPolls.next({ ...wait, after: 6 })).toBeFalse()
  })
})
