import type { Core } from '../../core'
import { membershipJson, membershipSchema, roleOf, roleSchema } from '../channel-wire'
import { type Endpoint, endpoint } from '../endpoint'
import { listQuery, membershipPageOf, pageAnswer } from '../list-pages'
import { maybe, Type, text } from '../schema'
import { idOf } from './wire'

const newMembership = Type.Object({
  account_handle: text({ minLength: 1, maxLength: 64 }),
  channel_slug: text({ minLength: 1, maxLength: 64 }),
  role: maybe(roleSchema),
})
const filter = Type.Object({
  account: Type.Optional(text({ description: 'Handle' })),
  channel: Type.Optional(text({ description: 'Slug' })),
  ...listQuery,
})

export function membershipEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/admin/memberships',
      who: 'admin',
      tag: 'Administration',
      summary: 'List memberships, by channel and handle',
      query: filter,
      answers: { 200: { description: 'A bare array', schema: Type.Array(membershipSchema) } },
      refusals: ['account_not_found', 'channel_not_found', 'invalid_cursor'],
      handle: async ({ actor, query }) => {
        const filter = {
          ...(query.account === undefined ? {} : { handle: query.account }),
          ...(query.channel === undefined ? {} : { slug: query.channel }),
        }
        return pageAnswer(core.pace, membershipPageOf(query), {
          read: (page) => core.memberships.list(actor, filter, page),
          keyOf: ({ channel, account }) => [channel.slug, account.handle],
          toJson: membershipJson,
        })
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/memberships',
      who: 'admin',
      tag: 'Administration',
      summary: 'Add an account to a channel',
      body: newMembership,
      answers: { 201: { description: 'The membership', schema: membershipSchema } },
      refusals: [
        'account_not_found',
        'channel_not_found',
        'account_erased',
        'already_member',
        'dm_membership_fixed',
        'quota_exceeded',
      ],
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.memberships.add(
              actor,
              body.account_handle,
              body.channel_slug,
              roleOf(body.role ?? 'member'),
            ),
          (added) => ({ status: 201, json: membershipJson(added) }),
        ),
    }),
    endpoint({
      method: 'PATCH',
      path: '/v1/admin/memberships/:account_id/:channel_id',
      who: 'admin',
      tag: 'Administration',
      summary: "Change a member's role",
      body: Type.Object({ role: roleSchema }),
      answers: { 200: { description: 'The membership', schema: membershipSchema } },
      refusals: ['invalid_id', 'membership_not_found', 'dm_membership_fixed'],
      handle: async ({ actor, params, body }) => {
        const [account, channel] = [idOf(params.account_id, 'id'), idOf(params.channel_id, 'id')]
        return {
          status: 200,
          json: membershipJson(await core.memberships.setRole(actor, account, channel, roleOf(body.role))),
        }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/admin/memberships/:account_id/:channel_id',
      who: 'admin',
      tag: 'Administration',
      summary: 'Remove an account from a channel',
      answers: { 204: { description: 'Removed' } },
      refusals: ['invalid_id', 'membership_not_found', 'dm_membership_fixed'],
      handle: async ({ actor, params }) => {
        await core.memberships.remove(actor, idOf(params.account_id, 'id'), idOf(params.channel_id, 'id'))
        return { status: 204 }
      },
    }),
  ]
}
