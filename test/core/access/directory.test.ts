import { describe, expect, test } from 'bun:test'
import { Directory } from '../../../src/core/access/directory'
import type { Reads } from '../../../src/core/kernel/ports'
import { later } from '../../../src/core/kernel/time'
import { Pace } from '../../../src/core/kernel/turns'
import { accountEvent, channelEvent } from '../../../src/core/log/events'
import { systemTurns } from '../../../src/platform'
import { rejectionOf } from '../../home/temporary'
import { openEngine } from '../../store/engines'
import { join, makeAccount, makeChannel, planOf, viewOf } from '../../store/scene'
import { catalogueWithNotes, notedEvent } from '../../support/noted'

/** A store with a directory over it. Reads are counted, and can be held back after the store has answered them. */
async function scene() {
  const engine = await openEngine('sqlite', catalogueWithNotes)
  const { store } = engine
  const asked: string[] = []
  let hold: Promise<void> | undefined
  const reads = new Proxy(store.reads, {
    get: (target, name: keyof Reads) => {
      const query = target[name] as (...args: unknown[]) => Promise<unknown>
      return async (...args: unknown[]) => {
        asked.push(name)
        const answer = await query(...args)
        await hold
        return answer
      }
    },
  })
  const directory = new Directory(
    catalogueWithNotes,
    reads,
    new Pace(systemTurns, engine.clock, console.error),
  )
  store.onCommit((events) => {
    for (const event of events) directory.apply(event)
  })
  return {
    store,
    directory,
    asked,
    /** From now on the result of a read waits for this promise. */
    holdReads: () => {
      const held = Promise.withResolvers<void>()
      hold = held.promise
      return () => {
        hold = undefined
        held.resolve()
      }
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

describe('a judgement', () => {
  test('a judgement runs again until everything it looks up is in memory, and reads nothing twice', async () => {
    await using world = await scene()
    const { store, directory, asked } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    await store.transact((tx) => makeChannel(tx, 'plans'))
    const judge = () => [directory.accountByHandle('ann')?.id, directory.channelBySlug('plans')?.slug]
    expect(await directory.retryUntilLoaded(judge)).toEqual([ann.id, 'plans'])
    expect(asked).toEqual(['account', 'channel'])
    expect(await directory.retryUntilLoaded(judge)).toEqual([ann.id, 'plans'])
    expect(judge()).toEqual([ann.id, 'plans'])
    expect(asked).toEqual(['account', 'channel'])
  })

  test('a judgement that refuses is not repeated', async () => {
    await using world = await scene()
    let rounds = 0
    const refused = world.directory.retryUntilLoaded(() => {
      rounds++
      throw new RangeError('no')
    })
    expect(await rejectionOf(refused)).toBeInstanceOf(RangeError)
    expect(rounds).toBe(1)
  })

  test('a judgement fails when rights change faster than they can be read', async () => {
    await using world = await scene()
    const { store, directory } = world
    const channel = await store.transact((tx) => makeChannel(tx, 'plans'))
    const restless = directory.retryUntilLoaded(async () => {
      directory.apply({
        ...channelEvent('channel.updated', channel),
        seq: 1,
        at: later(channel.createdAt, 1),
        actor: null,
      })
      return directory.channelBySlug('plans')
    })
    expect(await rejectionOf(restless)).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('Rights changed 64 times'),
    })
  })
})

describe('a change of rights', () => {
  test('a look-up sees every change before it', async () => {
    await using world = await scene()
    const { store, directory } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    const plans = await store.transact((tx) => makeChannel(tx, 'plans'))
    const isMember = () => directory.retryUntilLoaded(() => directory.member(ann.id, plans.id) !== undefined)
    expect(await isMember()).toBeFalse()
    await store.transact((tx) => join(tx, ann, plans))
    expect(await isMember()).toBeTrue()
    expect(await directory.retryUntilLoaded(() => directory.channelsOf(ann.id).keys())).toEqual([plans.id])
  })

  test('a change of membership is applied to the result of an earlier read', async () => {
    await using world = await scene()
    const { store, directory, asked, holdReads } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    const plans = await store.transact((tx) => makeChannel(tx, 'plans'))
    const release = holdReads()
    const answer = directory.retryUntilLoaded(() => directory.member(ann.id, plans.id) !== undefined)
    // The read was answered while ann was not a member, and its result arrives after she joined.
    await store.transact((tx) => join(tx, ann, plans))
    release()
    expect(await answer).toBeTrue()
    expect(asked).toEqual(['membershipsOf'])
  })

  test('the result of a read is discarded when a later change cannot be applied to it', async () => {
    await using world = await scene()
    const { store, directory, asked, holdReads } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    const release = holdReads()
    const name = directory.retryUntilLoaded(() => directory.account(ann.id).displayName)
    await store.transact(async (tx) => {
      const renamed = await tx.updateAccount(ann.id, { displayName: 'Ann' })
      await tx.append(accountEvent('account.updated', renamed), null)
    })
    release()
    expect(await name).toBe('Ann')
    expect(asked).toEqual(['account', 'account'])
  })

  test('a handle that was not found is looked up again once an account is created', async () => {
    await using world = await scene()
    const { store, directory, asked } = world
    const find = () => directory.retryUntilLoaded(() => directory.accountByHandle('ann')?.handle)
    expect(await find()).toBeUndefined()
    expect(await find()).toBeUndefined()
    expect(asked).toEqual(['account'])
    await store.transact((tx) => makeAccount(tx, 'ann'))
    expect(await find()).toBe('ann')
  })

  test('a message, or an event about one, discards nothing from memory', async () => {
    await using world = await scene()
    const { store, directory, asked } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    const plans = await store.transact((tx) => makeChannel(tx, 'plans'))
    const look = () => [directory.account(ann.id), directory.channelBySlug('plans')]
    await directory.retryUntilLoaded(look)
    const { version } = directory
    asked.length = 0
    const view = viewOf(await store.post(planOf({ sender: ann, channel: plans, body: 'hello' })))
    // The seq of a message can be the id of an account as well.
    const one = { ...view, message: { ...view.message, seq: ann.id } }
    await store.transact((tx) => tx.append(notedEvent(one, 'seen'), null))
    expect(look()).toEqual([ann, plans])
    expect(directory.version).toBe(version)
    expect(asked).toEqual([])
  })

  test('a change of a credential keeps accounts and channels in memory', async () => {
    await using world = await scene()
    const { store, directory, asked } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    await directory.retryUntilLoaded(() => directory.account(ann.id))
    await store.transact((tx) => tx.append(accountEvent('account.token_issued', ann, {}), null))
    expect(directory.account(ann.id)).toEqual(ann)
    expect(asked).toEqual(['account'])
  })
})

describe('invalidation', () => {
  test('a revoked token and an archived account are read again', async () => {
    await using world = await scene()
    const { store, directory } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    const token = await store.transact((tx) =>
      tx.insertToken({ accountId: ann.id, hash: 'h', name: null, scopes: [], expiresAt: null }),
    )
    const look = () => directory.retryUntilLoaded(() => directory.tokenByHash('h')?.revokedAt)
    expect(await look()).toBeNull()
    await store.transact(async (tx) => {
      await tx.revokeToken(token.id)
      await tx.append(accountEvent('account.token_revoked', ann, { token_id: token.uuid }), null)
    })
    expect(await look()).toBeNumber()
    const archivedAt = () => directory.retryUntilLoaded(() => directory.account(ann.id).archivedAt)
    expect(await archivedAt()).toBeNull()
    await store.transact(async (tx) => {
      const archived = await tx.updateAccount(ann.id, { archivedAt: tx.now() })
      await tx.append(accountEvent('account.archived', archived), null)
    })
    expect(await archivedAt()).toBeNumber()
  })

  test('clearing the directory makes it read everything again', async () => {
    await using world = await scene()
    const { store, directory, asked } = world
    await store.transact((tx) => makeAccount(tx, 'ann'))
    await directory.retryUntilLoaded(() => directory.accountByHandle('ann'))
    directory.clear()
    await directory.retryUntilLoaded(() => directory.accountByHandle('ann'))
    expect(asked).toEqual(['account', 'account'])
  })
})
