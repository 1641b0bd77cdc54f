// The thread that writes to SQLite: it may end at any point, and nothing is lost, doubled or shown too early.
import { describe, expect, test } from 'bun:test'
import { systemSecrets } from '../../src/platform'
import type { StartWorker } from '../../src/store/sqlite/thread/thread'
import { rejectionOf } from '../home/temporary'
import { until } from '../support/sockets'
import { engineOn } from './engines'
import { annAndHerRooms, announcements, makeAccount, messageOf, planOf, post } from './scene'
import { endingThreads, lateThreads, TRIGGER } from './threads/failing-threads'

async function scene(startWorker: StartWorker) {
  const engine = await engineOn('sqlite', { startWorker })
  const { ann, plans } = await annAndHerRooms(engine.store)
  const write = (body: string) => engine.store.post(planOf({ sender: ann, channel: plans, body }))
  const head = await engine.store.reads.head()
  const commits = announcements(engine.store)
  return {
    ...engine,
    store: engine.store,
    ann,
    plans,
    write,
    commits,
    /** The announced seqs, relative to the start. */
    seqs: () => commits.flat().map(({ seq }) => seq - head),
    bodies: async () =>
      (await engine.sql<{ body: string }>('SELECT body FROM messages ORDER BY seq')).map(({ body }) => body),
  }
}

describe('a thread that ends', () => {
  for (const [place, title] of [
    ['before', 'before it writes a group is replaced, and the group is written once'],
    ['after', 'between a commit and its answer is replaced, and the group is not written again'],
  ] as const)
    test(title, async () => {
      const threads = endingThreads(place)
      await using s = await scene(threads.start)
      const posts = await Promise.all(['one', TRIGGER, 'three'].map(s.write))
      await s.write('four')
      expect(threads.started).toBe(2)
      expect(await s.bodies()).toEqual(['one', TRIGGER, 'three', 'four'])
      expect(s.seqs()).toEqual([1, 2, 3, 4])
      expect(posts.map((outcome) => messageOf(outcome).seq)).toEqual(
        s.commits
          .flat()
          .map(({ seq }) => seq)
          .slice(0, 3),
      )
      expect(s.faults).toEqual([])
    })

  test('inside an act is replaced, and the act and the posts of its group are written once', async () => {
    const threads = endingThreads('before')
    await using s = await scene(threads.start)
    const [one] = await Promise.all([
      s.write('one'),
      s.store.transact((tx) => makeAccount(tx, TRIGGER)),
      s.store.transact((tx) => makeAccount(tx, 'bob')),
    ])
    expect(threads.started).toBe(2)
    expect(messageOf(one).seq).toBe(s.commits.flat()[0]?.seq ?? 0)
    expect(await s.bodies()).toEqual(['one'])
    expect(s.seqs()).toEqual([1, 2, 3])
    const stored = await s.store.reads.accountsByHandles([TRIGGER, 'bob'])
    expect(stored.map(({ handle }) => handle).toSorted()).toEqual(['bob', TRIGGER])
  })

  test('a second time within a minute makes the store unfit: it refuses writes and goes on reading', async () => {
    const threads = endingThreads('before', 2)
    await using s = await scene(threads.start)
    const { seq } = await post(s.store, { sender: s.ann, channel: s.plans, body: 'before' })
    const refused = await Promise.all([rejectionOf(s.write(TRIGGER)), rejectionOf(s.write('another'))])
    for (const reason of refused) expect(reason).toMatchObject({ kind: 'unavailable' })
    expect(await rejectionOf(s.write('later'))).toMatchObject({ kind: 'unavailable' })
    expect(await s.store.reads.message({ seq })).toMatchObject({ body: 'before' })
    expect(s.unfit.map(({ kind }) => kind)).toEqual(['unavailable'])
    expect(await s.bodies()).toEqual(['before'])
  })
})

test('a commit that is not announced yet is waited for by everything that shows its position', async () => {
  const thread = lateThreads()
  await using s = await scene(thread.start)
  const uuid = systemSecrets.uuid()
  const plan = planOf({ sender: s.ann, channel: s.plans, body: TRIGGER, uuid })
  let isAnswered = false
  const posted = s.store.post(plan).then(() => (isAnswered = true))
  const early = await until('the reader to see the commit', () => s.store.reads.message({ uuid }))
  let isReached = false
  const reached = s.store.waitFor(early.seq).then(() => (isReached = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect([isAnswered, isReached, s.commits]).toEqual([false, false, []])
  thread.release()
  await Promise.all([posted, reached])
  expect(s.commits.flat().map(({ seq }) => seq)).toEqual([early.seq])
})

test('a group whose row fails names its post, which fails alone, and the others share one commit', async () => {
  await using s = await scene(endingThreads('before', 0).start)
  await s.sql(
    "CREATE TRIGGER poisoned BEFORE INSERT ON messages WHEN new.body = 'poison' BEGIN SELECT RAISE(ABORT, 'no'); END",
  )
  const outcomes = await Promise.allSettled(['one', 'poison', 'two', 'three'].map(s.write))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect(s.commits.map((events) => events.length)).toEqual([3])
})

test('a statement that comes after the end of its transaction is refused, and so is every later one of it', async () => {
  await using s = await scene(endingThreads('before', 0).start)
  let late: (() => Promise<unknown>) | undefined
  await s.store.transact(async (tx) => {
    late = () => tx.insertAttempts(['late'], tx.now())
  })
  if (!late) throw new Error('the act did not run')
  expect(await rejectionOf(late())).toBeInstanceOf(Error)
  expect(await s.sql('SELECT * FROM login_attempts')).toEqual([])
})

test('a head that another process has moved makes the store unfit before anything is overwritten', async () => {
  await using s = await scene(endingThreads('before', 0).start)
  await s.write('one')
  await s.sql('UPDATE log_head SET seq = seq + 5')
  expect(await rejectionOf(s.write('two'))).toMatchObject({ kind: 'unavailable' })
  expect(s.unfit.map(({ kind }) => kind)).toEqual(['unavailable'])
  expect(await s.bodies()).toEqual(['one'])
})
