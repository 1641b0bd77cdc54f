// SQLite's index of words is kept in few segments, because each removal searches all of them.
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { WORD_INDEX } from '../../src/core/search/index-words'
import { type Engine, openEngine } from './engines'
import { annAndHerRooms, post } from './scene'

const TRANSACTIONS = 40
const WORDS = Array.from({ length: 300 }, (_, i) => `word${i}`)

function pathOf({ location }: Engine): string {
  if (location.kind !== 'sqlite') throw new Error('only SQLite has segments')
  return location.path
}

function segmentsOf(engine: Engine): number {
  using db = new Database(pathOf(engine), { readonly: true })
  const [row = []] = db.prepare('SELECT count(DISTINCT segid) FROM message_words_idx').values()
  return Number(row[0])
}

/** Indexes messages in many transactions, as the projection does. */
async function indexed(engine: Engine) {
  const { store } = engine
  const { ann, plans } = await annAndHerRooms(store)
  let from = await store.reads.projectionPosition(WORD_INDEX)
  const seqs: number[] = []
  for (let i = 0; i < TRANSACTIONS; i++) {
    const { seq } = await post(store, { sender: ann, channel: plans, body: `${WORDS.join(' ')} only${i}` })
    await store.transact(async (tx) => {
      await tx.moveProjection(WORD_INDEX, from, seq)
      await tx.indexWords([seq])
    })
    from = seq
    seqs.push(seq)
  }
  const found = async (text: string) => {
    const query = { all: [[{ text, isPrefix: false }]], none: [] }
    const hits = await store.reads.messagesWithWords(query, { after: 0, before: from + 1, limit: 100 })
    return hits.map(({ seq }) => seq)
  }
  return { seqs, found }
}

async function mergeAll({ store }: Engine): Promise<number> {
  let steps = 1
  while (await store.mergeWordIndex()) steps++
  return steps
}

test('merging leaves few segments, in which the same messages are found', async () => {
  await using engine = await openEngine('sqlite')
  const { seqs, found } = await indexed(engine)
  const before = segmentsOf(engine)
  expect(before).toBeGreaterThan(4)
  expect(await mergeAll(engine)).toBeGreaterThan(1)
  expect(segmentsOf(engine)).toBeLessThan(before / 2)
  expect(await found('word7')).toEqual(seqs.toReversed())
  expect(await found('only3')).toEqual([seqs[3] ?? 0])
  // Nothing is left to do.
  expect(await mergeAll(engine)).toBe(1)
})

test('merging waits while a transaction is open, and a word that is removed afterwards is in no segment', async () => {
  await using engine = await openEngine('sqlite')
  const { store } = engine
  const { seqs, found } = await indexed(engine)
  const before = segmentsOf(engine)
  await store.transact(async (tx) => {
    await tx.noteUses('tokens', new Map())
    await tx.removeMessages([seqs[5] ?? 0], tx.now())
    expect(await store.mergeWordIndex()).toBe(true)
    expect(segmentsOf(engine)).toBe(before)
  })
  await mergeAll(engine)
  await store.transact(async (tx) => tx.removeMessages([seqs[3] ?? 0], tx.now()))
  await store.forgetRemoved()
  expect(await found('only3')).toEqual([])
  expect(await found('only5')).toEqual([])
  expect(await found('only4')).toEqual([seqs[4] ?? 0])
  using db = new Database(pathOf(engine), { readonly: true })
  db.run(`CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'message_words', 'row')`)
  const terms = db.prepare("SELECT term FROM temp.terms WHERE term IN ('only3', 'only4', 'only5')").values()
  expect(terms).toEqual([['only4']])
})
