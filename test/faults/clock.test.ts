// The clock of the machine is set while the server runs: an hour or a year, forward or back.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type Micros, toMicros } from '../../src/core/kernel/time'
import { createLogClockWatch } from '../../src/jobs/log-clock'
import { DAY, HOUR, SECOND } from '../support/fake-clock'
import { preloadMissing } from '../support/preload'
import { Site } from '../support/site'
import { LiveSocket, until } from '../support/sockets'
import { type Message, type Page, type Person, type World, world } from '../support/world'
import { integrityOf, load, ROOM } from './load'
import { SettableClock } from './settable-clock'

setDefaultTimeout(120_000)

const YEAR = 365 * DAY
const TWO_MONTHS = 60 * DAY

const jumps = [
  { words: 'an hour forward', by: HOUR },
  { words: 'an hour back', by: -HOUR },
  { words: 'a year forward', by: YEAR },
  { words: 'a year back', by: -YEAR },
]

function jump({ clock }: World, milliseconds: number): void {
  clock.set(toMicros(clock.now() + milliseconds * 1000))
}

for (const { words, by } of jumps)
  describe(`a clock that jumps ${words} and comes back`, () => {
    test('the order of numbers, instants and cursors is unaffected by the jump', async () => {
      await using w = await world()
      await w.channel('family')
      const alice = await w.agent('alice', { channels: { family: 'member' } })
      using socket = await LiveSocket.open(w.url, alice.credential)
      await socket.subscribe(['family'])
      let cursor = 'oldest'
      const told: string[] = []
      const say = async (body: string) => {
        await alice.post('/v1/messages', { channel: 'family', body })
        told.push(body)
        // A cursor from before the jump finds the new message.
        const { body: page } = await alice.get<Page & { position: string }>(
          `/v1/messages?channel=family&since=${cursor}&order=asc`,
        )
        expect(page.messages.map((message) => message.body)).toEqual([body])
        cursor = page.position
      }
      await say('before')
      jump(w, by)
      await say('meanwhile')
      w.clock.advance(SECOND)
      await say('a second later')
      jump(w, -by)
      await say('afterwards')
      w.clock.advance(SECOND)
      await say('another second later')

      const { body } = await alice.get<{ messages: (Message & { created_at: string; seq: number })[] }>(
        '/v1/messages?channel=family&since=oldest&order=asc',
      )
      expect(body.messages.map((message) => message.body)).toEqual(told)
      const seqs = body.messages.map(({ seq }) => seq)
      expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i))
      const instants = body.messages.map(({ created_at }) => created_at)
      expect(new Set(instants).size).toBe(told.length)
      expect(instants.toSorted()).toEqual(instants)
      await until('all of it on the socket', () => socket.events.length === told.length)
      expect(socket.end).toBeUndefined()
    })

    test('a claim neither ends early nor lives longer, and follows the new calendar', async () => {
      await using w = await world()
      await w.channel('family')
      const alice = await w.agent('alice', { channels: { family: 'member' } })
      const bob = await w.agent('bob')
      const claim = { resource: 'task:deploy', ttl_s: 60 }
      const { body: held } = await alice.post<{ id: string; epoch: number }>('/v1/claims', claim)
      const refused = async () =>
        (await bob.post<{ retry_after?: number }>('/v1/claims', claim)).body.retry_after
      jump(w, by)
      expect(await refused()).toBe(60)
      w.clock.advance(20 * SECOND)
      // A commit wakes the jobs.
      await alice.posts('family', 'twenty seconds later')
      const shown = async () =>
        (await alice.get<{ expires_at: string }>(`/v1/claims/${held.id}`)).body.expires_at
      await until(
        'the claim to follow the calendar',
        async () => Math.abs(Date.parse(await shown()) - w.clock.now() / 1000 - 40 * SECOND) <= SECOND,
      )
      expect(await refused()).toBe(40)
      w.clock.advance(30 * SECOND)
      expect((await alice.post(`/v1/claims/${held.id}/renew`, { epoch: held.epoch })).status).toBe(200)
      w.clock.advance(59 * SECOND)
      expect(await refused()).toBe(1)
      jump(w, -by)
      w.clock.advance(2 * SECOND)
      expect((await bob.post('/v1/claims', claim)).status).toBe(201)
    })

    test('who asks for a claim again and again is told how long it holds, also while the calendar is followed', async () => {
      await using w = await world()
      await w.channel('family')
      const alice = await w.agent('alice', { channels: { family: 'member' } })
      const bob = await w.agent('bob')
      const claim = { resource: 'task:deploy', ttl_s: 60 }
      const { body: held } = await alice.post<{ id: string }>('/v1/claims', claim)
      const expiry = async () =>
        Date.parse((await alice.get<{ expires_at: string }>(`/v1/claims/${held.id}`)).body.expires_at)
      const isMoved = async () => Math.abs((await expiry()) - w.clock.now() / 1000) <= 60 * SECOND
      for (const back of [1, -1]) {
        jump(w, back * by)
        w.clock.advance(10 * SECOND)
        let isOver = false
        const ask = async () => {
          while (!isOver) {
            const { status, body } = await bob.post<{ retry_after: number }>('/v1/claims', claim)
            expect([status, body.retry_after]).toEqual([409, back === 1 ? 50 : 40])
          }
        }
        const asking = Array.from({ length: 4 }, ask)
        // A commit wakes the jobs.
        await alice.posts('family', 'later')
        await until('the claim to follow the calendar', isMoved)
        isOver = true
        await Promise.all(asking)
      }
    })

    test('a pause holds as long as before, and follows the new calendar', async () => {
      await using w = await world()
      await w.channel('family')
      const inside = { channels: { family: 'member' } } as const
      const [alice, bob] = [await w.agent('alice', inside), await w.agent('bob', inside)]
      const pause = { account: 'alice', minutes: 1 }
      expect((await w.operator.post('/v1/pauses', pause)).status).toBe(201)
      const post = () =>
        alice.post<{ retry_after?: number }>('/v1/messages', { channel: 'family', body: 'hi' })
      jump(w, by)
      expect((await post()).body.retry_after).toBe(60)
      w.clock.advance(20 * SECOND)
      // A commit wakes the jobs.
      await bob.posts('family', 'twenty seconds later')
      const untils = async () => {
        const { body } = await bob.get<{ pauses: { until: string }[] }>('/v1/pauses')
        return body.pauses.map(({ until }) => Date.parse(until) - w.clock.now() / 1000)
      }
      await until('the pause to follow the calendar', async () => {
        const [left = 0] = await untils()
        return Math.abs(left - 40 * SECOND) <= SECOND
      })
      expect((await post()).body.retry_after).toBe(40)
      w.clock.advance(41 * SECOND)
      expect((await post()).status).toBe(201)
    })

    test('an approval is pending as long as before, and follows the new calendar', async () => {
      await using w = await world()
      await w.channel('family')
      const inside = { channels: { family: 'member' } } as const
      const alice = await w.agent('alice', inside)
      await w.human('ada', inside)
      const question = { channel: 'family', question: 'Deploy?', options: ['yes', 'no'], ttl_s: 60 }
      const asked = await alice.post<{ approval: { id: string } }>('/v1/approvals', question)
      const path = `/v1/approvals/${asked.body.approval.id}`
      const shown = async () => (await alice.get<{ state: string; expires_at: string }>(path)).body
      jump(w, by)
      expect((await shown()).state).toBe('pending')
      w.clock.advance(20 * SECOND)
      // A commit wakes the jobs.
      await alice.posts('family', 'twenty seconds later')
      const left = async () => Date.parse((await shown()).expires_at) - w.clock.now() / 1000
      await until(
        'the approval to follow the calendar',
        async () => Math.abs((await left()) - 40 * SECOND) <= SECOND,
      )
      w.clock.advance(41 * SECOND)
      expect((await shown()).state).toBe('expired')
    })

    test('credentials are valid again after the clock is corrected', async () => {
      await using w = await world()
      await w.channel('family')
      const forever = await w.agent('forever', { channels: { family: 'member' } })
      const expiresAt = new Date(w.clock.now() / 1000 + TWO_MONTHS).toISOString()
      const bounded = await w.agent('bounded', { channels: { family: 'member' }, expiresAt })
      const human = await w.human('human', { channels: { family: 'member' } })
      const status = async (who: Person) => (await who.get('/v1/messages?channel=family')).status
      const everybody = () => Promise.all([forever, bounded, human].map(status))
      expect(await everybody()).toEqual([200, 200, 200])
      jump(w, by)
      const isOver = by > TWO_MONTHS
      expect(await everybody()).toEqual([200, isOver ? 401 : 200, isOver ? 401 : 200])
      jump(w, -by)
      expect(await everybody()).toEqual([200, 200, 200])
      // This includes a server that was restarted with the wrong date.
      jump(w, by)
      await w.restart()
      jump(w, -by)
      expect(await everybody()).toEqual([200, 200, 200])
    })

    test('signing in is possible again after the clock is corrected', async () => {
      await using w = await world({ settings: { SYNAPSE_RATE_LOGIN: '3/60' } })
      await w.channel('family')
      const alice = await w.agent('alice', { channels: { family: 'member' } })
      await w.human('human')
      const login = async () =>
        (await w.guest.post('/v1/auth/login', { handle: 'human', password: 'wrong' })).status
      jump(w, by)
      // The log has reached this time, and its own time does not go back.
      await alice.post('/v1/messages', { channel: 'family', body: 'meanwhile' })
      for (let i = 0; i < 3; i++) expect(await login()).toBe(401)
      expect(await login()).toBe(429)
      jump(w, -by)
      w.clock.advance(61 * SECOND)
      for (let i = 0; i < 3; i++) expect(await login()).toBe(401)
      expect(await login()).toBe(429)
      w.clock.advance(61 * SECOND)
      expect(await login()).toBe(401)
    })
  })

describe('after the clock was a year ahead', () => {
  test('a pairing code made a year ahead has expired', async () => {
    await using w = await world()
    await w.agent('bob')
    const pair = () =>
      w.operator.post<{ code: string }>('/v1/admin/devices', { device: 'kiosk', account_handle: 'bob' })
    jump(w, YEAR)
    const { body: early } = await pair()
    jump(w, -YEAR)
    const { body: right } = await pair()
    const redeem = async (code: string) => (await w.guest.post('/v1/pair/redeem', { code })).status
    expect(await redeem(early.code)).toBe(410)
    expect(await redeem(right.code)).toBe(201)
    const { body: devices } = await w.operator.get<{ state: string }[]>('/v1/admin/devices')
    expect(devices.map(({ state }) => state)).toEqual(['expired', 'redeemed'])
  })

  test('the uptime does not follow the wall clock', async () => {
    await using w = await world()
    w.clock.advance(90 * SECOND)
    jump(w, -YEAR)
    expect((await w.operator.get('/v1/health')).body).toMatchObject({ uptime_s: 90 })
  })
})

test('a log ahead of the clock is reported in health and in the server log until the clock has caught up', async () => {
  await using w = await world()
  await w.channel('family')
  const alice = await w.agent('alice', { channels: { family: 'member' } })
  const say = () => alice.post<Message>('/v1/messages', { channel: 'family', body: 'hi' })
  const told = async () =>
    (await w.operator.get<{ log_ahead_until: string | null }>('/v1/health')).body.log_ahead_until
  await say()
  expect(await told()).toBeNull()
  jump(w, YEAR)
  const { body: ahead } = await say()
  expect(await told()).toBeNull()
  jump(w, -YEAR)
  expect(await told()).toBe(ahead.created_at)
  await w.restart()
  await until('the line', () => w.log.includes('the log is ahead of the clock'))
  expect(w.log).toContain(ahead.created_at)
  jump(w, YEAR)
  expect(await told()).toBeNull()
})

test('the watch reports once that the log is ahead of the clock, and once that it no longer is', async () => {
  const lines: string[] = []
  let aheadUntil: Micros | undefined
  const look = createLogClockWatch({ aheadUntil: async () => aheadUntil, warn: (line) => lines.push(line) })
  for (const until of [undefined, toMicros(1), toMicros(1), undefined, undefined]) {
    aheadUntil = until
    await look()
  }
  expect(lines).toEqual([
    expect.stringContaining('the log is ahead of the clock'),
    expect.stringContaining('no longer ahead'),
  ])
})

describe.skipIf(preloadMissing)('a machine whose date jumps back and forth', () => {
  test('the server loses no post, no socket and no long poll', async () => {
    using clock = await SettableClock.make()
    await using site = new Site()
    const server = await site.serveWith(clock.environment)
    await using posts = await load(site, server)
    await posts.progress()
    using socket = await LiveSocket.open(server.url, posts.reader.credential)
    await socket.subscribe([ROOM])
    for (const { by } of [...jumps, { by: 0 }]) {
      // No event of this type occurs, so the poll lasts its full time by the steady clock, whatever the date is.
      const begun = performance.now()
      const wait = posts.reader.get<{ events: unknown[] }>('/v1/events?type=channel.archived&wait=1')
      await posts.progress()
      clock.set(by)
      await posts.progress()
      const { status, body } = await wait
      expect([status, body.events]).toEqual([200, []])
      expect(performance.now() - begun).toBeGreaterThan(990)
      const { body: page } = await posts.reader.get<Page>(`/v1/messages?channel=${ROOM}&order=desc&limit=5`)
      expect(page.messages.length).toBe(5)
      // The server uses the date that was set; otherwise this test would prove nothing.
      const newest = Math.max(...page.messages.map(({ created_at }) => Date.parse(created_at)))
      expect(newest).toBeGreaterThan(Date.now() + Math.max(by, 0) - DAY)
    }
    await posts.finish()
    expect(posts.refused.size).toBe(0)
    const { body } = await posts.reader.get<{ messages: { created_at: string }[] }>(
      `/v1/messages?channel=${ROOM}&since=oldest&order=asc&limit=200`,
    )
    const instants = body.messages.map(({ created_at }) => created_at)
    expect(instants.toSorted()).toEqual(instants)
    expect(socket.end).toBeUndefined()
    // A server that starts in the past of its log continues after the end of the log.
    expect(await server.stop()).toBe(0)
    clock.set(-YEAR)
    const again = await site.serveWith(clock.environment)
    expect(await posts.judge(again)).toEqual([])
    expect((await again.operator.post('/v1/admin/channels', { slug: 'new', name: 'new' })).status).toBe(201)
    expect(await again.stop()).toBe(0)
    expect(integrityOf(site.paths.database)).toBe('ok')
  })
})
