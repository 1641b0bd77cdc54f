import type { Account, Channel } from '../../core/kernel/entities'
import { AppError } from '../../core/kernel/errors'
import { parseUuid, type Uuid } from '../../core/kernel/ids'
import type { ListPage, MembershipKey, MembershipView } from '../../core/kernel/ports'
import { formatInstant, type Micros } from '../../core/kernel/time'
import type { Pace } from '../../core/kernel/turns'
import type { Answer } from '../endpoint'
import { type LongList, renderPage } from '../long-list'
import { oneOf, Type, text } from '../schema'

/** The wire forms of the admin surface (docs/contract/admin.md#objects), and the parameters that its lists share. */

const PAGE = 1000
/** The number of a row: a seq or a table key. */
const PLACE = /^[1-9]\d{0,14}$/

export const listQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE })),
  cursor: Type.Optional(text({ description: 'The header Synapse-Next-Cursor of the previous page' })),
}

export const roleSchema = oneOf(['member', 'admin', 'read_only', 'read-only'])

export function roleOf(word: 'member' | 'admin' | 'read_only' | 'read-only') {
  return word === 'read-only' ? 'read_only' : word
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
  if (query.cursor !== undefined && !PLACE.test(page.after)) throw invalidCursor()
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

/**
 * Returns where a page of a newest-first list begins: before the number in the cursor, or at the newest. @throws
 * invalid_cursor
 */
export function seqBefore(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER
  if (!PLACE.test(cursor)) throw invalidCursor()
  return Number(cursor)
}

function invalidCursor(): AppError {
  return new AppError('invalid', 'invalid_cursor', 'Invalid cursor')
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

function instant(at: Micros | null): string | null {
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

export function channelJson({ channel, memberCount }: { channel: Channel; memberCount: number }) {
  return {
    id: channel.uuid,
    slug: channel.slug,
    name: channel.name,
    description: channel.description,
    kind: channel.kind,
    created_at: formatInstant(channel.createdAt),
    archived_at: instant(channel.archivedAt),
    topic: channel.description,
    settings: {},
    member_count: memberCount,
  }
}

export function membershipJson({ account, channel, role, joinedAt }: MembershipView) {
  return {
    account_handle: account.handle,
    channel_slug: channel.slug,
    role,
    joined_at: formatInstant(joinedAt),
  }
}

export const instantSchema = Type.String({ format: 'date-time' })
export const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

export const accountSchema = Type.Object({
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
})

export const channelSchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  slug: Type.String(),
  name: Type.String(),
  description: nullable(Type.String()),
  kind: oneOf(['public', 'private', 'dm']),
  created_at: instantSchema,
  archived_at: nullable(instantSchema),
  topic: nullable(Type.String()),
  settings: Type.Object({}),
  member_count: Type.Integer(),
})

export const membershipSchema = Type.Object({
  account_handle: Type.String(),
  channel_slug: Type.String(),
  role: oneOf(['admin', 'member', 'read_only']),
  joined_at: instantSchema,
})
