import { describe, expect, test } from 'bun:test'
import type { Rate } from '../../src/core/governance/settings'
import type { Person as Actor } from '../../src/core/identity/actor'
import { type RateClass, RateLimits } from '../../src/http/rate-limits'
import { FakeClock } from '../support/fake-clock'
import { LiveSocket } from '../support/sockets'
import { type Answer, MINUTE, type Person, SECOND, type World, world } from '../support/world'

/** Sixty posts a minute with a burst of three, and as many reads with a burst of five. The clock stands still. */
const TIGHT = { SYNAPSE_RATE_POST: '60/3', SYNAPSE_RATE_READ: '60/5', SYNAPSE_RATE_WRITE: '60/2' }

async function scene(settings: Record<string, string> = TIGHT) {
  const w: World = await world({ settings })
  const general = await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const post = (who: Person = ann) => who.post('/v1/messages', { channel: 'general', body: 'x' })
  return { w, general, ann, post, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const rateOf = ({ headers }: Answer<unknown>) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('ratelimit')))

const statuses = async (ask: () => Promise<Answer<unknown>>, times: number) => {
  const found: number[] = []
  for (let i = 0; i < times; i++) found.push((await ask()).status)
  return found
}

describe('rate limits of a caller', () => {
  test('a caller that exceeds its burst is refused and told how long to wait', async () => {
    await using s = await scene()
    expect(await statuses(s.post, 3)).toEqual([201, 201, 201])
    const refused = await s.post()
    expect([refused.status, refused.body]).toEqual([
      429,
      {
        code: 'rate_limited',
        detail: 'At most 60 a minute and 3 at once of the class post (rate.post); wait and try again',
        retry_after: 1,
        request_id: refused.headers.get('x-request-id'),
      },
    ])
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(rateOf(refused)).toMatchObject({ ratelimit: '"post";r=0;t=3' })
    s.w.clock.advance(SECOND)
    expect(await statuses(s.post, 2)).toEqual([201, 429])
    s.w.clock.advance(MINUTE)
    expect(await statuses(s.post, 4)).toEqual([201, 201, 201, 429])
  })

  test('a refused request leaves no trace', async () => {
    await using s = await scene()
    await statuses(s.post, 3)
    const before = await s.w.trace()
    await statuses(s.post, 5)
    expect(await s.w.trace()).toEqual(before)
  })

  test('every answer says how many requests remain, also a refusal', async () => {
    await using s = await scene()
    const told = (left: number, seconds: number) => ({
      'ratelimit-policy': '"post";q=60;w=60',
      ratelimit: `"post";r=${left};t=${seconds}`,
      'ratelimit-limit': '60',
      'ratelimit-remaining': String(left),
      'ratelimit-reset': String(seconds),
    })
    expect(rateOf(await s.post())).toEqual(told(2, 1))
    const wrong = await s.ann.post('/v1/messages', {})
    expect([wrong.status, rateOf(wrong)]).toEqual([422, told(1, 2)])
    const forbidden = await s.ann.post('/v1/messages', { channel: 'never', body: 'x' })
    expect([forbidden.status, rateOf(forbidden)]).toEqual([404, told(0, 3)])
  })

  test('each class of requests has its own bucket', async () => {
    await using s = await scene()
    expect(await statuses(s.post, 4)).toEqual([201, 201, 201, 429])
    expect(await statuses(() => s.ann.get('/v1/auth/me'), 6)).toEqual([200, 200, 200, 200, 200, 429])
    const logout = () => s.ann.post('/v1/auth/logout')
    expect(await statuses(logout, 3)).toEqual([400, 400, 429])
    expect(rateOf(await logout())).toMatchObject({ 'ratelimit-policy': '"write";q=60;w=60' })
  })

  test('tokens have one bucket each, and all sessions of an account share one', async () => {
    await using s = await scene()
    const other = await s.w.operator.post<{ token: string }>('/v1/admin/tokens', {
      account_handle: 'ann',
      scopes: ['channel:*:*'],
    })
    expect(await statuses(s.post, 4)).toEqual([201, 201, 201, 429])
    const twin = s.w.bearer(other.body.token)
    expect((await twin.post('/v1/messages', { channel: 'general', body: 'x' })).status).toBe(201)
    const bob = await s.w.human('bob', { channels: { general: 'member' } })
    const elsewhere = s.w.caller({ cookie: `synapse_session=${await s.w.session('bob')}` })
    const read = (caller: { get: Person['get'] }) => () => caller.get('/v1/auth/me')
    expect(await statuses(read(bob), 3)).toEqual([200, 200, 200])
    expect(await statuses(read(elsewhere), 3)).toEqual([200, 200, 429])
  })

  test('a token made by rotation or by a person starts with what remains of the old bucket', async () => {
    await using s = await scene()
    const postBy = (token: string) => () =>
      s.w.bearer(token).post('/v1/messages', { channel: 'general', body: 'x' })
    expect(await statuses(s.post, 3)).toEqual([201, 201, 201])
    const rotated = await s.ann.post<{ token: string }>('/v1/auth/rotate', {})
    expect(rotated.status).toBe(201)
    expect(await statuses(postBy(rotated.body.token), 1)).toEqual([429])
    const bob = await s.w.human('bob', { channels: { general: 'member' } })
    expect(await statuses(() => s.post(bob), 3)).toEqual([201, 201, 201])
    const made = await bob.post<{ token: string }>('/v1/me/tokens', { name: 'x', scopes: ['channel:*:*'] })
    expect(await statuses(postBy(made.body.token), 1)).toEqual([429])
    s.w.clock.advance(SECOND)
    expect(await statuses(postBy(made.body.token), 2)).toEqual([201, 429])
  })

  test('a long poll counts once, when it begins', async () => {
    await using s = await scene()
    const held = s.ann.reads(s.general, { since: 'now', wait: 20 })
    await Bun.sleep(20)
    await s.post()
    const answer = await held
    expect([answer.status, rateOf(answer)]).toMatchObject([200, { 'ratelimit-remaining': '4' }])
  })

  test('an event stream counts once and says what remains', async () => {
    await using s = await scene()
    const response = await s.ann.open('/v1/events', { headers: { accept: 'text/event-stream' } })
    expect(response.headers.get('ratelimit')).toBe('"read";r=4;t=1')
    await response.body?.cancel()
  })

  test('a socket counts once when it opens and once for each frame that reads', async () => {
    await using s = await scene()
    using socket = await LiveSocket.open(s.w.url, s.ann.credential)
    for (let i = 0; i < 4; i++) await socket.subscribe(['general'])
    const refused = await socket.subscribe(['general'])
    expect(refused).toMatchObject({ type: 'error', code: 'rate_limited', retry_after: 1 })
    expect(await socket.ask({ type: 'ping' })).toMatchObject({ type: 'pong' })
    expect((await s.ann.get('/v1/ws')).status).toBe(429)
  })
})

describe('requests without a limit', () => {
  test('requests of the local operator are not limited', async () => {
    await using s = await scene()
    const answers = await Promise.all(Array.from({ length: 10 }, () => s.w.operator.get('/v1/server')))
    for (const answer of answers) expect([answer.status, rateOf(answer)]).toEqual([200, {}])
  })

  test('requests without a valid credential use no bucket', async () => {
    await using s = await scene()
    for (const caller of [s.w.guest, s.w.bearer('nonsense')])
      for (let i = 0; i < 10; i++) {
        const answer = await caller.get('/v1/auth/me')
        expect([answer.status, rateOf(answer)]).toEqual([401, {}])
      }
    expect(rateOf(await s.w.guest.get('/healthz'))).toEqual({})
  })

  test('a class that is switched off has no limit', async () => {
    await using s = await scene({ SYNAPSE_RATE_POST: 'off', SYNAPSE_RATE_READ: '60/5' })
    const answers = await Promise.all(Array.from({ length: 200 }, () => s.post()))
    for (const answer of answers) expect([answer.status, rateOf(answer)]).toEqual([201, {}])
    const { body } = await s.w.operator.get<{ limits: Record<string, number> }>('/v1/server')
    expect(body.limits).toMatchObject({ read_per_minute: 60, read_burst: 5 })
    expect(body.limits.post_per_minute).toBeUndefined()
  })
})

test('the default limits are those of the contract', async () => {
  await using w = await world()
  for (const name of ['post', 'read', 'write', 'search']) await w.operator.delete(`/v1/config/rate.${name}`)
  const { body } = await w.operator.get<{ settings: { key: string; default: unknown }[] }>('/v1/config')
  const rates = body.settings.filter(({ key }) => key.startsWith('rate.'))
  expect(Object.fromEntries(rates.map(({ key, default: value }) => [key, value]))).toEqual({
    'rate.login': '10/300',
    'rate.media': '1200/400',
    'rate.crypto': '1200/600',
    'rate.post': '600/120',
    'rate.read': '600/120',
    'rate.write': '600/120',
    'rate.search': '60/10',
  })
})

test('a changed rate applies to the next request, also for existing buckets', async () => {
  await using s = await scene()
  expect(await statuses(s.post, 1)).toEqual([201])
  await s.w.operator.put('/v1/config/rate.post', { value: '60/1' })
  expect(await statuses(s.post, 2)).toEqual([201, 429])
  await s.w.operator.put('/v1/config/rate.post', { value: '6000/100' })
  s.w.clock.advance(SECOND)
  expect(rateOf(await s.post())).toMatchObject({
    'ratelimit-policy': '"post";q=6000;w=60',
    'ratelimit-remaining': '99',
  })
  await s.w.operator.put('/v1/config/rate.post', { value: 'off' })
  expect(rateOf(await s.post())).toEqual({})
})

describe('the buckets', () => {
  const caller = (id: number) => ({ via: 'token', token: { id } }) as unknown as Actor
  const limitsOf = (rate: Rate | null) => {
    const clock = new FakeClock()
    // The limits read only the rates of the settings.
    const limits = new RateLimits({ get: (() => rate) as never }, clock)
    const take = (id: number, name: RateClass = 'post') => {
      try {
        limits.take(caller(id), name)
        return true
      } catch {
        return false
      }
    }
    // The number of buckets shows nowhere else.
    interface Inner {
      readonly classes: Record<RateClass, { buckets: { buckets: Map<number, unknown> } }>
    }
    const { classes } = limits as unknown as Inner
    return { clock, take, size: () => classes.post.buckets.buckets.size }
  }

  test('the number of buckets is bounded', () => {
    const { take, size } = limitsOf({ perMinute: 1, burst: 1 })
    for (let id = 1; id <= 35_000; id++) expect(take(id)).toBeTrue()
    expect(size()).toBeWithin(1000, 10_001)
    // The latest caller is still known.
    expect(take(35_000)).toBeFalse()
  })

  test('full buckets are dropped first', () => {
    const { take, clock, size } = limitsOf({ perMinute: 60, burst: 1 })
    for (let id = 1; id <= 9_000; id++) take(id)
    clock.advance(2 * SECOND)
    for (let id = 9_001; id <= 10_001; id++) take(id)
    expect(size()).toBe(1001)
    expect(take(9_001)).toBeFalse()
  })

  test('a bucket refills at the exact rate even in small steps of time', () => {
    const { take, clock } = limitsOf({ perMinute: 600, burst: 10 })
    let taken = 0
    for (let ms = 0; ms < 60_000; ms += 7) {
      clock.advance(7)
      if (take(1)) taken++
    }
    expect(taken).toBeWithin(608, 612)
  })
})
