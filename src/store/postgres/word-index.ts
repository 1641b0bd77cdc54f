import { inArray, sql } from 'drizzle-orm'
import { bigint, customType, pgTable } from 'drizzle-orm/pg-core'
import type { IndexQuery, IndexWord } from '../../core/search/index-words'
import type { Database, WordIndex } from '../database'

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })

/** Words without positions, so the limits of tsvector on positions do not matter. The core has cut and folded them. */
const messageWords = pgTable('message_words', {
  seq: bigint('seq', { mode: 'number' }).primaryKey(),
  words: tsvector('words').notNull(),
})

// The type of a handle's database is that of SQLite's; the statements are the same.
type Table = Parameters<Database['insert']>[0]
const table = messageWords as unknown as Table

export const wordIndex: WordIndex = {
  seq: sql`message_words.seq`,
  matches: (query) => sql`message_words.words @@ ${expressionOf(query)}::tsquery`,
  async add(db, entries) {
    const values = entries.map(({ seq, words }) => ({
      seq,
      words: sql`array_to_tsvector(string_to_array(${words.join(' ')}, ' '))`,
    }))
    await db.insert(table).values(values as never)
  },
  async remove(db, entries) {
    const seqs = entries.map(({ seq }) => seq)
    await db.delete(table).where(inArray(messageWords.seq, seqs))
  },
}

function expressionOf({ all, none }: IndexQuery): string {
  const wanted = all.map((words) => `(${words.map(quote).join(' | ')})`)
  return [...wanted, ...none.map((word) => `!${quote(word)}`)].join(' & ')
}

/** Words have no quotation marks and no backslashes. */
function quote({ text, isPrefix }: IndexWord): string {
  return isPrefix ? `'${text}':*` : `'${text}'`
}
