// Markdown becomes tokens here, with marked's lexer and nothing else of it. Some of its rules overflow the stack, or take
// seconds, on texts that are made to do so. Block rules that read the rest of the text at every line are replaced by ones
// that read a line once (rules.ts); what else is slow is counted, and such a text is shown as it is.
import { Lexer, type Token } from 'marked'
import { Fences } from './fences'
import { Rules, startText } from './rules'

export type { MarkedToken, Token, Tokens } from 'marked'

/** UTF-16 units: twice the code points that a message may have. */
const MOST_UNITS = 32_000
/** Of `*`, `_` and `~` outside of fences. */
const MOST_MARKS = 1000
/** Block markers at the head of one line: quotes and lists inside one another. */
const MOST_MARKERS = 32
/** Units of a word that the rule for mail addresses may try again at each of its signs. */
const LONGEST_WORD = 1000
const MOST_SIGNS = 50

const options = { gfm: true, breaks: true, tokenizer: new Rules() }

/** Returns the tokens of a markdown text, or undefined if it is to be shown as it is. */
export function tokensOf(body: string): Token[] | undefined {
  if (isTooComplex(body)) return
  startText()
  try {
    return Lexer.lex(body, options)
  } catch {
    return
  }
}

/** Reports whether a text has more marks than the rules can take. */
export function isTooComplex(body: string): boolean {
  if (body.length > MOST_UNITS) return true
  const fences = new Fences()
  let marks = 0
  for (const line of body.split('\n')) {
    if (markersOf(line) > MOST_MARKERS) return true
    if (fences.read(line)) continue
    marks += line.match(/[*_~]/g)?.length ?? 0
    if (marks > MOST_MARKS) return true
    if (line.length > LONGEST_WORD && line.split(/\s/).some(isSlowWord)) return true
  }
  return false
}

/** Counts the markers of quotes and lists at the head of a line. */
function markersOf(line: string): number {
  const marker = /[ \t]*(?:>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$))/y
  let count = 0
  while (count <= MOST_MARKERS && marker.test(line)) count++
  return count
}

function isSlowWord(word: string): boolean {
  if (word.length <= LONGEST_WORD) return false
  return word.includes('@') || (word.match(/[!\\<[`]/g)?.length ?? 0) > MOST_SIGNS
}
