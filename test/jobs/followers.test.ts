import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import type { Projection } from '../../src/core/kernel/followers'
import { type LogEvent, subjectAccount } from '../../src/core/log/events'
import { systemSecrets } from '../../src/platform'
import { type OpenStore, openStore } from '../../src/store'
import { startChild } from '../home/child'
import { rejectionOf } from '../home/temporary'
import { type Engine, type EngineName, engines, openEngine } from '../store/engines'
import { annAndHerRooms, makeAccount, post } from '../store/scene'
import { databaseOn } from '../support/database'
import { SECOND } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'
import { postgresMissing } from '../support/postgres'
import { act, following } from './following'

setDefaultTimeout(120_000)

/** `before` runs before the process follows the log: of what it commits itself, it needs no record. */
async function scene(name: EngineName, before: (engine: Engine) => Promise<void> = async () => {}) {
  const engine = await openEngine(name)
  await before(engine)
  const here = await following(engine.store, engine.clock)
  return {
    ...engine,
    ...here,
    store: engine.store,
    /** The rows of the outbox for an endpoint. */
    rows: (endpoint: string) => engine.store.reads.outbox(endpoint, 10_000),
    position: () => engine.store.reads.projectionPosition('copy'),
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
    },
  }
}

/** A projection that adds every event to the outbox of the endpoint `copied`, which is never delivered. */
function copying(hear: (events: readonly LogEvent[]) => void = () => {}): Projection {
  return {
    name: 'copy',
    apply: async (tx, events) => {
      for (const { seq } of events) await tx.enqueue('copied', seq)
      hear(events)
    },
  }
}

const seqsTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

describe.each(engines)('outbox and projections on %s', (name) => {
  test('a projection applies the whole log once and in order, page by page, and a commit wakes it', async () => {
    await using s = await scene(name)
    await s.store.transact(async (tx) => {
      for (let i = 0; i < 250; i++) await makeAccount(tx, `agent-${i}`)
    })
    const pages: number[] = []
    const heard: number[] = []
    let woken = Promise.withResolvers<void>()
    s.followers.project(
      copying((events) => {
        pages.push(events.length)
        heard.push(...events.map(({ seq }) => seq))
        if (heard.length >= 250) woken.resolve()
      }),
    )
    await woken.promise
    await s.runner.check()
    expect(pages).toEqual([100, 100, 50])
    expect([...s.followers.lags()]).toEqual([['copy', 0]])
    woken = Promise.withResolvers()
    await act(s.store, 'later')
    await woken.promise
    await s.runner.check()
    expect(heard).toEqual(seqsTo(251))
    expect(await s.rows('copied')).toEqual(seqsTo(251))
    expect(await s.position()).toBe(251)
    expect(s.faults).toEqual([])
  })

  test('events that do not concern a projection move its position without a transaction of their own', async () => {
    await using s = await scene(name)
    const heard: number[] = []
    const projection = copying((events) => heard.push(...events.map(({ seq }) => seq)))
    s.followers.project({ ...projection, concerns: ({ seq }) => seq % 400 === 0 })
    await s.runner.check()
    // One transaction for all of them could last too long on a busy machine.
    const events = async (count: number) => {
      for (let done = 0; done < count; done += 50)
        await s.store.transact(async (tx) => {
          for (let i = 0; i < 50; i++) await makeAccount(tx, `agent-${await tx.head()}-${i}`)
        })
    }
    await events(300)
    await s.runner.check()
    expect([heard, await s.position(), s.followers.lags().get('copy')]).toEqual([[], 0, 0])
    // One that concerns it stores the position behind its page.
    await events(200)
    await s.runner.check()
    expect(heard).toEqual([400])
    expect(await s.position()).toBe(400)
    expect(await s.rows('copied')).toEqual([400])
    expect(s.faults).toEqual([])
  })

  test('the position of a projection that nothing concerns is stored every thousand events', async () => {
    await using s = await scene(name)
    s.followers.project({ ...copying(), concerns: () => false })
    for (let i = 0; i < 11; i++)
      await s.store.transact(async (tx) => {
        for (let k = 0; k < 100; k++) await makeAccount(tx, `agent-${i}-${k}`)
      })
    await s.runner.check()
    expect(await s.position()).toBe(1000)
    expect(s.followers.lags().get('copy')).toBe(0)
    expect(await s.rows('copied')).toEqual([])
  })

  test('a projection that rests takes a twentieth of the time while many events arrive, and half of it afterwards', async () => {
    await using s = await scene(name)
    const pages: number[] = []
    const projection = copying((events) => {
      pages.push(events.length)
      s.clock.advance(10)
    })
    s.followers.project({ ...projection, restMs: 500 })
    await s.runner.check()
    await s.store.transact(async (tx) => {
      for (let i = 0; i < 250; i++) await makeAccount(tx, `agent-${i}`)
    })
    const after = async (milliseconds: number) => {
      s.clock.advance(milliseconds)
      await s.runner.check()
      return [...pages]
    }
    expect(await after(0)).toEqual([20])
    expect(await after(189)).toEqual([20])
    expect(s.followers.lags().get('copy')).toBe(230)
    expect(await after(1)).toEqual([20, 100])
    expect(await after(9)).toEqual([20, 100])
    expect(await after(1)).toEqual([20, 100, 100])
    expect(await after(499)).toEqual([20, 100, 100])
    expect(await after(1)).toEqual([20, 100, 100, 30])
    expect(await s.rows('copied')).toEqual(seqsTo(250))
  })

  test('a page of a projection has room for one long message, or for many short ones', async () => {
    await using s = await scene(name)
    const { ann, plans } = await annAndHerRooms(s.store)
    const lengths = [...Array(20).fill(10), 16_000, 16_000, 4_000, 10, ...Array(120).fill(10)]
    for (const length of lengths)
      await post(s.store, { sender: ann, channel: plans, body: '語'.repeat(length) })
    const pages: number[] = []
    s.followers.project(copying((events) => pages.push(events.length)))
    await s.runner.check()
    // Five events are not messages. After a page that was cut, the next ones grow again.
    expect(pages).toEqual([5 + 20 + 1, 2, 2, 4, 8, 16, 32, 59])
    expect(await s.rows('copied')).toEqual(seqsTo(5 + lengths.length))
  })

  test('a projection writes and advances in one transaction, and after a failure it retries with a pause', async () => {
    await using s = await scene(name)
    for (const handle of ['ann', 'bob']) await act(s.store, handle)
    let fails = true
    let tries = 0
    s.followers.project(
      copying(() => {
        tries++
        if (fails) throw new Error('no luck')
      }),
    )
    await s.runner.check()
    expect([await s.rows('copied'), await s.position(), s.faults]).toEqual([[], 0, ['no luck']])
    fails = false
    const before = tries
    await s.runner.check()
    expect(tries).toBe(before)
    s.clock.advance(SECOND)
    await s.runner.check()
    expect([await s.rows('copied'), await s.position(), s.faults]).toEqual([[1, 2], 2, ['no luck']])
  })

  test('events that are unknown or unreadable are reported and skipped', async () => {
    await using s = await scene(name, async ({ store, sql }) => {
      for (const handle of ['ann', 'bob', 'eve', 'joe', 'kim', 'lou']) await act(store, handle)
      await sql("UPDATE events SET type = 'future.thing' WHERE seq = 2")
      // Postgres itself refuses invalid JSON.
      if (name === 'sqlite') await sql("UPDATE events SET data = '{' WHERE seq = 5")
    })
    s.followers.project(copying())
    await s.store.transact((tx) => tx.enqueue('hook', 2))
    const delivered: number[] = []
    s.followers.deliverTo({ name: 'hook', deliver: async ({ seq }) => void delivered.push(seq) })
    await s.runner.check()
    await s.runner.check()
    const unread = name === 'sqlite' ? [5] : []
    expect(await s.rows('copied')).toEqual([1, 2, 3, 4, 5, 6].filter((seq) => ![2, ...unread].includes(seq)))
    expect(await s.position()).toBe(6)
    expect([delivered, await s.rows('hook')]).toEqual([[], []])
    expect(s.faults.toSorted()).toEqual([
      'event 2 of the log is of an unknown type: endpoint:hook skips it',
      'event 2 of the log is of an unknown type: projection:copy skips it',
      ...unread.map((seq) => `event ${seq} of the log cannot be read: projection:copy skips it`),
    ])
  })

  test('an endpoint gets its events once and in order after the commit, and none of a failed transaction', async () => {
    await using s = await scene(name)
    const delivered: string[] = []
    const heard = Promise.withResolvers<void>()
    s.followers.deliverTo({
      name: 'hook',
      deliver: async (event) => {
        const account = subjectAccount(event)
        delivered.push(account?.handle ?? '')
        if (account?.handle === 'eve') heard.resolve()
      },
    })
    await act(s.store, 'ann', 'hook', 'of nothing that is here')
    await act(s.store, 'bob')
    const failed = s.store.transact(async (tx) => {
      await tx.enqueue('hook', 2)
      throw new Error('no')
    })
    expect(await rejectionOf(failed)).toMatchObject({ message: 'no' })
    await act(s.store, 'eve', 'hook')
    await heard.promise
    await s.runner.check()
    expect(delivered).toEqual(['ann', 'eve'])
    expect([await s.rows('hook'), await s.rows('of nothing that is here')]).toEqual([[], [1]])
  })

  test('a failing endpoint keeps its events in order and delays no other endpoint', async () => {
    await using s = await scene(name)
    const delivered: string[] = []
    let fails = true
    s.followers.deliverTo({
      name: 'slow',
      deliver: async ({ seq }) => {
        if (fails && seq === 2) throw new Error('receiver is down')
        delivered.push(`slow ${seq}`)
      },
    })
    s.followers.deliverTo({ name: 'good', deliver: async ({ seq }) => void delivered.push(`good ${seq}`) })
    for (const handle of ['ann', 'bob', 'eve']) await act(s.store, handle, 'slow', 'good')
    const settle = async () => {
      for (let i = 0; i < 3; i++) await s.runner.check()
    }
    await settle()
    expect(delivered.toSorted()).toEqual(['good 1', 'good 2', 'good 3', 'slow 1'])
    expect([await s.rows('slow'), await s.rows('good')]).toEqual([[2, 3], []])
    fails = false
    s.clock.advance(SECOND)
    await settle()
    expect(delivered.slice(-2)).toEqual(['slow 2', 'slow 3'])
    expect([await s.rows('slow'), s.faults]).toEqual([[], ['receiver is down']])
  })

  test('after kill -9 every acknowledged event is delivered at least once and in order', async () => {
    using directory = fastDirectory()
    await using database = await databaseOn(name, join(directory.path, 'synapse.db'))
    const where = database.url ?? join(directory.path, 'synapse.db')
    const acknowledged: number[] = []
    const delivered: number[] = []
    /** Reads the output of the process up to a line. */
    const until = async (child: ReturnType<typeof startChild>, end: string) => {
      for (let line = await child.line(); line !== end; line = await child.line()) {
        const [what, seq] = line.split(' ')
        const list = what === 'acknowledged' ? acknowledged : delivered
        list.push(Number(seq))
      }
    }
    const fixture = '../../jobs/fixtures/deliver.ts'
    {
      await using first = startChild(fixture, where, '20', 'agent-3')
      await until(first, 'stuck')
      while (acknowledged.length < 20) acknowledged.push(Number((await first.line()).split(' ')[1]))
    }
    await database.endLeases()
    expect(delivered).toEqual([1, 2, 3, 4])
    await using second = startChild(fixture, where)
    await until(second, 'done')
    expect(acknowledged).toEqual(seqsTo(20))
    // The event in delivery at the kill, or whose row still existed, comes again.
    expect(delivered.slice(4)).toEqual(seqsTo(20).slice(3))
  })
})

test.skipIf(postgresMissing)(
  'two processes over one database share a job: one runs it, and the other takes over when that one ends',
  async () => {
    await using engine = await openEngine('postgres')
    const { clock, location } = engine
    await using other: OpenStore = await openStore(location, {
      clock,
      secrets: systemSecrets,
      report: () => {},
    })
    const one = await following(engine.store, clock)
    await using two = await following(other, clock)
    const ran: string[] = []
    const heard = new Map<number, PromiseWithResolvers<void>>()
    const whenHeard = (seq: number) => heard.getOrInsertComputed(seq, () => Promise.withResolvers<void>())
    const project = (who: string, { followers }: typeof one) =>
      followers.project(
        copying((events) => {
          ran.push(...events.map(({ seq }) => `${who} ${seq}`))
          for (const { seq } of events) whenHeard(seq).resolve()
        }),
      )
    project('one', one)
    await one.runner.check()
    await act(engine.store, 'ann')
    await whenHeard(1).promise
    project('two', two)
    await two.runner.check()
    // Written by the process without the lease, applied by the one that holds it.
    await act(other, 'bob')
    await whenHeard(2).promise
    await one[Symbol.asyncDispose]()
    clock.advance(30 * SECOND)
    await act(other, 'eve')
    await two.runner.check()
    await whenHeard(3).promise
    expect(ran).toEqual(['one 1', 'one 2', 'two 3'])
    expect([one.faults, two.faults]).toEqual([[], []])
  },
)
