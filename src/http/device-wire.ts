/** The wire forms of devices and their pair codes (docs/contract/pairing.md#codes). */
import type { Core } from '../core'
import { MAX_PAIR_SECONDS } from '../core/identity/pair-codes'
import type { Paired } from '../core/identity/pairing'
import type { PairCodeView } from '../core/kernel/ports'
import { formatInstant } from '../core/kernel/time'
import { maybe, nullable, oneOf, Type, text } from './schema'

/** How long a code can be redeemed, unless the request says otherwise. */
export const CODE_SECONDS = 600
const MIN_CODE_SECONDS = 60

export const deviceLabel = text({
  minLength: 1,
  maxLength: 64,
  form: 'name',
  description: 'Label of the device; the prefixes browser- and viewer- choose default scopes',
})

export const codeSeconds = maybe(
  Type.Integer({ minimum: MIN_CODE_SECONDS, maximum: MAX_PAIR_SECONDS, description: 'Default 600' }),
)

const instantSchema = Type.String({ format: 'date-time' })

export const deviceSchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  device: Type.String(),
  account_handle: Type.String(),
  account_kind: oneOf(['human', 'agent']),
  scopes: Type.Array(Type.String()),
  actors: nullable(Type.Array(Type.String())),
  state: oneOf(['active', 'redeemed', 'expired', 'revoked', 'locked']),
  created_at: instantSchema,
  expires_at: Type.String({ format: 'date-time', description: 'When the code expires' }),
  token_id: nullable(Type.String({ format: 'uuid' })),
  last_used_at: nullable(instantSchema),
})

export const pairedSchema = Type.Composite([
  deviceSchema,
  Type.Object({
    code: Type.Optional(Type.String({ description: 'The code in the link' })),
    typed_code: Type.Optional(Type.String()),
    token: Type.Optional(Type.String({ description: 'With `direct`' })),
  }),
])

/** A new code or token with its secret. */
export function pairedJson(core: Core, { code, account, secret }: Paired) {
  const shown =
    'token' in secret
      ? { token: secret.token }
      : { code: secret.link, typed_code: `${secret.typed.slice(0, 4)}-${secret.typed.slice(4)}` }
  return { ...deviceJson(core, { code, account, token: null }), ...shown }
}

export function deviceJson(core: Core, view: PairCodeView) {
  const { code, account } = view
  const token = view.token && core.usage.ofToken(view.token)
  return {
    id: code.uuid,
    device: code.device,
    account_handle: account.handle,
    account_kind: account.kind,
    scopes: code.scopes,
    actors: code.actors,
    state: core.pairing.stateOf(view),
    created_at: formatInstant(code.createdAt),
    expires_at: formatInstant(code.expiresAt),
    token_id: token?.uuid ?? null,
    last_used_at: token?.lastUsedAt ? formatInstant(token.lastUsedAt) : null,
  }
}
