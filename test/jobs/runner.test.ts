import { expect, test } from 'bun:test'
import { type Job, Runner } from '../../src/jobs'
import { interval } from '../../src/jobs/interval'
import { FakeClock, MINUTE, SECOND } from '../support/fake-clock'

/** A runner of one process, which holds every lease. */
function scene() {
  const clock = new FakeClock()
  const faults: string[] = []
  const runner = new Runner({
    leases: { lease: async () => true, release: async () => {} },
    clock,
    report: (fault, job) => faults.push(`${job}: ${(fault as Error).message}`),
  })
  runner.start()
  return { clock, faults, runner, [Symbol.asyncDispose]: () => runner.stop() }
}

/** A job that is always due. */
function always(name: string, run: Job['run']): Job {
  return { name, retry: { first: SECOND, longest: MINUTE }, wait: () => 0, run }
}

test('a job that fails is reported, waits twice as long after each failure, and delays no other job', async () => {
  await using s = scene()
  let tries = 0
  let others = 0
  s.runner.add(
    always('failing', async () => {
      tries++
      throw new Error('no luck')
    }),
  )
  s.runner.add(
    interval({
      name: 'other',
      every: SECOND,
      clock: s.clock,
      run: async () => {
        others++
      },
    }),
  )
  const seen: number[] = []
  for (let second = 0; second < 16; second++) {
    await s.runner.check()
    if (seen.length < tries) seen.push(second)
    s.clock.advance(SECOND)
  }
  expect(seen).toEqual([0, 1, 3, 7, 15])
  expect(s.faults).toEqual(seen.map(() => 'failing: no luck'))
  expect(others).toBe(15)
})

test('a job that succeeds starts with the shortest pause after its next failure', async () => {
  await using s = scene()
  const outcomes = ['bad', 'bad', 'good', 'bad', 'bad']
  const seen: number[] = []
  let due = true
  s.runner.add({
    ...always('changing', async () => {
      const outcome = outcomes[seen.length]
      seen.push(s.clock.steady() / SECOND)
      due = outcome === 'bad'
      if (outcome === 'bad') throw new Error('no luck')
    }),
    wait: () => (due ? 0 : undefined),
  })
  for (let second = 0; second < 10; second++) {
    await s.runner.check()
    due = seen.length < outcomes.length
    s.clock.advance(SECOND)
  }
  expect(seen).toEqual([0, 1, 3, 4, 5])
})

test('stopping ends running jobs, and then runs the jobs that must run at the end', async () => {
  const s = scene()
  const order: string[] = []
  const { promise: began, resolve: begin } = Promise.withResolvers<void>()
  s.runner.add(
    always('long', async (signal) => {
      begin()
      await new Promise((ended) => signal.addEventListener('abort', ended))
      order.push('long ended')
    }),
  )
  const flush = { name: 'flush', every: MINUTE, clock: s.clock, runsAtEnd: true }
  s.runner.add(interval({ ...flush, run: async () => void order.push('flushed') }))
  s.runner.add(interval({ ...flush, name: 'broken', run: () => Promise.reject(new Error('no disk')) }))
  await began
  await s.runner.stop()
  expect(order).toEqual(['long ended', 'flushed'])
  expect(s.faults).toEqual(['broken: no disk'])
  await s.runner.check()
  expect(order).toHaveLength(2)
})

test('a removed job is aborted and does not run again', async () => {
  await using s = scene()
  let runs = 0
  const { promise: began, resolve: begin } = Promise.withResolvers<void>()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const remove = s.runner.add(
    always('gone', async (signal) => {
      runs++
      begin()
      await new Promise((aborted) => signal.addEventListener('abort', aborted))
      end()
    }),
  )
  await began
  remove()
  await ended
  await s.runner.check()
  expect(runs).toBe(1)
})

test('a run ends when its lease is over, even if the database cannot be asked for it', async () => {
  const clock = new FakeClock()
  let asked = 0
  const runner = new Runner({
    leases: {
      lease: async () => {
        if (asked++ > 0) throw new Error('the database is away')
        return true
      },
      release: async () => {},
    },
    clock,
    report: () => {},
  })
  const began = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  runner.add({
    ...always('leased', async (signal) => {
      signal.addEventListener('abort', () => ended.resolve())
      began.resolve()
      await ended.promise
    }),
    lease: { seconds: 0.03, isGivenBack: true },
  })
  runner.start()
  await began.promise
  clock.advance(SECOND)
  await ended.promise
  await runner.stop()
})
