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

/** A store with a directory over it. Reads are counted, and can be held where they have their answer but not told it. */
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
    /** From now on reads wait for what this answers. */
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
  test('is made again until all it looks up is in memory, and what is there is not read twice', async () => {
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

  test('that refuses is not repeated', async () => {
    await using world = await scene()
    let rounds = 0
    const refused = world.directory.retryUntilLoaded(() => {
      rounds++
      throw new RangeError('no')
    })
    expect(await rejectionOf(refused)).toBeInstanceOf(RangeError)
    expect(rounds).toBe(1)
  })

  test('gives up when rights change faster than they can be read', async () => {
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
  test('is seen by the look-up after it', async () => {
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

  test('is followed by what was read before it', async () => {
    await using world = await scene()
    const { store, directory, asked, holdReads } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    const plans = await store.transact((tx) => makeChannel(tx, 'plans'))
    const release = holdReads()
    const answer = directory.retryUntilLoaded(() => directory.member(ann.id, plans.id) !== undefined)
    // The read has its answer, of a time when ann was no member; it hands it on after she joined.
    await store.transact((tx) => join(tx, ann, plans))
    release()
    expect(await answer).toBeTrue()
    expect(asked).toEqual(['membershipsOf'])
  })

  test('makes an answer worthless that was read before it and cannot follow it', async () => {
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

  test('lets a name exist that was looked up in vain', async () => {
    await using world = await scene()
    const { store, directory, asked } = world
    const find = () => directory.retryUntilLoaded(() => directory.accountByHandle('ann')?.handle)
    expect(await find()).toBeUndefined()
    expect(await find()).toBeUndefined()
    expect(asked).toEqual(['account'])
    await store.transact((tx) => makeAccount(tx, 'ann'))
    expect(await find()).toBe('ann')
  })

  test('is not made by a message, nor by an event about one: what is known is not read again', async () => {
    await using world = await scene()
    const { store, directory, asked } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    const plans = await store.transact((tx) => makeChannel(tx, 'plans'))
    const look = () => [directory.account(ann.id), directory.channelBySlug('plans')]
    await directory.retryUntilLoaded(look)
    const { version } = directory
    asked.length = 0
    const view = viewOf(await store.post(planOf({ sender: ann, channel: plans, body: 'hello' })))
    // The seq of a message may be the id of an account as well.
    const one = { ...view, message: { ...view.message, seq: ann.id } }
    await store.transact((tx) => tx.append(notedEvent(one, 'seen'), null))
    expect(look()).toEqual([ann, plans])
    expect(directory.version).toBe(version)
    expect(asked).toEqual([])
  })

  test('of a credential leaves accounts and channels as they are known', async () => {
    await using world = await scene()
    const { store, directory, asked } = world
    const ann = await store.transact((tx) => makeAccount(tx, 'ann'))
    await directory.retryUntilLoaded(() => directory.account(ann.id))
    await store.transact((tx) => tx.append(accountEvent('account.token_issued', ann, {}), null))
    expect(directory.account(ann.id)).toEqual(ann)
    expect(asked).toEqual(['account'])
  })
})

describe('a credential is forgotten', () => {
  test('when it is revoked, and its account when it is archived', async () => {
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

  test('when everything is cleared', async () => {
    await using world = await scene()
    const { store, directory, asked } = world
    await store.transact((tx) => makeAccount(tx, 'ann'))
    await directory.retryUntilLoaded(() => directory.accountByHandle('ann'))
    directory.clear()
    await directory.retryUntilLoaded(() => directory.accountByHandle('ann'))
    expect(asked).toEqual(['account', 'account'])
  })
})
