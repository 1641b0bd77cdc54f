// Where a long text is cut.
import type { Message } from '@synapse/client'
import { Fences } from '../text/fences'

/** Bodies of more lines than this are folded. Agents write more than one reads. */
const LONG = { agent: 24, human: 60 } as const
/** How many lines of a folded body are visible. */
const VISIBLE = 12
/** Characters in a line of the widest timeline. */
const WIDTH = 90

export interface Cut {
  /** The lines of the whole text, as they wrap in the widest timeline. */
  readonly lines: number
  /** What stays visible, and what does not: texts of their own, a cut block of code is closed and begun anew. */
  readonly head: string
  readonly rest: string
}

/** Where a body is cut, or undefined if all of it is shown. */
export function cutOf({ body, sender_kind }: Pick<Message, 'body' | 'sender_kind'>): Cut | undefined {
  const lines = body.split('\n')
  splitFirst(lines)
  const heights = lines.map((line) => Math.max(1, Math.ceil(line.length / WIDTH)))
  const height = heights.reduce((sum, one) => sum + one, 0)
  if (height <= LONG[sender_kind]) return undefined
  const fences = new Fences()
  let opening: string | undefined
  let end = 0
  let blank = 0
  for (let shown = 0; end < lines.length; end++) {
    const line = lines[end] ?? ''
    shown += heights[end] ?? 1
    if (shown > VISIBLE && end > 0) break
    const isCode = fences.read(line)
    opening = fences.isOpen ? (opening ?? line) : undefined
    if (!isCode && line.trim() === '') blank = end
  }
  // Between two paragraphs, if one ends there.
  if (opening === undefined && blank >= VISIBLE / 2) end = blank
  const [head, rest] = [lines.slice(0, end), lines.slice(end)]
  if (opening === undefined) return { lines: height, head: head.join('\n'), rest: rest.join('\n') }
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(opening)?.[1] ?? '```'
  return { lines: height, head: [...head, fence].join('\n'), rest: [opening, ...rest].join('\n') }
}

/** A first line that is longer than what is visible becomes two. */
function splitFirst(lines: string[]): void {
  const [first = ''] = lines
  if (first.length <= VISIBLE * WIDTH) return
  const space = first.lastIndexOf(' ', VISIBLE * WIDTH)
  const at = space > 0 ? space : VISIBLE * WIDTH
  lines.splice(0, 1, first.slice(0, at), first.slice(at).trimStart())
}
