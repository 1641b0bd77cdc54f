import { describe, expect, test } from 'bun:test'
import { PresenceFrames } from '../../../src/core/coordination/presence-frames'
import type { ShownPresence } from '../../../src/core/coordination/presence-view'
import { presenceAt } from '../../../src/core/coordination/states'
import type { PresenceLease } from '../../../src/core/kernel/coordination-ports'
import type { Account } from '../../../src/core/kernel/entities'
import type { Uuid } from '../../../src/core/kernel/ids'
import { LeaseClock } from '../../../src/core/kernel/lease-clock'
import { later, MICROS_PER_SECOND } from '../../../src/core/kernel/time'
import { rejectionOf } from '../../home/temporary'
import { DAWN, FakeClock, SECOND } from '../../support/fake-clock'

const ann: Account = {
  id: 1,
  uuid: '0190f6a1-0000-7000-8000-000000000001' as Uuid,
  kind: 'agent',
  handle: 'ann',
  displayName: 'Ann',
  email: null,
  hasPassword: false,
  isAdmin: false,
  chainLimit: null,
  about: '',
  capabilities: [],
  residency: 'continuous',
  createdAt: DAWN,
  archivedAt: null,
  erasedAt: null,
}
const working: PresenceLease = {
  accountId: ann.id,
  instance: 'a',
  state: 'working',
  note: null,
  since: DAWN,
  expiresAt: later(DAWN, 3600 * MICROS_PER_SECOND),
}
const unseen = { hasStream: false, lastReadAt: null, readInterval: null, lastSeenAt: null }

/** The frames of one account, over a store that a test can break. */
function scene() {
  const clock = new FakeClock()
  const store = { leases: [] as PresenceLease[], fault: undefined as Error | undefined }
  const sent: string[] = []
  const ofOne = async (account: Account): Promise<ShownPresence> => {
    if (store.fault) throw store.fault
    return { ...presenceAt(clock.now(), account, store.leases, unseen), webhook: 'off' }
  }
  const presenceFrames = new PresenceFrames({
    view: { ofOne },
    directory: { account: () => ann, retryUntilLoaded: async (work) => work() },
    frames: { source: () => {}, announce: (type) => sent.push(type) },
    clock: new LeaseClock(clock),
    steady: clock,
  })
  return { clock, store, sent, presenceFrames }
}

describe('frames of presence', () => {
  test('a change whose presence could not be read is announced by the next run', async () => {
    const { store, sent, presenceFrames } = scene()
    await presenceFrames.learn(ann)
    store.leases = [working]
    presenceFrames.changed(ann.id)
    store.fault = new Error('the store is away')
    expect(await rejectionOf(presenceFrames.announceDue())).toBe(store.fault)
    expect(presenceFrames.untilNext).toBe(0)
    store.fault = undefined
    await presenceFrames.announceDue()
    expect(sent).toEqual(['presence.online'])
    expect(presenceFrames.untilNext).toBeUndefined()
  })

  test('the second frame about an account is due a second after the first', async () => {
    const { clock, store, sent, presenceFrames } = scene()
    await presenceFrames.learn(ann)
    store.leases = [working]
    presenceFrames.changed(ann.id)
    await presenceFrames.announceDue()
    store.leases = [{ ...working, state: 'blocked' }]
    presenceFrames.changed(ann.id)
    expect(presenceFrames.untilNext).toBe(SECOND)
    clock.advance(SECOND - 1)
    await presenceFrames.announceDue()
    expect(sent).toEqual(['presence.online'])
    clock.advance(1)
    await presenceFrames.announceDue()
    expect(sent).toEqual(['presence.online', 'presence.updated'])
  })

  test('the end of the last lease of an account that was never read is announced', async () => {
    const { sent, presenceFrames } = scene()
    presenceFrames.leaseEnded(ann.id)
    await presenceFrames.announceDue()
    expect(sent).toEqual(['presence.offline'])
  })
})
