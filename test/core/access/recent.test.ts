import { expect, test } from 'bun:test'
import { Pins, RecentlyUsed } from '../../../src/core/access/recent'

const keysOf = (cache: RecentlyUsed<number, string>, upTo: number) =>
  Array.from({ length: upTo }, (_, i) => i).filter((key) => cache.has(key))

test('a cache beyond its bound drops the oldest entry', () => {
  const cache = new RecentlyUsed<number, string>(3, new Pins())
  for (let key = 0; key < 5; key++) cache.set(key, 'x')
  expect(keysOf(cache, 5)).toEqual([2, 3, 4])
})

test('entries added while the cache is pinned stay beyond its bound until the pin is released', () => {
  const pins = new Pins()
  const cache = new RecentlyUsed<number, string>(3, pins)
  for (let key = 0; key < 3; key++) cache.set(key, 'x')
  const pin = pins.hold()
  for (let key = 3; key < 10; key++) cache.set(key, 'x')
  expect(keysOf(cache, 10)).toEqual([3, 4, 5, 6, 7, 8, 9])
  const later = pins.hold()
  pin[Symbol.dispose]()
  cache.trim()
  expect(keysOf(cache, 10)).toEqual([7, 8, 9])
  later[Symbol.dispose]()
})

test('the bound applies to the total weight, also when an entry grows', () => {
  const values = new Map([
    [1, [1, 1]],
    [2, [1, 1]],
  ])
  const cache = new RecentlyUsed<number, number[]>(5, new Pins(), (value) => value.length)
  for (const [key, value] of values) cache.set(key, value)
  values.get(2)?.push(1, 1)
  cache.grow(2)
  cache.set(3, [1])
  expect([1, 2, 3].filter((key) => cache.has(key))).toEqual([2, 3])
  cache.delete(2)
  cache.set(4, [1, 1, 1, 1])
  expect([3, 4].filter((key) => cache.has(key))).toEqual([3, 4])
})
