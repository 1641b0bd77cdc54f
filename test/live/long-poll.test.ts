import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { untilAtRest, warmUp } from '../support/at-rest'
import type { WireEvent } from '../support/ledger'
import { until, within } from '../support/sockets'
import { type Answer, type Caller, type Person, SECOND } from '../support/world'
import { Town } from './town'

let town: Town
beforeAll(async () => {
  town = await Town.open()
  await warmUp(await town.agent())
})
afterAll(() => town[Symbol.asyncDispose]())

interface Page {
  readonly events: readonly WireEvent[]
  readonly cursor: string
  readonly head_cursor: string
  readonly has_more: boolean
  readonly timed_out: boolean
  readonly code?: string
}

/** A long poll that the server holds by the time this resolves, so that a later event wakes it. */
async function held(
  bob: Caller,
  query: string,
): Promise<{ answer: Promise<Answer<Page>>; done: () => boolean }> {
  let isDone = false
  const answer = bob.get<Page>(`/v1/events?${query}`)
  void answer.then(() => (isDone = true))
  await untilAtRest(bob)
  return { answer, done: () => isDone }
}

describe('long polls of events', () => {
  test('a long poll is answered by the next event that its filter selects', async () => {
    const [room, other] = [await town.room(), await town.room()]
    const [alice, bob] = [await town.agent(room, other), await town.agent(room, other)]
    const one = await held(bob, `channel=${room.slug}&type=message.created&wait=30`)
    await alice.posts(other, 'elsewhere')
    await town.agent(room)
    await untilAtRest(bob)
    expect(one.done()).toBe(false)
    const { seq, cursor } = await alice.posts(room, 'here')
    const { body } = await one.answer
    expect(body.events.map((event) => event.seq)).toEqual([seq])
    expect(body).toMatchObject({ cursor, has_more: false, timed_out: false })
  })

  test('a long poll of * is answered by any event that its account may see, and by no other', async () => {
    const [room, shut] = [await town.room(), await town.room('private')]
    const [alice, bob] = [await town.agent(room, shut), await town.agent(room)]
    const one = await held(bob, 'wait=30')
    await alice.posts(shut, 'secret')
    await untilAtRest(bob)
    expect(one.done()).toBe(false)
    await alice.posts(room, 'here')
    const { body, text } = await one.answer
    expect(body.events).toHaveLength(1)
    expect(text).not.toContain('secret')
  })

  test('a long poll is answered at once when there are events already', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    await bob.posts(room, 'hello')
    const { body } = await bob.get<Page>(`/v1/events?channel=${room.slug}&since=oldest&wait=30`)
    expect(body.events).toHaveLength(3)
    expect(body.timed_out).toBe(false)
  })

  test('a long poll that runs out is empty and returns the position it has read', async () => {
    const room = await town.room()
    const [alice, bob] = [await town.agent(room), await town.agent()]
    const one = await held(bob, 'wait=1')
    const { cursor } = await alice.posts(room, 'not for bob')
    const { body } = await one.answer
    expect(body).toEqual({ events: [], cursor, head_cursor: cursor, has_more: false, timed_out: true })
  })

  test('a long poll includes channels that its account joins meanwhile', async () => {
    const room = await town.room('private')
    const [alice, bob] = [await town.agent(room), await town.agent()]
    const one = await held(bob, 'wait=30&type=message.created')
    await town.world.joins(bob, room)
    await alice.posts(room, 'welcome')
    expect((await one.answer).body.events).toHaveLength(1)
  })

  test('successive long polls return every event without a gap or a duplicate', async () => {
    const room = await town.room()
    const [alice, bob] = [await town.agent(room), await town.agent(room)]
    const sent: number[] = []
    const posting = (async () => {
      for (let i = 0; i < 60; i++) sent.push((await alice.posts(room, `post ${i}`)).seq)
    })()
    const heard: number[] = []
    let cursor = 'oldest'
    while (heard.length < 60) {
      const { body } = await bob.get<Page>(`/v1/events?type=message.created&limit=7&wait=5&since=${cursor}`)
      heard.push(...body.events.map(({ seq }) => seq))
      cursor = body.cursor
    }
    await posting
    expect(heard).toEqual(sent)
  })

  const endings: readonly [
    title: string,
    end: (place: Town, bob: Person, room: { id: string; slug: string }) => Promise<unknown>,
    status: number,
    code: string,
  ][] = [
    ['its token is revoked', (place, bob) => place.world.revokes(bob), 401, 'invalid_token'],
    ['its account is archived', (place, bob) => place.world.archives(bob), 401, 'account_unavailable'],
  ]
  test.each(endings)('a long poll is refused within a second when %s', async (_, end, status, code) => {
    await using place = await Town.open()
    const room = await place.room()
    const bob = await place.agent(room)
    for (const query of ['wait=30', `channel=${room.slug}&wait=30`]) {
      const one = await held(bob, query)
      await end(place, bob, room)
      const answer = await within(1000, one.answer)
      expect({ status: answer?.status, code: answer?.body.code }).toEqual({ status, code })
    }
  })

  test('a long poll returns nothing from a channel that its account has left', async () => {
    const [room, other] = [await town.room('private'), await town.room()]
    const [alice, bob] = [await town.agent(room, other), await town.agent(room, other)]
    const one = await held(bob, `channel=${room.slug},${other.slug}&type=message.created&wait=30`)
    await town.world.leaves(bob, room)
    await alice.posts(room, 'secret')
    await alice.posts(other, 'hello')
    const { text, body } = await one.answer
    expect(body.events).toHaveLength(1)
    expect(text).not.toContain('secret')
  })

  test('a credential has at most eight long polls, and an abandoned one makes room', async () => {
    const bob = await town.agent()
    const giveUp = new AbortController()
    const waiting = Array.from({ length: 8 }, () =>
      bob.open('/v1/events?wait=30', { signal: giveUp.signal }).catch(() => undefined),
    )
    const ninth = await until('the limit', async () => {
      const answer = await bob.get<Page>('/v1/events?wait=0&since=oldest')
      expect(answer.status).toBe(200)
      const one = await within(200, bob.get<Page>('/v1/events?wait=30'))
      return one?.status === 429 && one
    })
    expect(ninth.body.code).toBe('too_many_streams')
    expect(Number(ninth.headers.get('retry-after'))).toBeGreaterThan(0)
    giveUp.abort()
    await Promise.all(waiting)
    await until('room', async () => (await bob.get('/v1/events?wait=1')).status === 200)
  })

  test('a stopping server answers its long polls with what they have', async () => {
    await using place = await Town.open()
    const room = await place.room()
    const bob = await place.agent(room)
    const events = await held(bob, 'wait=60')
    const messages = await held(bob, 'wait=60&type=message.*')
    const page = bob.get<Page>(`/v1/messages?channel=${room.slug}&wait=60`)
    await bob.get('/v1/auth/me')
    await place.world.running.stop()
    for (const answer of [await events.answer, await messages.answer, await page])
      expect(answer).toMatchObject({ status: 200, body: { timed_out: true } })
  })

  test('the timeout of a long poll does not depend on the wall clock', async () => {
    const room = await town.room()
    const bob = await town.agent(room)
    const one = await held(bob, 'wait=30')
    town.world.clock.advance(-20 * SECOND)
    await bob.posts(room, 'hello')
    expect((await one.answer).body.events).toHaveLength(1)
    town.world.clock.advance(20 * SECOND)
  })
})
