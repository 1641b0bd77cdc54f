import type { Core } from '../../core'
import { MAX_PAIR_SECONDS } from '../../core/identity/pair-codes'
import type { PairCodeView } from '../../core/kernel/ports'
import { formatInstant } from '../../core/kernel/time'
import { type Endpoint, endpoint } from '../endpoint'
import { list, maybe, nullable, oneOf, Type, text } from '../schema'
import { idOf, instantSchema, listQuery, numberedPageOf, pageAnswer } from './wire'

const TTL_SECONDS = 600
const MIN_TTL_SECONDS = 60

const newDevice = Type.Object({
  device: text({
    minLength: 1,
    maxLength: 64,
    form: 'name',
    description: 'Label of the device; the prefixes browser- and viewer- choose default scopes',
  }),
  account_handle: maybe(
    text({ minLength: 1, maxLength: 64, description: 'Default: the only human who is a system admin' }),
  ),
  scopes: maybe(list(text(), { description: 'Default: by the label' })),
  actors: maybe(
    list(text({ maxLength: 64 }), { maxItems: 100, description: 'Handles that the device may act as' }),
  ),
  ttl_s: maybe(
    Type.Integer({ minimum: MIN_TTL_SECONDS, maximum: MAX_PAIR_SECONDS, description: 'Default 600' }),
  ),
  direct: maybe(Type.Boolean({ description: 'Returns the token itself instead of a code, for scripts' })),
})

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

/** Devices and pair codes, as managed by administrators. */
export function deviceEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/devices',
      who: 'admin',
      tag: 'Administration',
      summary: 'Create a pair code for one device, for one use; it is shown only here',
      body: newDevice,
      answers: { 201: { description: 'The code', schema: pairedSchema } },
      refusals: [
        'account_required',
        'account_not_found',
        'account_archived',
        'scopes_required',
        'invalid_scope',
        'invalid_handle',
        'quota_exceeded',
      ],
      showsSecret: true,
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.pairing.create(actor, {
              device: body.device,
              handle: body.account_handle ?? undefined,
              scopes: body.scopes ?? undefined,
              actors: body.actors ?? null,
              ttlSeconds: body.ttl_s ?? TTL_SECONDS,
              direct: body.direct ?? false,
            }),
          ({ code, account, secret }) => {
            const shown =
              'token' in secret
                ? { token: secret.token }
                : { code: secret.link, typed_code: `${secret.typed.slice(0, 4)}-${secret.typed.slice(4)}` }
            return { status: 201, json: { ...deviceJson(core, { code, account, token: null }), ...shown } }
          },
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/admin/devices',
      who: 'admin',
      tag: 'Administration',
      summary: 'List paired devices and open codes',
      query: Type.Object(listQuery),
      answers: {
        200: { description: 'A bare array in order of creation', schema: Type.Array(deviceSchema) },
      },
      refusals: ['invalid_cursor'],
      handle: async ({ actor, query }) => {
        return pageAnswer(core.pace, numberedPageOf(query), {
          read: (page) => core.pairing.list(actor, page),
          keyOf: ({ code }) => String(code.id),
          toJson: (device) => deviceJson(core, device),
        })
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/devices/:id/revoke',
      who: 'admin',
      tag: 'Administration',
      summary: 'Revoke a device: its code, token or session and its streams end',
      answers: { 200: { description: 'The device', schema: deviceSchema } },
      refusals: ['invalid_id', 'device_not_found'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.pairing.revoke(actor, idOf(params.id, 'device id')),
          (device) => ({ status: 200, json: deviceJson(core, device) }),
        ),
    }),
  ]
}

function deviceJson(core: Core, view: PairCodeView) {
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
