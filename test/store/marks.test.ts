import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Store } from '../../src/core/kernel/ports'
import type { Marks } from '../../src/core/log/marks'
import { formatHint, parseHint } from '../../src/hub'
import { systemClock, systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { rejectionOf } from '../home/temporary'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { until } from '../support/sockets'
import { engines, openEngine } from './engines'

/** The companion stream of Matrix: its counter, and the marks by which waiting readers wake. */

// The first test on Postgres starts a server that all of them share.
setDefaultTimeout(120_000)

function heardBy(store: Store): Marks[] {
  const heard: Marks[] = []
  store.onMarks((marks) => heard.push(marks))
  return heard
}

describe.each(engines)('the companion stream on %s', (kind) => {
  test('rises by one with each change, and its readers are told whom the commit concerns', async () => {
    await using engine = await openEngine(kind)
    const { store } = engine
    const heard = heardBy(store)
    const first = await store.transact((tx) => tx.matrix().nextMx('a1', 'c7'))
    const [second, third] = await store.transact(async (tx) => [
      await tx.matrix().nextMx('d2'),
      await tx.matrix().nextMx('c7'),
    ])
    expect([first, second, third]).toEqual([1, 2, 3])
    expect(await store.reads.matrix().position()).toEqual({ mx: 3, projected: 0 })
    expect(heard).toEqual([
      { mx: { after: 0, upTo: 1 }, projected: null, keys: new Set(['a1', 'c7']) },
      { mx: { after: 1, upTo: 3 }, projected: null, keys: new Set(['d2', 'c7']) },
    ])
  })

  test('has no gap where a transaction failed, and tells nothing of it', async () => {
    await using engine = await openEngine(kind)
    const { store } = engine
    const heard = heardBy(store)
    const failed = store.transact(async (tx) => {
      await tx.matrix().nextMx('a1')
      throw new Error('not to be written')
    })
    expect(await rejectionOf(failed)).toMatchObject({ message: 'not to be written' })
    expect(await store.transact((tx) => tx.matrix().nextMx('a2'))).toBe(1)
    expect(heard.map(({ keys }) => keys)).toEqual([new Set(['a2'])])
  })

  test('the move of the projection wakes those whom its events concern', async () => {
    await using engine = await openEngine(kind)
    const { store } = engine
    const heard = heardBy(store)
    await store.transact(async (tx) => {
      await tx.moveProjection('matrix', 0, 5)
      tx.matrix().wakeProjected(0, 5, ['c3'])
    })
    expect(heard).toEqual([{ mx: null, projected: { after: 0, upTo: 5 }, keys: new Set(['c3']) }])
    expect(await store.reads.matrix().position()).toEqual({ mx: 0, projected: 5 })
  })
})

describe.skipIf(postgresMissing)('the companion stream of two processes', () => {
  async function pair() {
    const url = await (await sharedPostgres()).createDatabase()
    const report = (fault: unknown) => {
      throw fault
    }
    const open = () =>
      openStore({ kind: 'postgres', url }, { clock: systemClock, secrets: systemSecrets, report })
    await using undo = new AsyncDisposableStack()
    const here = undo.use(await open())
    const there = undo.use(await open())
    const opened = undo.move()
    return { here, there, [Symbol.asyncDispose]: () => opened.disposeAsync() }
  }

  test('the periodic look at the head finds marks of another process that no hint announced', async () => {
    await using p = await pair()
    const heard = heardBy(p.there)
    await p.here.transact((tx) => tx.matrix().nextMx('a1'))
    await until('the marks', () => heard.length > 0, 5000)
    expect(heard[0]).toEqual({ mx: { after: 0, upTo: 1 }, projected: { after: 0, upTo: 0 }, keys: null })
  })

  test('a hint tells whom it concerns, and one after a lost hint concerns anyone', async () => {
    await using p = await pair()
    const heard = heardBy(p.there)
    const texts: string[] = []
    p.here.shared?.onWrite((hint) => texts.push(formatHint(hint)))
    for (const key of ['a1', 'a2', 'a3'] as const) await p.here.transact((tx) => tx.matrix().nextMx(key))
    expect(texts).toEqual(['0/0-1//a1', '0/1-2//a2', '0/2-3//a3'])
    for (const text of [texts[0], texts[2]]) {
      const hint = parseHint(text ?? '')
      if (hint) p.there.shared?.hint(hint)
    }
    expect(heard.map(({ keys }) => keys)).toEqual([new Set(['a1']), null])
  })
})
