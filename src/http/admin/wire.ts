import type { MembershipKey } from '../../core/kernel/channel-ports'
import type { Account } from '../../core/kernel/entities'
import { AppError } from '../../core/kernel/errors'
import { parseUuid, type Uuid } from '../../core/kernel/ids'
import type { ListPage } from '../../core/kernel/ports'
import { formatInstant, type Micros } from '../../core/kernel/time'
import type { Pace } from '../../core/kernel/turns'
import type { Answer } from '../endpoint'
import { type LongList, renderPage } from '../long-list'
import { presenceSchema } from '../presence-wire'
import { invalidCursor, isRow } from '../row-cursor'
import { named, nullable, oneOf, Type, text } from '../schema'

/** The wire forms of the admin surface (docs/contract/admin.md#objects), and the parameters that its lists share. */

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

/** Parses the number of a row in a path. @throws not_found */
export function rowIdOf(text: string | undefined): number {
  if (text === undefined || !isRow(text)) throw new AppError('not_found', 'not_found', 'Not Found')
  return Number(text)
}

/** @throws invalid_id, with the text of the earlier server */
export function idOf(
  value: string | undefined,
  what: 'account id' | 'channel id' | 'device id' | 'token id' | 'id',
): Uuid {
  const uuid = parseUuid(value ?? '')
  if (!uuid) throw new AppError('invalid', 'invalid_id', `Invalid ${what}`)
  return uuid
}

export function instant(at: Micros | null): string | null {
  return at === null ? null : formatInstant(at)
}

export function accountJson(account: Account, lastSeenAt: Micros | null) {
  return {
    id: account.uuid,
    handle: account.handle,
    kind: account.kind,
    display_name: account.displayName,
    email: account.email,
    created_at: formatInstant(account.createdAt),
    archived_at: instant(account.archivedAt),
    is_admin: account.isAdmin,
    chain_limit: account.chainLimit,
    about: account.about,
    capabilities: account.capabilities,
    residency: account.residency,
    last_seen_at: instant(lastSeenAt),
  }
}

export const instantSchema = Type.String({ format: 'date-time' })

export const accountSchema = named(
  'Account',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    handle: Type.String(),
    kind: oneOf(['human', 'agent']),
    display_name: Type.String(),
    email: nullable(Type.String()),
    created_at: instantSchema,
    archived_at: nullable(instantSchema),
    is_admin: Type.Boolean(),
    chain_limit: nullable(Type.Integer()),
    about: Type.String(),
    capabilities: Type.Array(Type.String()),
    residency: oneOf(['continuous', 'episodic']),
    last_seen_at: nullable(instantSchema),
  }),
)

export const listedAccountSchema = Type.Composite([
  accountSchema,
  Type.Object({
    channel_count: Type.Integer({ description: 'Channels, without archived ones and direct conversations' }),
    token_used_at: nullable(
      Type.String({ format: 'date-time', description: 'The last use of one of its tokens' }),
    ),
    presence: presenceSchema,
  }),
])
