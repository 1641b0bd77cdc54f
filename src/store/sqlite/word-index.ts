import { sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { IndexQuery, IndexWord } from '../../core/search/index-words'
import type { IndexEntry, WordIndex } from '../database'

/**
 * FTS5 with external content: what is removed leaves its pages at once (`secure-delete`). It stores no texts and reads
 * none. Its tokenizer only separates at blanks, because the core has cut and folded the words.
 */
const messageWords = sqliteTable('message_words', {
  /** Null inserts; `delete` removes. */
  command: text('message_words'),
  seq: integer('rowid').notNull(),
  words: text('body').notNull(),
})

export const wordIndex: WordIndex = {
  seq: sql`message_words.rowid`,
  matches: (query) => sql`message_words MATCH ${expressionOf(query)}`,
  async add(db, entries) {
    await db.insert(messageWords).select(rowsOf(entries, null))
  },
  async remove(db, entries) {
    await db.insert(messageWords).select(rowsOf(entries, 'delete'))
  },
}

/** All rows are one parameter, so the statement is the same for any number of them. */
function rowsOf(entries: readonly IndexEntry[], command: 'delete' | null) {
  const rows = JSON.stringify(entries.map(({ seq, words }) => [seq, words.join(' ')]))
  return sql`SELECT ${command}, value ->> 0, value ->> 1 FROM json_each(${rows})`
}

function expressionOf({ all, none }: IndexQuery): string {
  const anyOf = (words: readonly IndexWord[]) => `(${words.map(quote).join(' OR ')})`
  const wanted = all.map(anyOf).join(' AND ')
  return none.length === 0 ? wanted : `(${wanted}) NOT ${anyOf(none)}`
}

/** Words have no quotation marks. */
function quote({ text, isPrefix }: IndexWord): string {
  return isPrefix ? `"${text}" *` : `"${text}"`
}
