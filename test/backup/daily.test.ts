import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toMicros } from '../../src/core/kernel/time'
import { lastFullHour, lastTimeOfDay, Runner, scheduled } from '../../src/jobs'
import { FakeClock, HOUR, MINUTE } from '../support/fake-clock'
import { until } from '../support/sockets'
import { world } from '../support/world'

// Sealing keys is slow on purpose, and copies wait for the disk.
setDefaultTimeout(120_000)

describe('the last occurrence of a time of day', () => {
  const at = (text: string) => new Date(text)
  test.each([
    ['03:00', '2026-05-07T12:00:00', '2026-05-07T03:00:00'],
    ['03:00', '2026-05-07T03:00:00', '2026-05-07T03:00:00'],
    ['03:00', '2026-05-07T02:59:59', '2026-05-06T03:00:00'],
    ['23:59', '2026-05-01T00:00:00', '2026-04-30T23:59:00'],
    ['00:00', '2026-01-01T00:00:00', '2026-01-01T00:00:00'],
  ])('the last %s before %s was %s', (time, now, due) =>
    expect(lastTimeOfDay(time, at(now))).toEqual(at(due)),
  )
})

test('the last full hour is the beginning of the current hour of the local clock', () => {
  for (const [now, due] of [
    ['2026-05-07T12:59:59.999', '2026-05-07T12:00:00'],
    ['2026-05-07T12:00:00', '2026-05-07T12:00:00'],
  ] as const)
    expect(lastFullHour(new Date(now))).toEqual(new Date(due))
})

function daily(at: string | null = '03:00') {
  const clock = new FakeClock()
  const noon = new Date(2026, 4, 7, 12)
  clock.set(toMicros(noon.getTime() * 1000))
  const runs: Date[] = []
  const faults: unknown[] = []
  const state = { at, fails: false, done: noon as Date | undefined }
  const job = scheduled({
    name: 'daily',
    lastDue: (now) => (state.at === null ? null : lastTimeOfDay(state.at, now)),
    lastDone: () => [state.done],
    run: async () => {
      runs.push(new Date(clock.now() / 1000))
      if (state.fails) throw new Error('no room')
      state.done = new Date(clock.now() / 1000)
    },
    clock,
    report: (fault) => faults.push(fault),
  })
  const leases = { lease: async () => true, release: async () => {} }
  const runner = new Runner({ leases, clock, report: (fault) => faults.push(fault) })
  runner.add(job)
  runner.start()
  // The job does not run in the first minute of a process.
  clock.advance(MINUTE)
  const check = () => runner.check()
  return { clock, runs, faults, state, check, [Symbol.asyncDispose]: () => runner.stop() }
}

describe('a daily job', () => {
  test('a daily job runs once when it is due, and not before', async () => {
    await using job = daily()
    for (const [hours, runs] of [
      [14, 0],
      [1, 1],
      [1, 1],
      [22, 1],
      [1, 2],
    ] as const) {
      job.clock.advance(hours * HOUR)
      await job.check()
      expect(job.runs).toHaveLength(runs)
    }
  })

  test('a daily job that was missed runs once, however many days were missed', async () => {
    await using job = daily()
    job.clock.advance(80 * HOUR)
    await job.check()
    await job.check()
    expect(job.runs).toHaveLength(1)
  })

  test('a daily job that failed runs again after an hour', async () => {
    await using job = daily()
    job.state.fails = true
    job.clock.advance(15 * HOUR)
    await job.check()
    job.clock.advance(59 * MINUTE)
    await job.check()
    expect(job.runs).toHaveLength(1)
    expect(job.faults).toHaveLength(1)
    job.state.fails = false
    job.clock.advance(MINUTE)
    await job.check()
    await job.check()
    expect(job.runs).toHaveLength(2)
  })

  test('a daily job runs on the days after the clock was a year ahead', async () => {
    await using job = daily()
    const right = job.clock.now()
    job.clock.set(toMicros(right + 365 * 24 * HOUR * 1000))
    await job.check()
    expect(job.runs).toHaveLength(1)
    job.clock.set(right)
    // A run in the future does not count.
    await job.check()
    expect(job.runs).toHaveLength(2)
    await job.check()
    job.clock.advance(24 * HOUR)
    await job.check()
    expect(job.runs).toHaveLength(3)
  })

  test('a daily job that failed runs again after an hour, even if the clock was set back', async () => {
    await using job = daily()
    const right = job.clock.now()
    job.state.fails = true
    job.clock.set(toMicros(right + 365 * 24 * HOUR * 1000))
    await job.check()
    job.clock.set(toMicros(right + 24 * HOUR * 1000))
    job.clock.advance(HOUR)
    await job.check()
    expect(job.runs).toHaveLength(2)
  })

  test('a daily job does not run while it is switched off, and follows a changed time', async () => {
    await using job = daily(null)
    job.clock.advance(30 * HOUR)
    await job.check()
    expect(job.runs).toHaveLength(0)
    job.state.at = '17:00'
    await job.check()
    expect(job.runs).toHaveLength(1)
  })
})

test('only the local operator can make a backup by a request', async () => {
  await using w = await world()
  const admin = await w.human('ada', { isAdmin: true })
  const ops = await w.agent('ops', { scopes: ['admin:*'] })
  for (const caller of [admin, ops]) {
    const refused = await caller.post('/v1/admin/backups', {})
    expect(refused).toMatchObject({ status: 403, body: { code: 'operator_only' } })
  }
  expect(existsSync(`${w.home}-backups`)).toBe(false)

  const made = await w.operator.post<{ file: string; keys: string }>('/v1/admin/backups', {
    label: 'by-hand',
    passphrase: 'correct horse battery',
  })
  expect(made.status).toBe(201)
  expect(made.text + w.log).not.toContain('correct horse battery')
  expect(statSync(made.body.file).size).toBeGreaterThan(0)
  expect(statSync(made.body.keys).mode & 0o777).toBe(0o600)
  const wrong = await w.operator.post('/v1/admin/backups', { label: '../up', passphrase: 'short' })
  expect(wrong.status).toBe(422)
  expect(wrong.body).toMatchObject({
    detail: [{ input: '../up' }, { loc: ['body', 'passphrase'], input: null }],
  })
})

test('two backups requested at once are made one after the other', async () => {
  await using w = await world({
    clock: { now: () => toMicros(Date.now() * 1000), steady: () => performance.now() },
  })
  const make = () => w.operator.post<{ file: string }>('/v1/admin/backups', {})
  const answers = await Promise.all([make(), make()])
  expect(answers.map(({ status }) => status)).toEqual([201, 201])
  const folder = join(answers[0]?.body.file ?? '', '..')
  await until('both', () => readdirSync(folder).filter((name) => name.endsWith('.json')).length === 2)
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([])
})

test('the metrics tell when the newest copy was made, and the newest that was verified', async () => {
  await using w = await world({ settings: { SYNAPSE_METRICS_ENABLED: 'on' } })
  const metric = async (name: string) =>
    new RegExp(`^synapse_backup_${name}_timestamp_seconds (\\S+)$`, 'm').exec(
      (await w.operator.get('/metrics')).text,
    )?.[1]
  expect([await metric('newest'), await metric('verified')]).toEqual([undefined, undefined])
  const make = async () => (await w.operator.post<{ file: string }>('/v1/admin/backups', {})).body.file
  const first = await make()
  const at = String(w.clock.now() / 1e6)
  expect([await metric('newest'), await metric('verified')]).toEqual([at, at])
  w.clock.advance(HOUR)
  const side = (await make()).replace(/db$/, 'json')
  // A later check found it damaged.
  writeFileSync(side, readFileSync(side, 'utf8').replace(/"verified_at": "[^"]+"/, '"verified_at": null'))
  expect([await metric('newest'), await metric('verified')]).toEqual([String(w.clock.now() / 1e6), at])
  expect(existsSync(first)).toBe(true)
})
