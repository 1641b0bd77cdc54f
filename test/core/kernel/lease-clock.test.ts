import { describe, expect, test } from 'bun:test'
import { LeaseClock } from '../../../src/core/kernel/lease-clock'
import { later, toMicros } from '../../../src/core/kernel/time'
import { DAWN, FakeClock, HOUR, SECOND } from '../../support/fake-clock'

const HOUR_MICROS = HOUR * 1000

function scene() {
  const clock = new FakeClock()
  return { clock, leases: new LeaseClock(clock) }
}

describe('the clock of leases', () => {
  test('it shows the calendar', () => {
    const { clock, leases } = scene()
    clock.advance(90 * SECOND)
    expect(leases.now()).toBe(clock.now())
    expect(leases.until(later(DAWN, 100_000_000))).toBe(10 * SECOND)
    expect(leases.jump).toBe(0)
  })

  test.each([HOUR_MICROS, -HOUR_MICROS, 365 * 24 * HOUR_MICROS])(
    'a calendar that is set by %d microseconds neither ends nor prolongs a lease',
    (by) => {
      const { clock, leases } = scene()
      clock.set(later(clock.now(), by))
      expect(leases.now()).toBe(DAWN)
      expect(leases.jump).toBe(by)
      clock.advance(30 * SECOND)
      expect(leases.now()).toBe(later(DAWN, 30_000_000))
      leases.follow(leases.jump)
      expect(leases.now()).toBe(clock.now())
      expect(leases.jump).toBe(0)
    },
  )

  test('a calendar that is set forth and back is followed again by itself', () => {
    const { clock, leases } = scene()
    clock.set(later(DAWN, HOUR_MICROS))
    expect(leases.jump).toBe(HOUR_MICROS)
    clock.set(DAWN)
    expect(leases.jump).toBe(0)
    expect(leases.now()).toBe(DAWN)
  })

  test('small corrections are followed, however many there are', () => {
    const { clock, leases } = scene()
    for (let i = 0; i < 10; i++) {
      clock.set(toMicros(clock.now() + 500_000))
      leases.now()
    }
    expect(leases.now()).toBe(later(DAWN, 5_000_000))
    expect(leases.jump).toBe(0)
  })
})
