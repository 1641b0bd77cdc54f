import { expect, test } from 'bun:test'
import { Rests } from '../../../src/core/log/rests'
import { FakeClock, SECOND } from '../../support/fake-clock'

function scene() {
  const clock = new FakeClock()
  const rests = new Rests<string>(SECOND, clock)
  const woken: (number | undefined)[] = []
  rests.onWaiting(() => woken.push(rests.untilNext))
  return { clock, rests, woken }
}

test('the first of a key passes, and later ones wait as one until the rest is over', () => {
  const { clock, rests, woken } = scene()
  expect(rests.pass('a', 'first')).toBeTrue()
  clock.advance(400)
  expect(rests.pass('a', 'second')).toBeFalse()
  expect(rests.pass('a', 'third')).toBeFalse()
  expect(woken).toEqual([600])
  clock.advance(599)
  expect(rests.take()).toEqual([])
  clock.advance(1)
  expect(rests.untilNext).toBe(0)
  expect(rests.take()).toEqual(['second'])
  expect(rests.untilNext).toBeUndefined()
  // What was taken begins a rest of its own.
  expect(rests.pass('a', 'fourth')).toBeFalse()
  clock.advance(SECOND)
  expect(rests.take()).toEqual(['fourth'])
})

test('keys rest on their own, and the one that is due first wakes', () => {
  const { clock, rests, woken } = scene()
  rests.pass('early', 'x')
  clock.advance(500)
  rests.pass('late', 'x')
  clock.advance(100)
  rests.pass('late', 'late')
  expect(rests.untilNext).toBe(900)
  rests.pass('early', 'early')
  expect(rests.untilNext).toBe(400)
  expect(woken).toEqual([900, 400])
  clock.advance(400)
  expect(rests.take()).toEqual(['early'])
  expect(rests.untilNext).toBe(500)
})

test('a key that has rested passes again', () => {
  const { clock, rests } = scene()
  rests.pass('a', 'x')
  clock.advance(SECOND)
  expect(rests.pass('a', 'x')).toBeTrue()
})
