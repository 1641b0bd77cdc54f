import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { type EventPage, LiveSocket } from '../support/sockets'
import {
  type Caller,
  type Fields,
  MINUTE,
  type Person,
  READ_AND_POST,
  type Room,
  SECOND,
  type World,
  world,
} from '../support/world'
import { expectRefusal, leavesNoTrace } from './refusals'

interface Pause {
  readonly id: string
  readonly channel: string | null
  readonly account: { readonly handle: string } | null
  readonly by: { readonly handle: string } | null
  readonly note: string | null
  readonly since: string
  readonly until: string | null
}

let w: World
let room: Room
let den: Room
let bob: Person
let eve: Person
let ann: Person
let zoe: Person
let boss: Person

beforeAll(async () => {
  w = await world()
  room = await w.channel('room')
  den = await w.channel('den', { kind: 'private' })
  bob = await w.agent('bob', { channels: { room: 'member', den: 'member' } })
  eve = await w.agent('eve', { channels: { room: 'member' } })
  ann = await w.human('ann', { channels: { room: 'member', den: 'member' } })
  zoe = await w.human('zoe', { channels: { room: 'read_only' } })
  boss = await w.human('boss', { isAdmin: true })
})
afterAll(() => w[Symbol.asyncDispose]())
afterEach(async () => {
  for (const { id } of await shownTo(w.operator)) await w.operator.delete(`/v1/pauses/${id}`)
})

const shownTo = async (who: Caller, query = ''): Promise<Pause[]> =>
  (await who.get<{ pauses: Pause[] }>(`/v1/pauses${query}`)).body.pauses
const begins = (who: Caller, more: Fields = {}) => who.post<Pause>('/v1/pauses', more)
const begun = async (who: Caller, more: Fields = {}): Promise<Pause> => {
  const { status, body, text } = await begins(who, more)
  expect(status, text).toBe(201)
  return body
}
const posts = (who: Person, to: Room = room, more: Fields = {}) =>
  who.post<{ code: string; pause?: Pause; retry_after?: number }>('/v1/messages', {
    channel: to.slug,
    body: 'hi',
    ...more,
  })
const isRefused = async (who: Person, to: Room = room) => {
  const { status, body, text } = await posts(who, to)
  expect([201, 429], text).toContain(status)
  if (status === 429) expect(body.code).toBe('paused')
  return status === 429
}
const pauseEvents = async (who: Person) => {
  const { body } = await who.get<EventPage>('/v1/events?since=oldest&type=pause.*&limit=500')
  return body.events as unknown as { type: string; channel: string | null; pause: Pause; actor: unknown }[]
}

describe('pausing', () => {
  test('a pause has every key, and refuses the posts and edits of the agent with it until it ends', async () => {
    const message = await bob.posts(room, 'before')
    const pause = await begun(ann, { channel: 'room', account: 'bob', minutes: 15, note: 'too fast' })
    const now = w.clock.now()
    const at = (ms: number) => new Date(now / 1000 + ms).toISOString().replace('Z', '000Z')
    const ref = (who: Person, kind: string) => ({
      id: who.id,
      handle: who.handle,
      kind,
      display_name: expect.any(String),
    })
    expect<unknown>(pause).toEqual({
      id: expect.any(String),
      channel: 'room',
      account: ref(bob, 'agent'),
      by: ref(ann, 'human'),
      note: 'too fast',
      since: at(0),
      until: at(15 * MINUTE),
    })
    w.clock.advance(MINUTE)
    for (const refused of [
      () => posts(bob),
      () => bob.patch<{ code: string }>(`/v1/messages/${message.id}`, { body: 'after' }),
    ])
      await leavesNoTrace(w, async () => {
        const answer = await refused()
        expectRefusal(answer, 429, {
          detail: 'bob is paused in room',
          code: 'paused',
          pause,
          retry_after: 840,
        })
        expect(answer.headers.get('retry-after')).toBe('840')
      })
    expect(await isRefused(bob, den)).toBe(false)
    expect(await isRefused(eve)).toBe(false)
    w.clock.advance(14 * MINUTE)
    expect(await isRefused(bob)).toBe(false)
    expect((await bob.patch(`/v1/messages/${message.id}`, { body: 'after' })).status).toBe(200)
  })

  test('a pause without minutes ends when it is ended, and its refusal has no retry_after', async () => {
    const { id } = await begun(ann, { channel: 'room', account: 'bob' })
    w.clock.advance(100 * MINUTE)
    const answer = await posts(bob)
    expect(answer.status).toBe(429)
    expect(answer.body.retry_after).toBeUndefined()
    expect(answer.headers.get('retry-after')).toBeNull()
    expect((await ann.delete(`/v1/pauses/${id}`)).status).toBe(204)
    expect(await isRefused(bob)).toBe(false)
    expectRefusal(await ann.delete(`/v1/pauses/${id}`), 404, {
      detail: 'Pause not found',
      code: 'pause_not_found',
    })
  })

  test('a pause covers an agent or all, in a channel or everywhere; people are never paused', async () => {
    const covers = async () => [
      await isRefused(bob, room),
      await isRefused(bob, den),
      await isRefused(eve, room),
    ]
    const { id } = await begun(ann, { channel: 'room' })
    expect(await covers()).toEqual([true, false, true])
    await ann.delete(`/v1/pauses/${id}`)
    const everywhere = await begun(boss, { account: 'bob' })
    expect(await covers()).toEqual([true, true, false])
    await boss.delete(`/v1/pauses/${everywhere.id}`)
    await begun(w.operator)
    expect(await covers()).toEqual([true, true, true])
    expect((await posts(ann)).status).toBe(201)
    const token = await ann.post<{ token: string }>('/v1/me/tokens', { name: 'phone', scopes: READ_AND_POST })
    const answer = await w.bearer(token.body.token).post('/v1/messages', { channel: 'room', body: 'hi' })
    expect(answer.status).toBe(201)
  })

  test('a pause of the same scope is replaced: 200, the same id, and pause.started again', async () => {
    const first = await begun(ann, { channel: 'room', account: 'bob', minutes: 5, note: 'one' })
    w.clock.advance(MINUTE)
    const second = await begins(w.operator, { channel: 'room', account: 'BOB', minutes: 60 })
    expect(second.status).toBe(200)
    expect(second.body).toMatchObject({ id: first.id, by: null, note: null, since: first.since })
    expect(await shownTo(ann)).toEqual([second.body])
    const own = (await pauseEvents(ann)).filter(({ pause }) => pause.id === first.id)
    expect(own).toMatchObject([
      { type: 'pause.started', channel: 'room', pause: second.body, actor: { handle: 'ann' } },
      { type: 'pause.started', channel: 'room', pause: second.body, actor: null },
    ])
    // The other order of length: what ends last is not what counts, but what was said last.
    expect((await begins(ann, { channel: 'room', account: 'bob', minutes: 1 })).status).toBe(200)
    w.clock.advance(2 * MINUTE)
    expect(await isRefused(bob)).toBe(false)
    // It has run out, so this is another one.
    expect((await begun(ann, { channel: 'room', account: 'bob' })).id).not.toBe(first.id)
  })

  test('of several pauses the refusal shows the one that ends last', async () => {
    await begun(ann, { channel: 'room', account: 'bob', minutes: 5 })
    const long = await begun(ann, { channel: 'room', minutes: 50 })
    await begun(boss, { account: 'bob', minutes: 10 })
    expect((await posts(bob)).body.pause).toEqual(long)
    const endless = await begun(w.operator)
    expect((await posts(bob)).body.pause).toEqual(endless)
  })

  test('reading, presence, claims, acks and reactions go on', async () => {
    const { id } = await ann.posts(room, 'hello @bob')
    await begun(w.operator)
    const answers = await Promise.all([
      bob.get('/v1/messages?channel=room'),
      bob.get('/v1/inbox'),
      bob.put('/v1/presence', { state: 'working' }),
      bob.post('/v1/claims', { resource: 'task:paused' }),
      bob.post('/v1/inbox/ack', { cursor: 'now' }),
      bob.put(`/v1/messages/${id}/reactions/ok`),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 201, 200, 200])
  })

  test('a repeated request is answered although the agent was paused since', async () => {
    const request = { client_msg_id: 'once' }
    expect((await posts(bob, room, request)).status).toBe(201)
    await begun(w.operator)
    const again = await posts(bob, room, request)
    expect(again.status).toBe(201)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  test('a mistake in the post is refused before the pause, as the gates say', async () => {
    await begun(w.operator)
    expect((await posts(bob, room, { reply_to: 'x' })).status).toBe(400)
    expect((await posts(bob, { ...room, slug: 'nowhere' })).status).toBe(404)
  })
})

describe('who may pause', () => {
  test('people who may post in the channel; everywhere system admins who are people, and the operator', async () => {
    const refused = async (who: Caller, more: Fields, status: number, code: string) =>
      leavesNoTrace(w, async () => {
        const answer = await begins(who, more)
        expect([answer.status, (answer.body as unknown as { code: string }).code]).toEqual([status, code])
      })
    const ops = await w.agent('ops', { scopes: ['admin:*', ...READ_AND_POST], channels: { room: 'admin' } })
    await refused(ops, {}, 403, 'humans_only')
    await refused(ops, { channel: 'room' }, 403, 'humans_only')
    await refused(ann, {}, 403, 'not_admin')
    await refused(ann, { account: 'bob' }, 403, 'not_admin')
    await refused(zoe, { channel: 'room' }, 403, 'read_only_role')
    await refused(boss, { channel: 'room' }, 403, 'not_a_member')
    await refused(zoe, { channel: 'den' }, 404, 'channel_not_found')
    await refused(ann, { channel: 'room', account: 'zoe' }, 400, 'not_an_agent')
    await refused(ann, { channel: 'den', account: 'eve' }, 404, 'account_not_found')
    await refused(boss, { account: 'nobody' }, 404, 'account_not_found')
    await refused(ann, { channel: 'room', minutes: 0 }, 422, 'validation_error')
    await refused(ann, { channel: 'room', minutes: 10_081 }, 422, 'validation_error')
    const narrow = await ann.post<{ token: string }>('/v1/me/tokens', { name: 'x', scopes: READ_AND_POST })
    await refused(w.bearer(narrow.body.token), { channel: 'room' }, 403, 'humans_only')
    const scopes = [...READ_AND_POST, 'human:act']
    const wide = await ann.post<{ token: string }>('/v1/me/tokens', { name: 'y', scopes })
    await begun(w.bearer(wide.body.token), { channel: 'room', minutes: 1 })
  })

  test('the same may end a pause, whoever began it', async () => {
    const one = await begun(w.operator, { channel: 'room', account: 'bob' })
    const path = `/v1/pauses/${one.id}`
    expect((await bob.delete(path)).status).toBe(403)
    expect((await zoe.delete(path)).status).toBe(403)
    const stranger = await w.human('stranger')
    expect((await stranger.delete(path)).status).toBe(404)
    expect((await ann.delete(path)).status).toBe(204)
    const everywhere = await begun(w.operator, { account: 'bob' })
    expect((await ann.delete(`/v1/pauses/${everywhere.id}`)).status).toBe(403)
    expect((await boss.delete(`/v1/pauses/${everywhere.id}`)).status).toBe(204)
  })

  test('one sees the pauses of channels that one reads, of agents with whom one shares a channel, and of all', async () => {
    const inDen = await begun(ann, { channel: 'den' })
    const ofEve = await begun(boss, { account: 'eve' })
    const loner = await w.agent('loner')
    const ofLoner = await begun(boss, { account: 'loner' })
    const ofAll = await begun(boss)
    const ids = async (who: Caller, query = '') => (await shownTo(who, query)).map(({ id }) => id)
    expect(await ids(zoe)).toEqual([ofEve.id, ofAll.id])
    expect(await ids(bob)).toEqual([inDen.id, ofEve.id, ofAll.id])
    expect(await ids(loner)).toEqual([ofLoner.id, ofAll.id])
    expect(await ids(boss)).toEqual([ofEve.id, ofLoner.id, ofAll.id])
    expect(await ids(w.operator)).toEqual([inDen.id, ofEve.id, ofLoner.id, ofAll.id])
    expect(await ids(ann, '?channel=den')).toEqual([inDen.id])
    expect(await ids(ann, '?account=eve')).toEqual([ofEve.id])
    expect((await zoe.get('/v1/pauses?channel=den')).status).toBe(404)
    const seen = async (who: Person) => new Set((await pauseEvents(who)).map(({ pause }) => pause.id))
    for (const who of [zoe, bob, loner, boss]) {
      const known = await seen(who)
      for (const pause of [inDen, ofEve, ofLoner, ofAll])
        expect([who.handle, pause, known.has(pause.id)]).toEqual([
          who.handle,
          pause,
          (await ids(who)).includes(pause.id),
        ])
    }
  })
})

describe('the end of a pause', () => {
  test('an end by time is announced within 5 s, by the server itself', async () => {
    using socket = await LiveSocket.open(w.url, { authorization: `Bearer ${bob.secret}` })
    await socket.subscribe(['*'])
    const pause = await begun(ann, { channel: 'room', account: 'bob', minutes: 1 })
    expect(await socket.next('pause.started')).toMatchObject({ pause, channel: 'room' })
    w.clock.advance(MINUTE + SECOND)
    // The sweeper is woken by every commit.
    await eve.posts(room, 'a commit')
    expect(await socket.next('pause.ended')).toMatchObject({ pause, channel: 'room', actor: null })
  })

  test('acts are in the audit log with ids alone, an end by time is not', async () => {
    const pause = await begun(ann, { channel: 'room', account: 'bob', minutes: 1, note: 'a secret' })
    await ann.delete(`/v1/pauses/${pause.id}`)
    const { body } = await w.operator.get<{
      entries: { action: string; target_id: string; metadata: object }[]
    }>('/v1/admin/audit?action=pause.&limit=100')
    const own = body.entries.filter(({ target_id }) => target_id === pause.id)
    const facts = { channel: room.id, account: bob.id }
    expect(own.map(({ action, metadata }) => [action, metadata])).toEqual([
      ['pause.end', facts],
      ['pause.start', { ...facts, minutes: 1 }],
    ])
  })

  test('pauses hold after a restart', async () => {
    await using again = await world()
    const yard = await again.channel('yard')
    const cat = await again.agent('cat', { channels: { yard: 'member' } })
    await begun(again.operator, { account: 'cat' })
    await again.restart()
    expect((await cat.post('/v1/messages', { channel: yard.slug, body: 'hi' })).status).toBe(429)
  })

  test('the pauses of an erased account go with it, and its notes', async () => {
    await using again = await world()
    await again.channel('yard')
    const cat = await again.agent('cat', { channels: { yard: 'member' } })
    const cow = await again.human('cow', { channels: { yard: 'member' } })
    await begun(cow, { channel: 'yard', note: 'canary' })
    await begun(again.operator, { account: 'cat' })
    for (const { id, handle } of [cat, cow]) {
      const path = `/v1/admin/accounts/${id}/erase`
      const { status, text } = await again.operator.post(path, { confirm: handle, mode: 'anonymize' })
      expect(status, text).toBe(200)
    }
    for (const restarted of [false, true]) {
      if (restarted) await again.restart()
      const left = await shownTo(again.operator)
      expect(left).toMatchObject([{ channel: 'yard', account: null, note: null }])
      expect(left[0]?.by?.handle).toStartWith('erased-')
    }
  })
})

test('the list of channels shows the pause that holds for all agents there', async () => {
  const shown = async () => {
    const { body } = await bob.get<{ channels: { slug: string; pause: Pause | null }[] }>('/v1/channels')
    return Object.fromEntries(body.channels.map(({ slug, pause }) => [slug, pause?.id ?? null]))
  }
  await begun(ann, { channel: 'room', account: 'bob' })
  expect(await shown()).toEqual({ room: null, den: null })
  const one = await begun(ann, { channel: 'room', minutes: 5 })
  expect(await shown()).toEqual({ room: one.id, den: null })
  const all = await begun(boss)
  expect(await shown()).toEqual({ room: all.id, den: all.id })
})

test('a guest sees no pauses', async () => {
  expect((await w.guest.get('/v1/pauses')).status).toBe(401)
})
