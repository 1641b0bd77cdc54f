import type { Core } from '../../core'
import { type Endpoint, endpoint } from '../endpoint'
import { displayName, tokenName } from '../profile-wire'
import { list, maybe, Type, text } from '../schema'

const newcomer = Type.Object({
  handle: text({ minLength: 1, maxLength: 64 }),
  channels: list(text({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 50 }),
  display_name: maybe(displayName),
  read_only: maybe(Type.Boolean()),
  token_name: maybe(tokenName),
})

export const onboardedSchema = Type.Object({
  handle: Type.String(),
  account_created: Type.Boolean(),
  channels_joined: Type.Array(Type.String()),
  channels_already_member: Type.Array(Type.String({ description: 'slug(role)' })),
  token_scopes: Type.Array(Type.String()),
  token_id: Type.String(),
  token: Type.String(),
})

export function onboardEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/onboard',
      who: 'admin',
      tag: 'Administration',
      summary: 'Onboard an agent: account, memberships and a token, all or nothing',
      body: newcomer,
      answers: {
        201: {
          description: 'What was created and what existed; the token is shown once',
          schema: onboardedSchema,
        },
      },
      refusals: [
        'channel_not_found',
        'invalid_handle',
        'tokens_for_agents_only',
        'account_archived',
        'quota_exceeded',
        'dm_membership_fixed',
      ],
      showsSecret: true,
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.onboarding.onboard(actor, {
              handle: body.handle,
              channels: body.channels,
              ...(body.display_name ? { displayName: body.display_name } : {}),
              readOnly: body.read_only ?? false,
              tokenName: body.token_name ?? null,
            }),
          (done) => ({
            status: 201,
            json: {
              handle: done.account.handle,
              account_created: done.created,
              channels_joined: done.joined,
              channels_already_member: done.already.map(({ slug, role }) => `${slug}(${role})`),
              token_scopes: done.scopes,
              token_id: done.tokenId,
              token: done.secret,
            },
          }),
        ),
    }),
  ]
}
