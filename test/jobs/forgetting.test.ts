import { describe, expect, test } from 'bun:test'
import { settingRegistry } from '../../src/config'
import type { Settings } from '../../src/core/governance/settings'
import { Attempts } from '../../src/core/identity/attempts'
import { AppError } from '../../src/core/kernel/errors'
import { toMicros } from '../../src/core/kernel/time'
import { createCleanup } from '../../src/jobs/upkeep'
import { systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { loading } from '../config/loading'
import { makeAccount } from '../store/scene'
import { DAWN, DAY, FakeClock, HOUR, MINUTE } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'

const YEAR = 365 * DAY
using here = loading()
const settings = settingRegistry(here.load()).valuesWith(new Map())
const HASH = 'of a session'

/** A store with one session, which expires after two weeks, and the job that deletes it. */
async function scene() {
  const directory = fastDirectory()
  const clock = new FakeClock()
  const report = (fault: unknown) => {
    throw fault
  }
  const store = await openStore(
    { kind: 'sqlite', path: `${directory.path}/synapse.db` },
    {
      clock,
      secrets: systemSecrets,
      report,
    },
  )
  await store.transact(async (tx) => {
    const { id: accountId } = await makeAccount(tx, 'ann')
    const expiresAt = toMicros(DAWN + 14 * DAY * 1000)
    await tx.insertSession({ accountId, hash: HASH, expiresAt, ip: null, userAgent: null })
  })
  const live: Settings = { get: (name) => settings[name] }
  const attempts = new Attempts(store, live, clock)
  const forget = createCleanup({ store, attempts, settings: live, clock })
  return {
    clock,
    store,
    attempt: () =>
      attempts.count([{ key: 'somewhere', count: 1000 }], 300, () => new AppError('rate_limited', 'x', 'x')),
    /** The instant of the latest attempt up to an instant. */
    attempts: (upTo = toMicros(Number.MAX_SAFE_INTEGER)) =>
      store.transact((tx) => tx.nthAttempt('somewhere', { after: toMicros(0), upTo }, 1)),
    /** Lets time pass with a run every ten minutes, as on a server; returns whether the session still exists. */
    passes: async (milliseconds: number) => {
      for (let left = milliseconds; left > 0; left -= 10 * MINUTE) {
        clock.advance(Math.min(left, 10 * MINUTE))
        await forget()
      }
      return (await store.reads.session({ hash: HASH })) !== undefined
    },
    jumps: (milliseconds: number) => clock.set(toMicros(clock.now() + milliseconds * 1000)),
    [Symbol.asyncDispose]: async () => {
      await store.close()
      directory[Symbol.dispose]()
    },
  }
}

describe('an expired session', () => {
  test('an expired session is deleted more than a year later', async () => {
    await using s = await scene()
    s.clock.advance(14 * DAY + 399 * DAY)
    expect(await s.passes(2 * HOUR)).toBe(true)
    s.clock.advance(2 * DAY)
    expect(await s.passes(2 * HOUR)).toBe(false)
  })

  test('an expired session survives a clock that is a year ahead for any time', async () => {
    await using s = await scene()
    s.jumps(YEAR)
    expect(await s.passes(10 * DAY)).toBe(true)
    s.jumps(-YEAR)
    expect(await s.passes(DAY)).toBe(true)
  })

  test('an expired session survives a clock that is ten years ahead for less than an hour', async () => {
    await using s = await scene()
    expect(await s.passes(2 * HOUR)).toBe(true)
    s.jumps(10 * YEAR)
    expect(await s.passes(50 * MINUTE)).toBe(true)
    s.jumps(-10 * YEAR)
    expect(await s.passes(DAY)).toBe(true)
  })

  test('an expired session survives a start with a clock that is ten years ahead', async () => {
    await using s = await scene()
    s.jumps(10 * YEAR)
    expect(await s.passes(10 * MINUTE)).toBe(true)
    s.jumps(-10 * YEAR)
    expect(await s.passes(2 * HOUR)).toBe(true)
  })
})

test('sessions are scanned in pages, and expired ones are deleted from each', async () => {
  await using s = await scene()
  await s.store.transact(async (tx) => {
    const account = await tx.account({ handle: 'ann' })
    const session = { accountId: account?.id ?? 0, ip: null, userAgent: null }
    for (let i = 0; i < 1200; i++) {
      const days = i % 3 === 0 ? 1000 : 14
      await tx.insertSession({ ...session, hash: `${i}`, expiresAt: toMicros(DAWN + days * DAY * 1000) })
    }
  })
  s.clock.advance(500 * DAY)
  expect(await s.passes(2 * HOUR)).toBe(false)
  const left = await s.store.reads.listSessions(1, toMicros(0))
  expect(left.map(({ hash }) => Number(hash))).toEqual(Array.from({ length: 400 }, (_, i) => 3 * (399 - i)))
  const page = await s.store.transact((tx) => tx.forgetSessions(toMicros(0), { after: 0, limit: 300 }))
  expect(page).toBe(left.at(-300)?.id)
})

test('a retry key and its stored answer are deleted after a day, and not before', async () => {
  await using s = await scene()
  const key = { accountId: 1, key: 'k', requestHash: 'of a request' }
  await s.store.transact((tx) => tx.insertKeys([{ ...key, answer: 'sealed', subject: null }]))
  await s.passes(23 * HOUR)
  expect(await s.store.reads.usedKey(key)).toEqual({ requestHash: 'of a request', answer: 'sealed' })
  await s.passes(2 * HOUR)
  expect(await s.store.reads.usedKey(key)).toBeUndefined()
})

describe('a failed attempt', () => {
  test('a failed attempt is deleted two hours later', async () => {
    await using s = await scene()
    await s.attempt()
    await s.passes(HOUR)
    expect(await s.attempts()).toBeDefined()
    await s.passes(2 * HOUR)
    expect(await s.attempts()).toBeUndefined()
  })

  test('a failed attempt survives a clock that is a year ahead for less than an hour', async () => {
    await using s = await scene()
    await s.attempt()
    s.jumps(YEAR)
    await s.attempt()
    await s.passes(10 * MINUTE)
    s.jumps(-YEAR)
    await s.passes(10 * MINUTE)
    expect(await s.attempts(DAWN)).toBeDefined()
  })

  test('a failed attempt from a clock that was a year ahead is deleted once the clock is right', async () => {
    await using s = await scene()
    s.jumps(YEAR)
    for (let i = 0; i < 600; i++) await s.attempt()
    s.jumps(-YEAR)
    await s.attempt()
    await s.passes(3 * HOUR)
    expect(await s.attempts()).toBeUndefined()
  })
})

test('a consumer is forgotten after 30 days without use, except default', async () => {
  await using s = await scene()
  await s.store.transact(async (tx) => {
    for (const name of ['default', 'old']) await tx.setConsumer(1, { name, position: 1, updatedAt: tx.now() })
  })
  await s.passes(29 * DAY)
  await s.store.transact((tx) => tx.setConsumer(1, { name: 'used', position: 1, updatedAt: tx.now() }))
  const names = async () => (await s.store.reads.consumers(1)).map(({ name }) => name)
  expect(await names()).toEqual(['default', 'old', 'used'])
  await s.passes(2 * DAY)
  expect(await names()).toEqual(['default', 'used'])
})
