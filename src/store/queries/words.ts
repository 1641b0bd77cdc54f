import { and, desc, eq, gt, isNull, lt, lte, sql } from 'drizzle-orm'
import type { Message } from '../../core/kernel/entities'
import type { Seq } from '../../core/kernel/ids'
import type { Reads, Writes } from '../../core/kernel/ports'
import { indexedWords, WORD_INDEX, type Wordy } from '../../core/search/index-words'
import type { Handle, IndexEntry } from '../database'
import { kindOf } from './message-row'

/** The index of the words of messages, as far as its projection has come. */
export function wordReads({ db, t, dialect }: Handle) {
  const { seq, matches } = dialect.wordIndex
  return {
    async messagesWithWords(query, { after, before, limit }) {
      const found = sql`(SELECT ${seq} AS seq FROM message_words
        WHERE ${and(matches(query), gt(seq, after), lt(seq, before))} ORDER BY ${desc(seq)} LIMIT ${limit}) AS found`
      return db
        .select({ seq: t.messages.seq, channelId: t.messages.channelId, body: t.messages.body })
        .from(found)
        .innerJoin(t.messages, eq(t.messages.seq, sql`found.seq`))
        .orderBy(desc(t.messages.seq))
    },
  } satisfies Partial<Reads>
}

export function wordWrites(handle: Handle) {
  return {
    async indexWords(seqs) {
      // The transaction has moved the position of the projection past them.
      const messages = await inIndex(handle, seqs)
      if (messages.length > 0) await handle.dialect.wordIndex.add(handle.db, messages.map(entryOf))
    },
  } satisfies Partial<Writes>
}

/**
 * Makes the index say what edited messages say. Call it before the messages themselves are changed: the index removes
 * the words that it is told.
 */
export async function reindex(
  handle: Handle,
  messages: readonly Pick<Message, 'seq' | 'body'>[],
): Promise<void> {
  const { db, dialect } = handle
  const bodies = new Map(messages.map(({ seq, body }) => [seq, body]))
  const stored = await inIndex(
    handle,
    messages.map(({ seq }) => seq),
  )
  const changed = stored.filter(({ seq, body }) => bodies.get(seq) !== body)
  if (changed.length === 0) return
  await dialect.wordIndex.remove(db, changed.map(entryOf))
  const edited = changed.map((message) => ({ ...message, body: bodies.get(message.seq) ?? '' }))
  await dialect.wordIndex.add(db, edited.map(entryOf))
}

/** Removes messages from the index. Call it before they are deleted. */
export async function unindex(handle: Handle, seqs: readonly Seq[]): Promise<void> {
  const stored = await inIndex(handle, seqs)
  if (stored.length > 0) await handle.dialect.wordIndex.remove(handle.db, stored.map(entryOf))
}

/** Returns those of these messages that belong into the index: not deleted, and reached by its projection. */
async function inIndex({ db, t, dialect }: Handle, seqs: readonly Seq[]): Promise<Wordy[]> {
  const { seq, body, channelId, senderId, flags, threadSeq, deletedAt } = t.messages
  const rows = await db
    .select({ seq, body, channelId, senderId, flags, threadSeq })
    .from(t.messages)
    .innerJoin(t.projections, and(eq(t.projections.name, WORD_INDEX), lte(seq, t.projections.position)))
    .where(and(dialect.amongNumbers(seq, sql`${JSON.stringify(seqs)}`), isNull(deletedAt)))
  return rows.map(({ flags, threadSeq, ...row }) => {
    return { ...row, kind: kindOf(flags), thread: threadSeq === null ? null : { seq: threadSeq } }
  })
}

function entryOf(message: Wordy): IndexEntry {
  return { seq: message.seq, words: indexedWords(message) }
}
