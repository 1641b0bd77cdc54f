import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { accountEvent, type EventRecord, type LogEvent } from '../../src/core/log/events'
import type { SharedLog } from '../../src/core/log/shared-log'
import { systemClock, systemSecrets } from '../../src/platform'
import { type OpenStore, openStore } from '../../src/store'
import { catalogueWithNotes, notedEvent } from '../support/noted'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { until, within } from '../support/sockets'
import { openEngine } from './engines'
import { annAndHerRooms, announcements, makeAccount, makeChannel, planOf, post, unwritten } from './scene'

// The first of these tests starts a server that all of them share.
setDefaultTimeout(120_000)

test('SQLite has no shared log', async () => {
  await using engine = await openEngine('sqlite')
  expect(engine.store.shared).toBeUndefined()
})

function open(url: string): Promise<OpenStore> {
  const report = (fault: unknown) => {
    throw fault
  }
  const deps = { catalogue: catalogueWithNotes, clock: systemClock, secrets: systemSecrets, report }
  return openStore({ kind: 'postgres', url }, deps)
}

function sharedOf({ shared }: OpenStore): SharedLog {
  if (!shared) throw new Error('its log is shared with nobody')
  return shared
}

/** Converts records as far as these tests need it. */
const bare = async (records: readonly EventRecord[]): Promise<LogEvent[]> =>
  records.map(({ seq, at, type }) => ({ seq, at, type, facts: {}, actor: null }) as unknown as LogEvent)

/** Two processes with one log, both of which know ann and her rooms. */
async function pair() {
  const url = await (await sharedPostgres()).createDatabase()
  await using undo = new AsyncDisposableStack()
  const here = undo.use(await open(url))
  const there = undo.use(await open(url))
  for (const store of [here, there]) sharedOf(store).hydrateWith(bare)
  const { ann, plans } = await annAndHerRooms(here)
  await sharedOf(there).readBarrier()
  const opened = undo.move()
  return {
    here,
    there,
    ann,
    posts: (store: OpenStore, body: string) => post(store, { sender: ann, channel: plans, body }),
    /** Writes an event that changes no rights. */
    notes: (store: OpenStore) => {
      const noted = unwritten({ sender: ann, channel: plans, body: 'noted' })
      return store.transact((tx) => tx.append(notedEvent(noted, 'seen'), ann))
    },
    /** Posts, and answers how often that was judged. */
    timesJudged: async (store: OpenStore) => {
      let times = 0
      await store.post(planOf({ sender: ann, channel: plans, body: 'judged', admit: () => times++ }))
      return times
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

describe.skipIf(postgresMissing)('a log shared by two processes', () => {
  test('both processes announce all events in log order without a gap, whichever wrote them', async () => {
    await using p = await pair()
    const [announced, elsewhere] = [announcements(p.here), announcements(p.there)]
    const written: number[] = []
    for (let n = 0; n < 20; n++) written.push((await p.posts(n % 3 ? p.here : p.there, `${n}`)).seq)
    for (const store of [p.here, p.there]) await sharedOf(store).readBarrier()
    for (const commits of [announced, elsewhere])
      expect(commits.flat().map(({ seq }) => seq)).toEqual(written)
  })

  test('a read barrier waits until everything committed before is announced, and waitFor until its position is', async () => {
    await using p = await pair()
    const announced = announcements(p.there)
    for (const wait of [
      () => sharedOf(p.there).readBarrier(),
      (seq: number) => p.there.waitFor(seq),
      // Simultaneous barriers share an answer that is newer than all of them.
      () => Promise.all([1, 2, 3].map(() => sharedOf(p.there).readBarrier())),
    ]) {
      const { seq } = await p.posts(p.here, 'news')
      await wait(seq)
      expect(announced.flat().at(-1)?.seq).toBe(seq)
    }
  })

  test('onWrite reports what this process wrote and not what others wrote', async () => {
    await using p = await pair()
    const written: number[] = []
    sharedOf(p.here).onWrite(({ seq }) => written.push(seq))
    const { seq } = await p.posts(p.here, 'a post')
    expect(written).toEqual([seq])
    await p.posts(p.there, 'another')
    await p.here.transact((tx) => makeChannel(tx, 'dinner'))
    expect(written).toEqual([seq, seq + 2])
    await p.here.transact(async () => 'nothing')
    expect(written).toEqual([seq, seq + 2])
  })

  test('a hint makes the other process read at once', async () => {
    await using p = await pair()
    const announced = announcements(p.there)
    sharedOf(p.here).onWrite((hint) => sharedOf(p.there).hint(hint))
    // Without hints each process would wait for its check of the head, once a second.
    for (let n = 0; n < 10; n++) {
      const { seq } = await p.posts(p.here, `${n}`)
      await until('the announcement', () => announced.flat().at(-1)?.seq === seq, 500)
    }
  })

  test('a write command is answered once streams have delivered its events, and later ones do not wait for that', async () => {
    await using p = await pair()
    const carried = Promise.withResolvers<void>()
    sharedOf(p.here).answerAfterFlush(() => carried.promise)
    const acting = p.here.transact((tx) => makeAccount(tx, 'bob'))
    expect(await within(5000, p.posts(p.here, 'behind it'))).toMatchObject({ body: 'behind it' })
    expect(await within(50, acting)).toBeUndefined()
    carried.resolve()
    expect(await acting).toMatchObject({ handle: 'bob' })
  })

  test('without listeners events that change no rights are skipped with their position, and the others are announced', async () => {
    await using p = await pair()
    const skipped: number[] = []
    const announced = announcements(p.there)
    sharedOf(p.there).onAdvance((upTo) => skipped.push(upTo))
    sharedOf(p.there).followWhile(() => false)
    await p.posts(p.here, 'unheard')
    await p.notes(p.here)
    await p.here.transact((tx) => makeChannel(tx, 'dinner'))
    const { seq } = await p.posts(p.here, 'unheard as well')
    await p.there.waitFor(seq)
    expect(announced.flat().map(({ type }) => type)).toEqual(['channel.created'])
    expect(skipped.at(-1)).toBe(seq)
  })

  test('a post is judged again after another process has changed rights, and not after other events', async () => {
    await using p = await pair()
    await p.notes(p.there)
    expect(await p.timesJudged(p.here)).toBe(1)
    // The first judgement already knows a change that has arrived in time.
    await until('a post that is judged again', async () => {
      await p.there.transact((tx) => tx.append(accountEvent('account.token_revoked', p.ann), null))
      return (await p.timesJudged(p.here)) === 2
    })
  })

  test('a new epoch is announced once to the other processes', async () => {
    await using p = await pair()
    const announced = announcements(p.there)
    let told = 0
    sharedOf(p.there).onEpoch(() => told++)
    for (const times of [1, 2]) {
      await p.here.beginEpoch('test')
      await until('the news', () => told === times)
      const { seq } = await p.posts(p.here, 'in a new epoch')
      // No hint is sent for it, so the head has to be checked once more.
      await until('the announcement', () => announced.flat().at(-1)?.seq === seq)
      expect(told).toBe(times)
    }
    expect(await p.there.reads.epochs()).toHaveLength(3)
  })
})
