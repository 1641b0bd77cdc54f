import { expect, test } from 'bun:test'
import { toMicros } from '../../src/core/kernel/time'
import { aheadOrBehind, SharedClock } from '../../src/platform/shared-clock'
import { DAWN, FakeClock, HOUR, SECOND } from '../support/fake-clock'

const MILLISECOND = 1000

/** A machine, its shared clock, and the notices of the clock. */
function scene() {
  const machine = new FakeClock()
  const told: [number, boolean][] = []
  const clock = new SharedClock(machine, (ahead, isOff) => told.push([ahead, isOff]))
  /** Answers with the database’s time, as dawn plus the offset, after this delay. */
  const says = (later: number, took = 0) => clock.follow(toMicros(machine.now() + later), took)
  return { machine, clock, told, says }
}

test('a clock without a database is the clock of the machine', () => {
  const { clock, machine } = scene()
  expect([clock.now(), clock.aheadMs]).toEqual([DAWN, 0])
  machine.advance(5)
  expect([clock.now(), clock.steady()]).toEqual([toMicros(DAWN + 5 * MILLISECOND), 5])
})

test('the offset changes only when it is wrong by more than 100 ms', () => {
  const { clock, says } = scene()
  says(100 * MILLISECOND)
  expect(clock.now()).toBe(DAWN)
  says(101 * MILLISECOND)
  expect(clock.now()).toBe(toMicros(DAWN + 101 * MILLISECOND))
  says(10 * MILLISECOND)
  expect([clock.now(), clock.aheadMs]).toEqual([toMicros(DAWN + 101 * MILLISECOND), -101])
  says(0)
  expect(clock.now()).toBe(DAWN)
})

test('a slow answer is taken as uncertain by its delay', () => {
  const { clock, says } = scene()
  // Asked 4 s ago: the answer may be from any moment since then.
  says(0, 4000)
  expect(clock.now()).toBe(DAWN)
  says(-5000 * MILLISECOND, 4000)
  expect(clock.aheadMs).toBe(3000)
})

test('a wrong machine clock is reported once when it is off by more than 2 s, and once when it is right again', () => {
  const { machine, told, says } = scene()
  says(-1900 * MILLISECOND)
  expect(told).toEqual([])
  says(-2500 * MILLISECOND)
  says(-9000 * MILLISECOND)
  expect(told).toEqual([[2500, true]])
  machine.set(toMicros(DAWN + HOUR * MILLISECOND))
  says(0)
  expect(told).toEqual([
    [2500, true],
    [0, false],
  ])
})

test('the offset of a clock is described in words', () => {
  expect([3 * SECOND, -90 * SECOND, 62 * 60 * SECOND].map(aheadOrBehind)).toEqual([
    '3 s ahead',
    '90 s behind',
    '62 min ahead',
  ])
})
