// Finding the accounts of many user ids at once.
import { expect, test } from 'bun:test'
import type { Reads } from '../../src/core/kernel/ports'
import { Users } from '../../src/core/matrix/users'
import { makeAccount } from '../store/scene'
import { handMade, idOf } from './rooms-by-hand'

test('many user ids are looked up with a few statements, and found as each alone', async () => {
  await using hand = await handMade('sqlite', ['ada', 'bob'])
  // Nobody has asked about this account yet, so it has no user.
  await hand.store.transact((tx) => makeAccount(tx, 'new'))
  let asked = 0
  const counted = <Of extends object>(reads: Of): Of =>
    new Proxy(reads, {
      get(all, name, receiver) {
        const found: unknown = Reflect.get(all, name, receiver)
        if (typeof found !== 'function') return found
        return (...given: unknown[]) => {
          if (name === 'matrix') return counted(hand.core.reads.matrix())
          asked++
          return Reflect.apply(found, all, given)
        }
      },
    })
  const reads: Reads = counted(hand.core.reads)
  const users = new Users(hand.store, 'example.org')
  const absent = Array.from({ length: 2_000 }, (_, i) => idOf(`nobody${i}`))
  const ids = ['@ada:elsewhere.org', idOf('bob'), ...absent, idOf('new'), idOf('ada'), idOf('bob')]
  const found = await users.findAll(ids, reads)
  expect(found.map(({ handle }) => handle).sort()).toEqual(['ada', 'bob', 'new'])
  expect(asked).toBeLessThan(10)
  expect(await users.findAll([], reads)).toEqual([])
  for (const account of found) expect((await users.find(idOf(account.handle)))?.id).toBe(account.id)
})
