// Finding the accounts of many user ids at once.
import { expect, test } from 'bun:test'
import type { Reads } from '../../src/core/kernel/ports'
import { DeviceKeys } from '../../src/core/matrix/account-data/device-keys'
import { Users } from '../../src/core/matrix/users'
import { makeAccount } from '../store/scene'
import { type HandMade, handMade, idOf } from './rooms-by-hand'

/** Reads that count what is asked of them. */
function counting({ core }: HandMade) {
  let asked = 0
  const counted = <Of extends object>(reads: Of): Of =>
    new Proxy(reads, {
      get(all, name, receiver) {
        const found: unknown = Reflect.get(all, name, receiver)
        if (typeof found !== 'function') return found
        return (...given: unknown[]) => {
          if (name === 'matrix') return counted(core.reads.matrix())
          asked++
          return Reflect.apply(found, all, given)
        }
      },
    })
  const reads: Reads = counted(core.reads)
  return { reads, asked: () => asked }
}

const absent = (count: number) => Array.from({ length: count }, (_, i) => idOf(`nobody${i}`))

test('many user ids are looked up with a few statements, and found as each alone', async () => {
  await using hand = await handMade('sqlite', ['ada', 'bob'])
  // A user is made when its account is first needed on Matrix: these accounts have none yet.
  await hand.store.transact(async (tx) => {
    for (let i = 0; i < 10; i++) await makeAccount(tx, `new${i}`)
  })
  const { reads, asked } = counting(hand)
  const users = new Users(hand.store, 'example.org')
  const fresh = Array.from({ length: 10 }, (_, i) => idOf(`new${i}`))
  const ids = ['@ada:elsewhere.org', idOf('bob'), ...absent(2_000), ...fresh, idOf('ada'), idOf('bob')]
  const found = await users.findAll(ids, reads)
  expect(found.map(idOfAccount).sort()).toEqual([idOf('ada'), idOf('bob'), ...fresh])
  expect(asked()).toBeLessThan(10)
  expect(await users.findAll([], reads)).toEqual([])
  for (const account of found) expect((await users.find(idOfAccount(account)))?.id).toBe(account.id)
})

test('the keys of many users are shown with a few statements', async () => {
  await using hand = await handMade('sqlite', ['ada', 'bob'])
  const { reads, asked } = counting(hand)
  const store = { ...hand.store, reads, transact: hand.store.transact.bind(hand.store) }
  const keys = new DeviceKeys({ core: hand.core, store }, new Users(store, 'example.org'))
  const ids = [idOf('ada'), ...absent(900), '@x:elsewhere.org']
  const { device_keys, failures } = await keys.query(Object.fromEntries(ids.map((id) => [id, []])))
  expect(device_keys as object).toEqual(Object.fromEntries(ids.slice(0, -1).map((id) => [id, {}])))
  expect(failures as object).toEqual({ 'elsewhere.org': {} })
  expect(asked()).toBeLessThan(10)
})

function idOfAccount({ handle }: { readonly handle: string }): string {
  return idOf(handle)
}
