import type { RegistrationToken } from '../../core/matrix/registration-ports'
import { type Endpoint, endpoint } from '../endpoint'
import { instant, instantSchema } from '../instants'
import { listQuery, pageAnswer, pageOf } from '../list-pages'
import { maybe, named, nullable, Type, text } from '../schema'
import { endOf } from '../token-wire'
import { base, type MatrixAdminParts, tag } from './wire'

const one = `${base}/registration-tokens/:registration_token`

const tokenSchema = named(
  'MatrixRegistrationToken',
  Type.Object({
    token: Type.String(),
    uses_allowed: nullable(Type.Integer()),
    pending: Type.Integer({ description: 'Registrations under way that hold a use' }),
    completed: Type.Integer(),
    expires_at: nullable(instantSchema),
  }),
)

/** The tokens with which people register. */
export function registrationTokenEndpoints({ core, matrix }: MatrixAdminParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: `${base}/registration-tokens`,
      who: 'admin',
      tag,
      summary: 'List the registration tokens, except that of the configuration',
      query: Type.Object(listQuery),
      answers: {
        200: { description: 'A bare array in order of the tokens', schema: Type.Array(tokenSchema) },
      },
      refusals: ['invalid_cursor'],
      handle: ({ actor, query }) =>
        pageAnswer(core.pace, pageOf(query), {
          read: (page) => matrix().registrationTokens.list(actor, page),
          keyOf: ({ token }) => token,
          toJson: tokenJson,
        }),
    }),
    endpoint({
      method: 'PUT',
      path: one,
      who: 'admin',
      tag,
      summary: 'Make a registration token',
      description: 'The path has the token: 1 to 64 of A-Z a-z 0-9 . _ ~ -',
      body: Type.Object({
        uses_allowed: maybe(
          Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'Absent: without a limit' }),
        ),
        expires_at: maybe(text({ description: 'ISO 8601; absent = never' })),
      }),
      answers: { 201: { description: 'The token', schema: tokenSchema } },
      refusals: ['invalid_registration_token', 'registration_token_exists'],
      handle: async ({ actor, params, body }) => {
        const made = await matrix().registrationTokens.create(actor, {
          token: params.registration_token ?? '',
          usesAllowed: body.uses_allowed ?? null,
          expiresAt: endOf(body.expires_at),
        })
        return { status: 201, json: tokenJson(made) }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: one,
      who: 'admin',
      tag,
      summary: 'Revoke a registration token; registrations under way with it still end',
      answers: { 204: { description: 'It is gone' } },
      refusals: ['registration_token_not_found'],
      handle: async ({ actor, params }) => {
        await matrix().registrationTokens.revoke(actor, params.registration_token ?? '')
        return { status: 204 }
      },
    }),
  ]
}

function tokenJson({ token, usesAllowed, pending, completed, expiresAt }: RegistrationToken) {
  return { token, uses_allowed: usesAllowed, pending, completed, expires_at: instant(expiresAt) }
}
