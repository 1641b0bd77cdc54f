/** The pages of lists for administrators: their parameters, and the answer, a bare array. */
import type { MembershipKey } from '../core/kernel/channel-ports'
import type { ListPage } from '../core/kernel/ports'
import type { Pace } from '../core/kernel/turns'
import type { Answer } from './endpoint'
import { type LongList, renderPage } from './long-list'
import { invalidCursor, isRow } from './row-cursor'
import { Type, text } from './schema'

const PAGE = 1000

export const listQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE })),
  cursor: Type.Optional(text({ description: 'The header Synapse-Next-Cursor of the previous page' })),
}

/** Parses the parameters of a list's page. @throws invalid_cursor */
export function pageOf({ limit, cursor }: { limit?: number; cursor?: string }): ListPage {
  const after = cursor === undefined ? '' : Buffer.from(cursor, 'base64url').toString()
  // Postgres accepts no NUL in text, and no key contains unprintable characters.
  if (/[\p{Cc}\ufffd]/u.test(after)) throw invalidCursor()
  return { after, limit: limit ?? PAGE }
}

/** The same for a list ordered by number; its cursors hold the number. @throws invalid_cursor */
export function numberedPageOf(query: { limit?: number; cursor?: string }): ListPage {
  const page = pageOf(query)
  if (query.cursor !== undefined && !isRow(page.after)) throw invalidCursor()
  return page
}

/** The same for memberships; their cursors hold a slug and a handle. @throws invalid_cursor */
export function membershipPageOf(query: { limit?: number; cursor?: string }): {
  readonly after: MembershipKey | null
  readonly limit: number
} {
  const { after, limit } = pageOf(query)
  const [slug, handle, ...rest] = after.split(' ')
  if (query.cursor === undefined) return { after: null, limit }
  if (!slug || !handle || rest.length > 0) throw invalidCursor()
  return { after: [slug, handle], limit }
}

/** Answers with a bare array; a header names the next page if there is one. */
export async function pageAnswer<Key extends string | MembershipKey | null, Row>(
  pace: Pace,
  page: { readonly after: Key; readonly limit: number },
  list: LongList<Key, Row>,
): Promise<Answer> {
  const { text, last } = await renderPage(pace, page, list)
  const cursor = typeof last === 'string' ? last : last?.join(' ')
  const headers: Record<string, string> =
    cursor === undefined ? {} : { 'synapse-next-cursor': Buffer.from(cursor).toString('base64url') }
  return { status: 200, text, headers }
}
