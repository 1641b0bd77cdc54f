import type { IssuedToken } from '../core/identity/tokens'
import type { Account, Token } from '../core/kernel/entities'
import { formatInstant, type Micros } from '../core/kernel/time'
import { instant, parsedInstant } from './instants'
import { named, nullable, Type } from './schema'

/** The wire form of tokens (docs/contract/accounts.md#tokens). */

const instantSchema = Type.String({ format: 'date-time' })

export const tokenSchema = named(
  'Token',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    account_handle: Type.String(),
    scopes: Type.Array(Type.String()),
    created_at: instantSchema,
    last_used_at: nullable(instantSchema),
    revoked_at: nullable(instantSchema),
    name: nullable(Type.String()),
    expires_at: nullable(instantSchema),
    actors: nullable(Type.Array(Type.String(), { description: 'Handles that the holder may act as' })),
    device: nullable(Type.String({ description: 'Label of the paired device' })),
  }),
)

/** The only answer that shows the token itself. */
export const issuedSchema = named(
  'IssuedToken',
  Type.Composite([tokenSchema, Type.Object({ token: Type.String() })]),
)

export function tokenJson(token: Token, account: Pick<Account, 'handle'>) {
  return {
    id: token.uuid,
    account_handle: account.handle,
    scopes: token.scopes,
    created_at: formatInstant(token.createdAt),
    last_used_at: instant(token.lastUsedAt),
    revoked_at: instant(token.revokedAt),
    name: token.name,
    expires_at: instant(token.expiresAt),
    actors: token.actors,
    device: token.device,
  }
}

/** Renders that answer for the issuer. */
export function issuedAnswer({ token, account, secret }: IssuedToken) {
  return { status: 201, json: { ...tokenJson(token, account), token: secret } }
}

/** Parses the expiry of a new token; null = none. @throws 422 `datetime_parsing` */
export function endOf(text: string | null | undefined): Micros | null {
  return text ? parsedInstant(text, ['body', 'expires_at']) : null
}
