import type { Core } from '../../core'
import { type Endpoint, endpoint } from '../endpoint'
import { listQuery, numberedPageOf, pageAnswer } from '../list-pages'
import { tokenName } from '../profile-wire'
import { list, maybe, Type, text } from '../schema'
import { endOf, issuedAnswer, issuedSchema, tokenJson, tokenSchema } from '../token-wire'
import { idOf } from './wire'

const newToken = Type.Object({
  account_handle: text({ minLength: 1, maxLength: 64 }),
  scopes: list(text(), { description: 'At least one, for example channel:general:read' }),
  name: maybe(tokenName),
  expires_at: maybe(text({ description: 'ISO 8601; absent = never' })),
  actors: maybe(
    list(text({ maxLength: 64 }), {
      maxItems: 100,
      description:
        'Handles that the holder may act as (`X-Synapse-Actor`); * = everyone except system admins',
    }),
  ),
})

export function tokenEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/admin/tokens',
      who: 'admin',
      tag: 'Administration',
      summary: "List an account's tokens, revoked ones included",
      query: Type.Object({ account: text({ minLength: 1, description: 'Handle' }), ...listQuery }),
      answers: { 200: { description: 'A bare array in order of creation', schema: Type.Array(tokenSchema) } },
      refusals: ['account_not_found', 'invalid_cursor'],
      handle: async ({ actor, query }) => {
        return pageAnswer(core.pace, numberedPageOf(query), {
          read: async (page) => {
            const { account, tokens } = await core.tokens.list(actor, query.account, page)
            return tokens.map((token) => ({ account, token }))
          },
          keyOf: ({ token }) => String(token.id),
          toJson: ({ account, token }) => tokenJson(core.usage.ofToken(token), account),
        })
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/tokens',
      who: 'admin',
      tag: 'Administration',
      summary: 'Issue a token to an agent; it is shown only here',
      body: newToken,
      answers: {
        201: { description: 'The token', schema: issuedSchema },
      },
      refusals: [
        'account_not_found',
        'account_erased',
        'tokens_for_agents_only',
        'scopes_required',
        'invalid_scope',
        'invalid_handle',
        'quota_exceeded',
      ],
      showsSecret: true,
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.tokens.issue(actor, {
              handle: body.account_handle,
              scopes: body.scopes,
              name: body.name ?? null,
              expiresAt: endOf(body.expires_at),
              actors: body.actors ?? null,
            }),
          issuedAnswer,
        ),
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/tokens/:id/revoke',
      who: 'admin',
      tag: 'Administration',
      summary: 'Revoke a token: its next request fails and its streams close',
      answers: { 200: { description: 'The token', schema: tokenSchema } },
      refusals: ['invalid_id', 'token_not_found'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.tokens.revoke(actor, idOf(params.id, 'token id')),
          ({ token, account }) => ({ status: 200, json: tokenJson(core.usage.ofToken(token), account) }),
        ),
    }),
  ]
}
