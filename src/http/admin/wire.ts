import type { Account } from '../../core/kernel/entities'
import { AppError } from '../../core/kernel/errors'
import { parseUuid, type Uuid } from '../../core/kernel/ids'
import { formatInstant, type Micros } from '../../core/kernel/time'
import { instant, instantSchema } from '../instants'
import { presenceSchema } from '../presence-wire'
import { isRow } from '../row-cursor'
import { named, nullable, oneOf, Type } from '../schema'

/** The wire forms of the admin surface (docs/contract/admin.md#objects). */

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
