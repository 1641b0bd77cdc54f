// The disk space of purged messages goes back to the disk, a little at a time.
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { eventCatalogue } from '../../src/core/log/catalogue'
import { inSteps } from '../../src/jobs/in-steps'
import { MINUTE } from '../support/fake-clock'
import { type Engine, openEngine } from './engines'
import { annAndHerRooms, post } from './scene'

const MESSAGES = 2000
/** Two and a half pages. */
const CHARACTERS = 10_000
/** The pages that stay for what is written next, and the most that one step releases. */
const KEPT = 1024
const MOST = 1000

function pathOf({ location }: Engine): string {
  if (location.kind !== 'sqlite') throw new Error('only SQLite has a file')
  return location.path
}

function pragma(engine: Engine, name: string): number {
  using db = new Database(pathOf(engine), { readonly: true })
  return Number(db.prepare(`PRAGMA ${name}`).values()[0]?.[0])
}

/** A store whose messages were posted and purged. */
async function purged() {
  const engine = await openEngine('sqlite')
  const { ann, plans } = await annAndHerRooms(engine.store)
  const body = 'x'.repeat(CHARACTERS)
  const messages = await Promise.all(
    Array.from({ length: MESSAGES }, () => post(engine.store, { sender: ann, channel: plans, body })),
  )
  await engine.store.transact((tx) =>
    tx.purgeMessages(
      messages.map(({ seq }) => seq),
      eventCatalogue.messageTypes,
    ),
  )
  await engine.store.forgetRemoved()
  return { engine, say: (text: string) => post(engine.store, { sender: ann, channel: plans, body: text }) }
}

test('after a purge the file shrinks in small steps, between which posts are written', async () => {
  const { engine, say } = await purged()
  await using _ = engine
  const before = statSync(pathOf(engine)).size
  const posted: number[] = []
  for (let isMore = true; isMore; ) {
    const free = pragma(engine, 'freelist_count')
    const [more, { seq }] = await Promise.all([engine.store.releasePages(), say('hello')])
    posted.push(seq)
    isMore = more
    expect(free - pragma(engine, 'freelist_count')).toBeLessThanOrEqual(MOST + 10)
  }
  expect(posted.length).toBeGreaterThan(5)
  const free = pragma(engine, 'freelist_count')
  expect(free).toBeGreaterThan(KEPT - 100)
  expect(free).toBeLessThanOrEqual(KEPT)
  expect(await engine.store.releasePages()).toBe(false)
  // The log of the steps is written to the file.
  const { seq } = await say('last')
  await engine.store.transact(async (tx) => tx.removeMessages([seq], tx.now()))
  await engine.store.forgetRemoved()
  const after = statSync(pathOf(engine)).size
  expect(before - after).toBeGreaterThan((MESSAGES * CHARACTERS) / 2)
  expect((await engine.store.reads.messagesBySeq(posted)).length).toBe(posted.length)
  expect(await engine.sql('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(engine.faults).toEqual([])
})

test('a file of a version that did not plan for it keeps its size', async () => {
  const { engine } = await purged()
  await using _ = engine
  await engine.store.close()
  {
    using db = new Database(pathOf(engine))
    db.run('PRAGMA auto_vacuum = NONE')
    db.run('VACUUM')
  }
  const store = await engine.reopen()
  expect(pragma(engine, 'auto_vacuum')).toBe(0)
  expect(await store.releasePages()).toBe(false)
})

test('a job in steps goes on after nine times as long as a step took, and after a minute when nothing is left to do', async () => {
  await using engine = await openEngine('sqlite')
  const { clock } = engine
  const answers = [true, true, false]
  const step = async () => {
    clock.advance(5)
    return answers.shift() ?? false
  }
  const job = inSteps('step', step, clock)
  expect(job.wait()).toBe(MINUTE)
  clock.advance(MINUTE)
  const waits: (number | undefined)[] = []
  while (answers.length > 0) {
    await job.run(new AbortController().signal)
    waits.push(job.wait())
  }
  expect(waits).toEqual([45, 45, MINUTE])
})
