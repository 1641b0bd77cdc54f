// What stands in a timeline, line by line: pure, from messages in their order to rows.
import type { Message } from '@synapse/client'

/** Messages of one sender that are at most so far apart are one block. */
const BLOCK_MS = 5 * 60_000

export interface MessageRow {
  readonly kind: 'message'
  /** Stays the same while a message that is sent from here becomes one of the server. */
  readonly key: string
  /** The id of the message; null for one that is not on the server yet. */
  readonly id: string | null
  /** Whether it begins a block and so shows its sender. */
  readonly isHead: boolean
}

export type Row =
  | MessageRow
  | { readonly kind: 'day'; readonly key: string; readonly at: string }
  | { readonly kind: 'new'; readonly key: 'new'; readonly count: number }
  | { readonly kind: 'gap'; readonly key: string; readonly text: string }

/** What of a message decides where it stands. */
export type Placed = Pick<Message, 'sender_id' | 'created_at' | 'kind' | 'via' | 'priority'>

export type Item =
  | { readonly kind: 'message'; readonly key: string; readonly id: string | null; readonly message: Placed }
  | { readonly kind: 'gap'; readonly key: string; readonly text: string }

export interface NewLine {
  /** The first message that is new, by its id. */
  readonly before: string
  readonly count: number
}

/** The rows of messages and gaps, oldest first: days, the line before what is new, and where blocks begin. */
export function rowsOf(items: readonly Item[], newLine?: NewLine): Row[] {
  const rows: Row[] = []
  let day = ''
  let before: Placed | undefined
  for (const item of items) {
    if (item.kind === 'gap') {
      rows.push(item)
      before = undefined
      continue
    }
    const { key, id, message } = item
    const today = dayKey(message.created_at)
    if (today !== day) {
      rows.push({ kind: 'day', key: `day ${today}`, at: message.created_at })
      day = today
      before = undefined
    }
    if (newLine && newLine.before === id) {
      rows.push({ kind: 'new', key: 'new', count: newLine.count })
      before = undefined
    }
    rows.push({ kind: 'message', key, id, isHead: !continues(before, message) })
    before = message
  }
  return rows
}

function continues(before: Placed | undefined, message: Placed): boolean {
  return (
    before !== undefined &&
    before.sender_id === message.sender_id &&
    before.via === message.via &&
    before.kind === message.kind &&
    message.kind === 'message' &&
    message.priority !== 'urgent' &&
    Date.parse(message.created_at) - Date.parse(before.created_at) <= BLOCK_MS
  )
}

/** The day of an instant here, as `2026-3-12`. */
function dayKey(at: string): string {
  const date = new Date(at)
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`
}
