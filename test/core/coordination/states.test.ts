import { describe, expect, test } from 'bun:test'
import {
  fingerprintOf,
  isPresent,
  type Observed,
  presenceAt,
  type ShownState,
} from '../../../src/core/coordination/states'
import type { PresenceLease, PresenceState } from '../../../src/core/kernel/coordination-ports'
import type { Account, Residency } from '../../../src/core/kernel/entities'
import type { Uuid } from '../../../src/core/kernel/ids'
import { later, MICROS_PER_DAY, MICROS_PER_SECOND, type Micros } from '../../../src/core/kernel/time'
import { DAWN } from '../../support/fake-clock'

const at = (seconds: number): Micros => later(DAWN, seconds * MICROS_PER_SECOND)
const account = (residency: Residency = 'continuous'): Account => ({
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
  residency,
  createdAt: DAWN,
  archivedAt: null,
  erasedAt: null,
})
const unseen: Observed = { hasStream: false, lastReadAt: null, readInterval: null, lastSeenAt: null }
const lease = (instance: string, state: PresenceState, seconds = 120): PresenceLease => ({
  accountId: 1,
  instance,
  state,
  note: `note of ${instance}`,
  since: at(0),
  expiresAt: at(seconds),
})
const stateOf = (leases: readonly PresenceLease[], observed: Partial<Observed> = {}, now = at(1)) =>
  presenceAt(now, account(), leases, { ...unseen, ...observed }).state

describe('the state of an account', () => {
  test('the lease that counts is the first of blocked, waiting, working, idle, and is shown first', () => {
    const all = [lease('a', 'idle'), lease('b', 'working'), lease('c', 'waiting'), lease('d', 'blocked')]
    const presence = presenceAt(at(1), account(), all, unseen)
    expect(presence).toMatchObject({ state: 'blocked', note: 'note of d', since: at(0), expiresAt: at(120) })
    expect(presence.instances.map(({ instance }) => instance)).toEqual(['d', 'c', 'b', 'a'])
    expect(stateOf(all.slice(0, 2))).toBe('working')
  })

  test('a lease counts until it expires, and not at that moment', () => {
    expect(stateOf([lease('a', 'working', 10)], {}, at(9))).toBe('working')
    expect(stateOf([lease('a', 'working', 10)], {}, at(10))).toBe('offline')
  })

  test('a lease counts more than what was observed', () => {
    expect(stateOf([lease('a', 'working')], { hasStream: true })).toBe('working')
  })

  const habits: [interval: number | null, ago: number, state: ShownState][] = [
    [null, 59, 'idle'],
    [null, 60, 'offline'],
    [5, 59, 'idle'],
    [30, 89, 'idle'],
    [30, 90, 'offline'],
  ]
  test.each(habits)(
    'with a usual interval of %p s, an account that read %d s ago is %s',
    (readInterval, ago, state) => {
      expect(stateOf([], { lastReadAt: at(0), readInterval }, at(ago))).toBe(state)
    },
  )

  test('an episodic account is called so for a day after it was seen', () => {
    const day = MICROS_PER_DAY / MICROS_PER_SECOND
    const state = (seconds: number, residency: Residency = 'episodic') =>
      presenceAt(at(seconds), account(residency), [], { ...unseen, lastSeenAt: at(0) }).state
    expect([state(day - 1), state(day), state(1, 'continuous')]).toEqual(['episodic', 'offline', 'offline'])
  })

  test('an archived account is offline', () => {
    const gone = { ...account(), archivedAt: at(0) }
    expect(presenceAt(at(1), gone, [], { ...unseen, hasStream: true }).state).toBe('offline')
  })

  test('idle accounts are present, episodic and offline ones are not', () => {
    expect(isPresent(presenceAt(at(1), account(), [], { ...unseen, hasStream: true }))).toBe(true)
    expect(isPresent(presenceAt(at(1), account(), [], unseen))).toBe(false)
    expect(isPresent(presenceAt(at(1), account('episodic'), [], { ...unseen, lastSeenAt: at(0) }))).toBe(
      false,
    )
  })

  test('a changed state, note or stream is announced, a renewal or a read alone is not', () => {
    const fingerprint = (one: PresenceLease, observed: Partial<Observed> = {}) =>
      fingerprintOf(presenceAt(at(1), account(), [one], { ...unseen, ...observed }))
    const plain = fingerprint(lease('a', 'working'))
    expect(fingerprint(lease('a', 'working', 600))).toBe(plain)
    expect(fingerprint(lease('a', 'working'), { lastReadAt: at(1) })).toBe(plain)
    expect(fingerprint(lease('a', 'waiting'))).not.toBe(plain)
    expect(fingerprint({ ...lease('a', 'working'), note: null })).not.toBe(plain)
    expect(fingerprint(lease('a', 'working'), { hasStream: true })).not.toBe(plain)
  })
})
