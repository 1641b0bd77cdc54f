import { mark } from '../mark'
import { Html, html } from './html'

export function logo(): Html {
  return new Html(`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">${mark}</svg>`)
}

const BOX = 50
const STEP = 58
const LEFT = 1

const events: readonly (readonly [seq: number, label: string, kind: string])[] = [
  [41, 'message', 'm'],
  [42, 'joined', 'o'],
  [43, 'message', 'm'],
  [44, 'message', 'm'],
  [45, 'role', 'o'],
  [46, 'message', 'm'],
]

/** Readers are drawn between two events; live ones are at the end, where the next event will be. */
const readers: readonly (readonly [
  after: number,
  row: number,
  label: string,
  anchor: 'start' | 'middle' | 'end',
])[] = [
  [2, 0, 'since=… continues from here', 'middle'],
  [4, 1, 'a stream catching up', 'middle'],
  [6, 0, 'wait, stream, socket', 'end'],
]

/** Draws the log and some readers at their positions. */
export function logPicture(): Html {
  const boxes = events.map(([seq, label, kind], i) => {
    const x = LEFT + i * STEP
    return html`<g class="event ${kind}"><rect x="${x}" y="22" width="${BOX}" height="40" rx="7"/><text class="seq" x="${x + BOX / 2}" y="39">${seq}</text><text class="label" x="${x + BOX / 2}" y="54">${label}</text></g>`
  })
  const next = LEFT + events.length * STEP
  const pointers = readers.map(([after, row, label, anchor]) => {
    const x = LEFT + after * STEP - (STEP - BOX) / 2
    const y = 96 + row * 22
    const at = anchor === 'end' ? x + 10 : x
    return html`<g class="reader"><path d="M${x} ${y - 12}V70m-4 6 4-7 4 7"/><text x="${at}" y="${y + 2}" text-anchor="${anchor}">${label}</text></g>`
  })
  return html`<figure class="picture"><svg viewBox="0 0 408 124" role="img" aria-label="Six numbered events in a row. Three readers point between them: one continues after the second, one catches up after the fourth, and readers that wait, stream or use a socket are after the last, where the next event will be.">
<text class="axis" x="${LEFT}" y="14">the log: all events, in one order</text>
${boxes}
<g class="event next"><rect x="${next}" y="22" width="${BOX}" height="40" rx="7"/><text class="label" x="${next + BOX / 2}" y="46">next</text></g>
${pointers}
</svg></figure>`
}
