import { describe, expect, test } from 'bun:test'
import { Expiries, type Expiring } from '../../src/core/coordination/expiring'
import { LeaseClock } from '../../src/core/kernel/lease-clock'
import { later, MICROS_PER_SECOND } from '../../src/core/kernel/time'
import { leaseJobs } from '../../src/jobs/leases'
import { systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { rejectionOf } from '../home/temporary'
import { makeAccount } from '../store/scene'
import { DAWN, FakeClock, HOUR, SECOND } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'

const HOUR_MICROS = HOUR * 1000

/** A store with a lease of a minute, and a kind of lease that cannot be moved at first. */
async function scene() {
  const directory = fastDirectory()
  const clock = new FakeClock()
  const store = await openStore(
    { kind: 'sqlite', path: `${directory.path}/synapse.db` },
    {
      clock,
      secrets: systemSecrets,
      report: (fault) => {
        throw fault
      },
    },
  )
  const accountId = await store.transact(async (tx) => {
    const { id } = await makeAccount(tx, 'ann')
    const expiresAt = later(DAWN, 60 * MICROS_PER_SECOND)
    await tx.putPresence({ accountId: id, instance: 'a', state: 'idle', note: null, since: DAWN, expiresAt })
    return id
  })
  const fault = new Error('the disk is away')
  let isBroken = true
  const none: Pick<Expiring, 'next' | 'announceExpired'> = {
    next: async () => null,
    announceExpired: async () => 0,
  }
  const expiries = new Expiries()
  expiries.add({ ...none, shift: (tx, micros) => tx.shiftPresence(micros) })
  expiries.add({
    ...none,
    shift: async () => {
      if (isBroken) throw fault
    },
  })
  const leaseClock = new LeaseClock(clock)
  const jobs = leaseJobs({
    store,
    expiries,
    leaseClock,
    clock,
    presences: { shareStreams: async () => {} },
    presenceFrames: { onChanged: () => {}, untilNext: undefined, announceDue: async () => {} },
    readsSeen: { flush: async () => {} },
    isShared: false,
    wake: () => {},
  })
  const run = async () =>
    jobs.find(({ name }) => name === 'lease-calendar')?.run(new AbortController().signal)
  return {
    clock,
    run,
    fault,
    mend: () => {
      isBroken = false
    },
    /** Microseconds that are left of the lease. */
    left: async () => {
      const [lease] = await store.reads.presenceOf([accountId])
      return (lease?.expiresAt ?? 0) - leaseClock.now()
    },
    [Symbol.asyncDispose]: async () => {
      await store.close()
      directory[Symbol.dispose]()
    },
  }
}

describe('a calendar that is set', () => {
  test.each([HOUR_MICROS, -HOUR_MICROS])(
    'by %d microseconds: a failure moves no lease, and the next run moves all of them once',
    async (by) => {
      await using s = await scene()
      s.clock.set(later(DAWN, by))
      s.clock.advance(10 * SECOND)
      const left = 50 * MICROS_PER_SECOND
      expect(await rejectionOf(s.run())).toBe(s.fault)
      expect(await s.left()).toBe(left)
      s.mend()
      await s.run()
      expect(await s.left()).toBe(left)
      await s.run()
      expect(await s.left()).toBe(left)
    },
  )
})
