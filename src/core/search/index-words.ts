import type { Message, MessageKind } from '../kernel/entities'
import type { Projection } from '../kernel/followers'
import type { Seq } from '../kernel/ids'
import type { Writes } from '../kernel/ports'
import type { LogEvent } from '../log/events'
import type { Query } from './query'
import { wordsOf } from './words'

/** The words that a query finds in the index of words: of each of `all` at least one, and none of `none`. */
export interface IndexQuery {
  readonly all: readonly (readonly IndexWord[])[]
  readonly none: readonly IndexWord[]
}

export interface IndexWord {
  readonly text: string
  readonly isPrefix: boolean
}

/** What limits a search besides the words. */
export interface Facets {
  /** Null: every channel. */
  readonly channelIds: readonly number[] | null
  readonly senderId: number | null
  readonly kind: MessageKind | null
  /** The root of a thread, which is part of it. */
  readonly thread: Seq | null
}

/** No word of a text contains this character, so facets are never mistaken for words. */
const FACET = '\u{e000}'

const facet = {
  channel: (id: number) => `${FACET}c${id}`,
  sender: (id: number) => `${FACET}s${id}`,
  kind: (kind: MessageKind) => `${FACET}k${kind}`,
  thread: (root: Seq) => `${FACET}t${root}`,
}

/** The part of a message on which its words depend. */
export interface Wordy extends Pick<Message, 'seq' | 'body' | 'channelId' | 'senderId' | 'kind'> {
  readonly thread: { readonly seq: Seq } | null
}

/** Returns the distinct words under which a message is indexed: those of its body, and its facets, which never change. */
export function indexedWords(message: Wordy): string[] {
  const words = new Set(wordsOf(message.body).map(({ text }) => text))
  words.add(facet.channel(message.channelId))
  words.add(facet.sender(message.senderId))
  words.add(facet.kind(message.kind))
  words.add(facet.thread(message.thread?.seq ?? message.seq))
  return [...words]
}

/**
 * Translates a query for the index. The index knows which words a message has but not where, so it may find too much:
 * messages that have the words of a phrase elsewhere.
 */
export function indexQuery({ wanted, unwanted }: Query, facets: Facets): IndexQuery {
  const exactly = (text: string): IndexWord => ({ text, isPrefix: false })
  const words = wanted.flatMap(({ words, isPrefix }) =>
    words.map((text, i): IndexWord[] => [{ text, isPrefix: isPrefix && i === words.length - 1 }]),
  )
  const all: (readonly IndexWord[])[] = [...words]
  if (facets.channelIds) all.push(facets.channelIds.map((id) => exactly(facet.channel(id))))
  if (facets.senderId !== null) all.push([exactly(facet.sender(facets.senderId))])
  if (facets.kind !== null) all.push([exactly(facet.kind(facets.kind))])
  if (facets.thread !== null) all.push([exactly(facet.thread(facets.thread))])
  const none = unwanted.flatMap(({ words, isPrefix }): IndexWord[] =>
    words.length === 1 ? words.map((text) => ({ text, isPrefix })) : [],
  )
  return { all, none }
}

/** The name of the projection that fills the index of words. */
export const WORD_INDEX = 'search'

/**
 * Indexes new messages, as they read when it does. Later changes of a message update the index in their own transaction
 * (`Writes.updateMessage`, `removeMessages`, `purgeMessages`), so text that was removed is in no index.
 */
export const wordIndexing: Projection = {
  name: WORD_INDEX,
  restMs: 500,
  async apply(tx: Writes, events: readonly LogEvent[]) {
    const created = events.filter(
      (event) => event.about === 'message' && event.message.message.seq === event.seq,
    )
    if (created.length === 0) return
    await tx.indexWords(created.map(({ seq }) => seq))
  },
}
