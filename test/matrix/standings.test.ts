// The users that are locked or suspended, as a process knows them.
import { expect, test } from 'bun:test'
import { accountEvent } from '../../src/core/log/events'
import { Standings } from '../../src/core/matrix/standings'
import { handMade } from './rooms-by-hand'

test('a user is locked also if that could not be read at first', async () => {
  await using hand = await handMade('sqlite', ['ada'])
  const { store } = hand
  const { account } = hand.actor('ada')
  let isBroken = false
  const reads = new Proxy(store.reads, {
    get(all, name, receiver) {
      if (name === 'matrix' && isBroken) throw new Error('the database is not there')
      const found: unknown = Reflect.get(all, name, receiver)
      return typeof found === 'function' ? found.bind(all) : found
    },
  })
  const faults: unknown[] = []
  const locked: number[] = []
  const standings = new Standings({ reads, onCommit: (listener) => store.onCommit(listener) }, (fault) =>
    faults.push(fault),
  )
  await standings.open((id) => locked.push(id))
  await standings.refuseLocked(account)
  isBroken = true
  await store.transact(async (tx) => {
    await tx.matrix().updateUser(account.id, { locked: true })
    await tx.append(accountEvent('account.updated', account, { changed: ['locked'] }), null)
  })
  await standings.refuseLocked(account)
  expect(faults.length).toBeGreaterThan(0)
  isBroken = false
  const refusal = await standings.refuseLocked(account).catch((error) => error)
  expect(refusal.reason).toBe('m_user_locked')
  expect(locked).toEqual([account.id])
})
