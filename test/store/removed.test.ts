// What is deleted is gone from the files of SQLite, not only from its tables.
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { eventCatalogue } from '../../src/core/log/catalogue'
import { type Engine, openEngine } from './engines'
import { annAndHerRooms, post } from './scene'

function pathOf({ location }: Engine): string {
  if (location.kind !== 'sqlite') throw new Error('only SQLite has a file')
  return location.path
}

/** The files of a store that contain any of these words. */
function filesWith(path: string, words: readonly string[]): string[] {
  return ['', '-wal']
    .filter((suffix) => existsSync(path + suffix))
    .filter((suffix) => words.some((word) => readFileSync(path + suffix).includes(word)))
}

/** Posts words, of which one is deleted and the other purged. */
async function removedWords({ store }: Engine): Promise<string[]> {
  const { ann, plans } = await annAndHerRooms(store)
  const words = [`deleted-${crypto.randomUUID()}`, `purged-${crypto.randomUUID()}`]
  const [deleted, purged] = await Promise.all(
    words.map((body) => post(store, { sender: ann, channel: plans, body: body.repeat(40) })),
  )
  if (!deleted || !purged) throw new Error('two posts have two messages')
  await store.transact(async (tx) => {
    await tx.removeMessages([deleted.seq], tx.now())
    await tx.purgeMessages([purged.seq], eventCatalogue.messageTypes)
  })
  return words
}

test('a deleted and a purged text are in no file of the store once it has forgotten them', async () => {
  await using engine = await openEngine('sqlite')
  const words = await removedWords(engine)
  expect(filesWith(pathOf(engine), words)).toEqual(['-wal'])
  await engine.store.forgetRemoved()
  expect(filesWith(pathOf(engine), words)).toEqual([])
  expect(await engine.store.reads.message({ seq: 1 })).toBeUndefined()
})

test('a reader that stays open delays the forgetting, and no post', async () => {
  await using engine = await openEngine('sqlite')
  const path = pathOf(engine)
  const words = await removedWords(engine)
  const reader = new Database(path, { readonly: true })
  reader.run('BEGIN')
  reader.query('SELECT count(*) FROM messages').get()
  await engine.store.forgetRemoved()
  expect(filesWith(path, words)).not.toEqual([])
  await engine.store.transact(async (tx) => tx.noteUses('tokens', new Map()))
  reader.run('COMMIT')
  reader.close()
  await engine.store.forgetRemoved()
  expect(filesWith(path, words)).toEqual([])
  expect(engine.faults).toEqual([])
})
