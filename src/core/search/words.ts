/** A word of a text, and where it is: UTF-16 positions, the end exclusive. */
export interface Word {
  /** Folded: case and accents make no difference. */
  readonly text: string
  readonly start: number
  readonly end: number
  /** Whether it continues a run of characters that are written without blanks between words. */
  readonly isContinued: boolean
}

/** Longer words are cut. A query is no longer than this. */
export const MAX_WORD = 200

/** Letters of scripts without blanks between words. Each counts as a word, and a run of them in a query as a phrase. */
const UNSPACED =
  '[\\p{L}&&[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]]'
/** A letter without blanks; a pictogram; or letters and digits with their marks. All other characters separate. */
const WORD = new RegExp(
  `(${UNSPACED}\\p{M}*)|\\p{Extended_Pictographic}|[[\\p{L}\\p{N}]--${UNSPACED}][[\\p{L}\\p{N}\\p{M}]--${UNSPACED}]*`,
  'gv',
)

/**
 * Cuts a text into words and folds them. The index, queries and highlights all use this function, so both databases find
 * the same.
 */
export function wordsOf(text: string): Word[] {
  return ASCII.test(text) ? asciiWordsOf(text.toLowerCase()) : anyWordsOf(text)
}

/** Most texts are of this kind, and take a quarter of the time. */
function asciiWordsOf(text: string): Word[] {
  const words: Word[] = []
  for (const { 0: word, index: start } of text.matchAll(/[a-z0-9]+/g))
    words.push({ text: word.slice(0, MAX_WORD), start, end: start + word.length, isContinued: false })
  return words
}

function anyWordsOf(text: string): Word[] {
  const words: Word[] = []
  let unspacedEnd = -1
  for (const found of text.matchAll(WORD)) {
    const start = found.index
    const end = start + found[0].length
    const folded = fold(found[0])
    const isUnspaced = found[1] !== undefined
    if (folded !== '')
      words.push({ text: folded, start, end, isContinued: isUnspaced && start === unspacedEnd })
    if (isUnspaced) unspacedEnd = end
  }
  return words
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
const ASCII = /^[\x00-\x7f]*$/
/** Accents, variation selectors and enclosing marks; and what decomposition adds besides letters, digits and marks. */
const DROPPED = /[\u0300-\u036f\ufe00-\ufe0f\u20d0-\u20ff]|[^\p{L}\p{N}\p{M}\p{Extended_Pictographic}]/gu

/** Words that were folded: folding takes ten times as long as finding the word. */
const folds = new Map<string, string>()
const MAX_FOLDS = 10_000
/** A longer string may share the memory of the text that it was cut from, and would keep it. */
const MAX_REMEMBERED = 10

function fold(word: string): string {
  if (ASCII.test(word)) return word.toLowerCase().slice(0, MAX_WORD)
  const known = folds.get(word)
  if (known !== undefined) return known
  const folded = foldAnew(word)
  if (word.length <= MAX_REMEMBERED) {
    if (folds.size >= MAX_FOLDS) folds.clear()
    folds.set(word, folded)
  }
  return folded
}

function foldAnew(word: string): string {
  const bare = word.toLowerCase().normalize('NFKD').replace(DROPPED, '').normalize('NFC').replaceAll('ς', 'σ')
  // NFKD may produce capitals.
  const folded = bare.toLowerCase()
  return folded.length <= MAX_WORD ? folded : [...folded].slice(0, MAX_WORD).join('')
}
