import { parseUuid, type Seq, ULID_PATTERN, type Uuid } from '../kernel/ids'
import { type Micros, parseInstant } from '../kernel/time'

/**
 * A cursor as a client sent it. `position` is the current form; `moment` is the form of the earlier server, which names
 * a message by time and id. Both are positions in the log (docs/contract/log.md#cursors).
 */
export type Cursor =
  | { readonly kind: 'oldest' }
  | { readonly kind: 'now' }
  | { readonly kind: 'position'; readonly epoch: string; readonly seq: Seq }
  | { readonly kind: 'moment'; readonly at: Micros; readonly message: Uuid }

/** Formats a cursor: base64url without padding of `2|<epoch>|<seq>`. */
export function formatCursor(epoch: string, seq: Seq): string {
  return btoa(`2|${epoch}|${seq}`).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

/** Parses both forms and the words `oldest` and `now`. Returns undefined for any other text. */
export function parseCursor(text: string): Cursor | undefined {
  if (text === 'oldest' || text === 'now') return { kind: text }
  let decoded: string
  try {
    decoded = atob(text.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, ''))
  } catch {
    return undefined
  }
  const parts = decoded.split('|')
  if (parts.length === 3 && parts[0] === '2') {
    const [, epoch = '', digits = ''] = parts
    if (!ULID_PATTERN.test(epoch) || !/^(0|[1-9]\d{0,15})$/.test(digits)) return undefined
    const seq = Number(digits)
    return Number.isSafeInteger(seq) ? { kind: 'position', epoch, seq } : undefined
  }
  if (parts.length !== 2) return undefined
  const at = parseInstant(parts[0] ?? '')
  const message = parseUuid(parts[1] ?? '')
  return at === undefined || message === undefined ? undefined : { kind: 'moment', at, message }
}
