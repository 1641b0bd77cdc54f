import { expect, test } from 'bun:test'
import { FailedLogins } from '../../../src/core/identity/failed-logins'
import { FakeClock, MINUTE } from '../../support/fake-clock'

test('failed sign-ins are recorded at a limited rate, together with the number of those left out', () => {
  const clock = new FakeClock()
  const failures = new FailedLogins(clock)
  let written = 0
  for (let i = 0; i < 1000; i++) if (failures.admit() !== undefined) written++
  expect(written).toBe(100)
  clock.advance(MINUTE)
  const answers = Array.from({ length: 12 }, () => failures.admit())
  expect(answers).toEqual([900, 0, 0, 0, 0, 0, 0, 0, 0, 0, undefined, undefined])
  clock.advance(MINUTE)
  expect(failures.admit()).toBe(2)
})
