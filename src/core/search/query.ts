import { type Word, wordsOf } from './words'

/** Words that follow one another. With `isPrefix`, the last one may go on. */
export interface Term {
  readonly words: readonly string[]
  readonly isPrefix: boolean
}

export interface Query {
  /** All must be in the message. */
  readonly wanted: readonly Term[]
  /** None may be in it. */
  readonly unwanted: readonly Term[]
}

/** A phrase or anything without blanks; a minus counts at the start and after a blank. */
const PART = /(?<minus>(?<!\S)-+)?(?:"(?<phrase>[^"]*)"?|(?<chunk>[^\s"]+))/gu

/** Parses a query. Every text is one; what is no word in it is ignored. */
export function parseQuery(text: string): Query {
  const wanted: Term[] = []
  const unwanted: Term[] = []
  for (const { groups = {} } of text.matchAll(PART)) {
    const { minus, phrase, chunk = '' } = groups
    const words = wordsOf(phrase ?? chunk)
    const last = words.at(-1)
    if (last === undefined) continue
    const isPrefix = phrase === undefined && /^\*+$/.test(chunk.slice(last.end))
    if (minus !== undefined) unwanted.push(termOf(words, isPrefix))
    else if (phrase !== undefined) wanted.push(termOf(words, false))
    else {
      const runs = runsOf(words)
      wanted.push(...runs.map((run, i) => termOf(run, isPrefix && i === runs.length - 1)))
    }
  }
  return { wanted, unwanted }
}

function termOf(words: readonly Word[], isPrefix: boolean): Term {
  return { words: words.map(({ text }) => text), isPrefix }
}

/** Separates words, except those of a script without blanks. */
function runsOf(words: readonly Word[]): Word[][] {
  const runs: Word[][] = []
  for (const word of words) {
    const run = runs.at(-1)
    if (word.isContinued && run) run.push(word)
    else runs.push([word])
  }
  return runs
}
