import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { Message } from '../../src/core/kernel/entities'
import { eventCatalogue } from '../../src/core/log/catalogue'
import { hitsIn } from '../../src/core/search/hits'
import { type Facets, indexQuery, WORD_INDEX, wordIndexing } from '../../src/core/search/index-words'
import { parseQuery } from '../../src/core/search/query'
import { following } from '../jobs/following'
import { type EngineName, engines, openEngine } from './engines'
import { annAndHerRooms, post } from './scene'

setDefaultTimeout(120_000)

/** A store whose words are indexed on request. */
async function scene(name: EngineName) {
  const engine = await openEngine(name)
  const here = await following(engine.store, engine.clock)
  const people = await annAndHerRooms(engine.store)
  here.followers.project(wordIndexing)
  const { store } = engine
  const everywhere: Facets = { channelIds: null, senderId: null, kind: null, thread: null }
  return {
    ...engine,
    ...people,
    store,
    /** Indexes all messages. A run that had begun before the last post does not include it. */
    index: async () => {
      while ((await store.reads.projectionPosition(WORD_INDEX)) < (await store.reads.head())) {
        engine.clock.advance(wordIndexing.restMs ?? 0)
        await here.runner.check()
      }
    },
    posts: (body: string, channel = people.plans) => post(store, { sender: people.ann, channel, body }),
    /** The bodies that a query finds, newest first. */
    find: async (text: string, facets: Partial<Facets> = {}) => {
      const query = parseQuery(text)
      if (query.wanted.length === 0) return []
      const page = { after: 0, before: Number.MAX_SAFE_INTEGER, limit: 1000 }
      const index = indexQuery(query, { ...everywhere, ...facets })
      const found = await store.slow.messagesWithWords(index, page)
      return found.filter(({ body }) => hitsIn(body, query)).map(({ body }) => body)
    },
    edit: (message: Message, body: string) => store.transact((tx) => tx.updateMessage({ ...message, body })),
    remove: ({ seq }: Message) => store.transact((tx) => tx.removeMessages([seq], tx.now())),
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
    },
  }
}

const word = fc.constantFrom(
  ...[
    'a',
    'B',
    'café',
    'CAFÉ',
    'naïve',
    'straße',
    'İstanbul',
    'οδός',
    'Привет',
    '東京',
    'タワー',
    'ไทย',
    '한국어',
  ],
  ...[
    '/var/log/x.gz',
    'db-1.example.org:5432',
    "it's",
    '🚀',
    '👍🏽',
    '1️⃣',
    '½',
    'a_b',
    "'",
    '\\',
    '&',
    '|',
    ':*',
    '"',
  ],
  ...['\u{e000}c1', '\u{1e922}', 'NOT', 'or', 'x'.repeat(250), '𒀀'.repeat(210)],
)
const body = fc.array(fc.oneof({ weight: 4, arbitrary: word }, fc.string({ unit: 'grapheme' })), {
  minLength: 1,
  maxLength: 8,
})
const bodies = body
  .map((words) => words.join(' ').replaceAll('\0', '').toWellFormed())
  .filter((text) => text !== '')
const term = fc
  .tuple(fc.constantFrom('', '', '-', '"'), word, fc.constantFrom('', '', '*', ' a"'))
  .map((parts) => parts.join(''))
const query = fc.array(term, { minLength: 1, maxLength: 3 }).map((terms) => terms.join(' '))

describe('the index of words', () => {
  test('the databases find the same, which is what the words of each message say', async () => {
    const all = await Promise.all(engines.map(([name]) => scene(name)))
    try {
      const texts = fc.sample(bodies, { numRuns: 100, seed: 7 })
      for (const s of all) {
        await Promise.all(texts.map((text) => s.posts(text)))
        await s.index()
      }
      await fc.assert(
        fc.asyncProperty(query, async (text) => {
          const parsed = parseQuery(text)
          const expected =
            parsed.wanted.length === 0 ? [] : texts.filter((one) => hitsIn(one, parsed)).toReversed()
          for (const s of all) expect(await s.find(text)).toEqual(expected)
        }),
        { numRuns: 100 },
      )
    } finally {
      for (const s of all) await s[Symbol.asyncDispose]()
    }
  })
})

describe.each(engines)('the index of words on %s', (name) => {
  test('channel, sender, kind and thread are part of the index', async () => {
    await using s = await scene(name)
    const root = await s.posts('word in plans')
    await s.posts('word in lunch', s.lunch)
    await post(s.store, { sender: s.ann, channel: s.plans, body: 'word as reply', threadId: root.uuid })
    await s.index()
    expect(await s.find('word')).toEqual(['word as reply', 'word in lunch', 'word in plans'])
    expect(await s.find('word', { channelIds: [s.lunch.id] })).toEqual(['word in lunch'])
    expect(await s.find('word', { thread: root.seq })).toEqual(['word as reply', 'word in plans'])
    expect(await s.find('word', { senderId: s.ann.id + 1 })).toEqual([])
    expect(await s.find('word', { kind: 'correction' })).toEqual([])
  })

  test('an edit is found by its new words at once, and no longer by the old ones', async () => {
    await using s = await scene(name)
    const message = await s.posts('before')
    await s.index()
    await s.edit(message, 'after')
    expect([await s.find('before'), await s.find('after')]).toEqual([[], ['after']])
  })

  test('a message that is edited or deleted before it is indexed is indexed as it is then', async () => {
    await using s = await scene(name)
    await s.index()
    const [edited, deleted] = [await s.posts('before'), await s.posts('before too')]
    await s.edit(edited, 'after')
    await s.remove(deleted)
    await s.index()
    expect([await s.find('before'), await s.find('after')]).toEqual([[], ['after']])
  })

  test('what an edit, a deletion or a purge removes is in no table and in no page of the file', async () => {
    await using s = await scene(name)
    const noise = () => Promise.all(Array.from({ length: 40 }, (_, i) => s.posts(`filler ${i} noise${i}`)))
    const messages: Message[] = []
    for (const text of ['zqedited', 'zqdeleted', 'zqpurged']) {
      messages.push(await s.posts(`${text}trace is said here`))
      await noise()
      await s.index()
    }
    const [edited, deleted, purged] = messages
    if (!edited || !deleted || !purged) throw new Error('there are three messages')
    expect(await traces(s, name)).toBeGreaterThanOrEqual(6)
    await s.edit(edited, 'harmless')
    await s.remove(deleted)
    await s.store.transact((tx) => tx.purgeMessages([purged.seq], eventCatalogue.messageTypes))
    expect(await traces(s, name)).toBe(0)
    await noise()
    await s.index()
    expect(await s.find('harmless')).toEqual(['harmless'])
    if (name === 'sqlite') expect(await s.sql('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  })

  test('the position of the index is stored with it', async () => {
    await using s = await scene(name)
    const { seq } = await s.posts('word')
    await s.index()
    expect(await s.store.reads.projectionPosition(WORD_INDEX)).toBe(seq)
  })
})

/** Counts where the text is stored: in the file and its write-ahead log, or in the rows of the tables. */
async function traces(s: Awaited<ReturnType<typeof scene>>, name: EngineName): Promise<number> {
  if (name === 'sqlite' && s.location.kind === 'sqlite') {
    await s.sql('PRAGMA wal_checkpoint(TRUNCATE)')
    const { path } = s.location
    const files = [path, `${path}-wal`].filter((file) => existsSync(file))
    return files.reduce(
      (sum, file) => sum + readFileSync(file).toString('latin1').split('edtrace').length - 1,
      0,
    )
  }
  const [row] = await s.sql<{ count: string }>(
    `SELECT (SELECT count(*) FROM messages WHERE body LIKE '%edtrace%')
      + (SELECT count(*) FROM message_words WHERE words::text LIKE '%edtrace%') AS count`,
  )
  return Number(row?.count)
}
