// The clock of the machine is set while deliveries are pending, and after an account has read.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { toMicros } from '../../src/core/kernel/time'
import { acting } from '../matrix/acting'
import { homeserver, signIn, V3 } from '../matrix/homeserver'
import { say } from '../matrix/unread'
import { DAY, HOUR, MINUTE, SECOND } from '../support/fake-clock'
import { Receiver } from '../support/receiver'
import { until } from '../support/sockets'
import { type Person, type World, world } from '../support/world'

setDefaultTimeout(120_000)

const YEAR = 365 * DAY
const LOCAL = { SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.0/8', SYNAPSE_MATRIX_PUSH_TARGETS: '127.0.0.1' }
const refuses = () => new Response('no', { status: 503 })

const jumps = [
  { words: 'a year forward', by: YEAR },
  { words: 'a year back', by: -YEAR },
]

function jump({ clock }: World, milliseconds: number): void {
  clock.set(toMicros(clock.now() + milliseconds * 1000))
}

/** Ann and bob are agents in `general`, whose tokens do not expire. Time that passes is noticed by the jobs. */
async function scene() {
  const w = await world({ settings: LOCAL })
  await w.channel('general')
  await w.channel('noise')
  const inside = { channels: { general: 'member' } } as const
  const [ann, bob] = [await w.agent('ann', inside), await w.agent('bob', inside)]
  const noise = await w.agent('noise', { channels: { noise: 'member' } })
  const passes = async (milliseconds: number) => {
    w.clock.advance(milliseconds)
    // A commit wakes the jobs.
    await noise.posts('noise', 'a commit')
  }
  /** Sets the calendar, and lets what is stored follow it. */
  const set = async (by: number) => {
    const lease = await noise.post<{ id: string }>('/v1/claims', { resource: `task:${by}`, ttl_s: 3600 })
    jump(w, by)
    const left = async () => {
      const { body } = await noise.get<{ expires_at: string }>(`/v1/claims/${lease.body.id}`)
      return Date.parse(body.expires_at) - w.clock.now() / 1000
    }
    await until('the leases to follow the calendar', async () => {
      await passes(SECOND)
      return Math.abs((await left()) - HOUR) < MINUTE * 10
    })
  }
  return { w, ann, bob, passes, set, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}
type Scene = Awaited<ReturnType<typeof scene>>

async function pushesTo(bob: Person, url: string) {
  expect((await bob.put('/v1/me/push', { enabled: true, webhook_url: url })).status).toBe(200)
}

async function stateOf(s: Scene, id: string): Promise<string | undefined> {
  const { body } = await s.ann.get<{ deliveries: { state: string }[] }>(`/v1/messages/${id}/deliveries`)
  return body.deliveries[0]?.state
}

describe.each(jumps)('a clock that is set $words', ({ by }) => {
  test('a webhook is called at once for what comes after it, and after the clock was corrected', async () => {
    await using s = await scene()
    using hook = new Receiver()
    await pushesTo(s.bob, hook.url)
    for (const back of [1, -1]) {
      await s.set(back * by)
      const before = hook.received.length
      await s.ann.posts('general', 'for @bob')
      await until('the webhook to be called', async () => {
        await s.passes(10)
        return hook.received.length > before
      })
    }
  })

  test('a failed call of a webhook is made again in time, and the webhook is not disabled', async () => {
    await using s = await scene()
    using hook = new Receiver()
    hook.answer = refuses
    await pushesTo(s.bob, hook.url)
    await s.ann.posts('general', 'for @bob')
    await until('the first call', async () => {
      await s.passes(10)
      return hook.received.length === 1
    })
    await s.set(by)
    // It has failed for a moment, so it is called again soon, and is not given up.
    const before = hook.received.length
    await until('the next call', async () => {
      await s.passes(SECOND)
      return hook.received.length > before
    })
    expect((await s.bob.get('/v1/me/push')).body).toMatchObject({ enabled: true })
    hook.answer = () => new Response(null, { status: 202 })
    const failed = hook.received.length
    await until('the call that succeeds', async () => {
      await s.passes(30 * SECOND)
      return hook.received.length > failed
    })
  })

  test('an account that reads is seen to, and one that does not becomes unreachable in time', async () => {
    await using s = await scene()
    const readAt = async () => {
      const { body } = await s.ann.get<{ presence: { reachable: { last_read_at: string | null } }[] }>(
        '/v1/presence?handle=bob',
      )
      return Date.parse(body.presence[0]?.reachable.last_read_at ?? '') - s.w.clock.now() / 1000
    }
    await s.bob.get('/v1/inbox')
    expect(await readAt()).toBe(0)
    await s.set(by)
    // What was read before moves with the calendar.
    expect(Math.abs(await readAt())).toBeLessThan(10 * MINUTE)
    await s.passes(MINUTE)
    await s.bob.get('/v1/inbox')
    expect(await readAt()).toBe(0)
    const { id } = await s.ann.posts('general', 'for @bob')
    await s.passes(800 * SECOND)
    expect(await stateOf(s, id)).toBe('queued')
    await until('bob to be unreachable', async () => {
      await s.passes(20 * SECOND)
      return (await stateOf(s, id)) === 'unreachable'
    })
    await s.set(-by)
    const { id: later } = await s.ann.posts('general', 'once more for @bob')
    await until('bob to be unreachable again', async () => {
      await s.passes(20 * SECOND)
      return (await stateOf(s, later)) === 'unreachable'
    })
  })

  test('an account whose lease has ended becomes unreachable in time', async () => {
    await using s = await scene()
    const { status, text } = await s.bob.put('/v1/presence', { state: 'working', ttl_s: 120 })
    expect(status, text).toBe(200)
    const { id } = await s.ann.posts('general', 'for @bob')
    await s.set(by)
    expect(await stateOf(s, id)).toBe('queued')
    await until('bob to be unreachable', async () => {
      await s.passes(30 * SECOND)
      return (await stateOf(s, id)) === 'unreachable'
    })
  })

  test('a push gateway that fails is called again in time, and nothing is dropped', async () => {
    await using w = await homeserver(LOCAL)
    using gateway = new Receiver()
    gateway.answer = refuses
    const rooms = acting(w)
    const ada = await signIn(w, await w.human('ada'), { device_id: 'PHONE' })
    const ben = await signIn(w, await w.human('ben'))
    const room = await rooms.newRoom(ben, { invite: [ada.userId], name: 'Garden' })
    await ada.post(`${V3}/join/${encodeURIComponent(room)}`, {})
    const set = await ada.post(`${V3}/pushers/set`, {
      ...{ kind: 'http', app_id: 'org.example.app', pushkey: 'key' },
      ...{ app_display_name: 'App', device_display_name: 'Phone', lang: 'en', data: { url: gateway.url } },
    })
    expect(set.status, set.text).toBe(200)
    const event = await say(rooms, ben, room, 'hello')
    await until('the first call', () => gateway.received.length === 1)
    jump(w, by)
    // A message wakes the jobs, which follow the calendar after ten seconds.
    w.clock.advance(10 * SECOND)
    await say(rooms, ben, room, 'meanwhile')
    await until('the second call', () => {
      w.clock.advance(SECOND)
      return gateway.received.length >= 2
    })
    gateway.answer = () => Response.json({ rejected: [] })
    const ids = () =>
      gateway.received.map(({ body }) => (body['notification'] as { event_id?: string }).event_id)
    await until('both events to be told', () => {
      w.clock.advance(SECOND)
      return ids().at(-1) !== event
    })
    expect(w.log).not.toContain('what it was not told is dropped')
  })
})
