import { visibleText } from './names'

/** A found place: where it begins and how long it is, in code points. */
export type Range = readonly [start: number, length: number]

/** A text with what was found in it marked. Ranges that overlap, or lie outside of the text, are cut. */
export function Highlighted({ text, ranges }: { readonly text: string; readonly ranges: readonly Range[] }) {
  return <>{piecesOf(text, ranges).map(({ words, isFound }) => (isFound ? <mark>{words}</mark> : words))}</>
}

/** Cuts a text at ranges of code points. */
export function piecesOf(text: string, ranges: readonly Range[]): { words: string; isFound: boolean }[] {
  const points = [...text]
  const pieces: { words: string; isFound: boolean }[] = []
  let end = 0
  const add = (to: number, isFound: boolean) => {
    if (to > end) pieces.push({ words: visibleText(points.slice(end, to).join('')), isFound })
    end = Math.max(end, to)
  }
  for (const [start, length] of [...ranges].sort(([one], [other]) => one - other)) {
    add(Math.min(start, points.length), false)
    add(Math.min(start + length, points.length), true)
  }
  add(points.length, false)
  return pieces
}
