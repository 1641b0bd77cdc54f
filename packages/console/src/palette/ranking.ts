import UFuzzy from '@leeoniya/ufuzzy'

/** What the palette offers. */
export type Kind = 'conversation' | 'person' | 'agent' | 'act' | 'search'

export interface Rankable {
  readonly kind: Kind
  /** What is shown. */
  readonly label: string
  /** Other words that find it. */
  readonly also?: string
}

/** What was typed: a prefix that narrows it to one kind, and the rest. */
export interface Needle {
  readonly kinds: readonly Kind[] | undefined
  readonly words: string
}

const PREFIXES: Readonly<Record<string, readonly Kind[]>> = {
  '>': ['act'],
  '@': ['person', 'agent'],
  '#': ['conversation'],
}

const MOST = 30
const fuzzy = new UFuzzy({ intraMode: 1, intraIns: 1 })

export function needleOf(text: string): Needle {
  const trimmed = text.trimStart()
  const kinds = PREFIXES[trimmed[0] ?? '']
  return { kinds, words: (kinds ? trimmed.slice(1) : trimmed).trim() }
}

/**
 * Those that fit, the best first and at most 30. Without words: those that are given first. A label goes before the other
 * words of an item, and an act behind what has the same rank.
 */
export function rank<Item extends Rankable>(items: readonly Item[], { kinds, words }: Needle): Item[] {
  const among = kinds ? items.filter(({ kind }) => kinds.includes(kind)) : items
  if (words === '') return among.slice(0, MOST)
  const byLabel = found(among, words, ({ label }) => label)
  const others = among.filter((item) => !byLabel.includes(item))
  return [...byLabel, ...found(others, words, ({ label, also = '' }) => `${label} ${also}`)].slice(0, MOST)
}

function found<Item extends Rankable>(
  items: readonly Item[],
  words: string,
  textOf: (item: Item) => string,
): Item[] {
  const texts = UFuzzy.latinize(items.map(textOf))
  // `rel42` finds release-42.
  const apart = words.replaceAll(/(?<=\p{L})(?=\d)|(?<=\d)(?=\p{L})/gu, ' ')
  const [indexes, info, order] = fuzzy.search(texts, UFuzzy.latinize([apart])[0] ?? apart, 1)
  if (!indexes) return []
  const ordered = order && info ? order.map((at) => info.idx[at] ?? -1) : indexes
  return ordered.flatMap((index) => items[index] ?? [])
}
