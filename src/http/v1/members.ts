import type { Core } from '../../core'
import { normalName } from '../../core/identity/accounts'
import { WAKE_REASONS } from '../../core/kernel/entities'
import { membershipJson, membershipSchema, roleOf, roleSchema } from '../channel-wire'
import { type Endpoint, endpoint } from '../endpoint'
import { ValidationError } from '../errors'
import { renderList } from '../long-list'
import { presenceJson } from '../presence-wire'
import { given } from '../profile-wire'
import { list, maybe, oneOf, Type, text } from '../schema'
import { membersSchema, preferencesSchema } from './channel-schemas'
import { administerErrors, readErrors } from './schemas'

const handle = text({ minLength: 1, maxLength: 64 })
const newMember = Type.Object({
  handle: maybe(handle),
  account_handle: maybe(text({ minLength: 1, maxLength: 64, description: 'Another name for handle' })),
  role: maybe(roleSchema),
})
const preferences = Type.Object({
  notify: maybe(
    oneOf(['all', 'mentions', 'none'], 'What counts and wakes: all, direct mentions, or nothing'),
  ),
  wake_on: maybe(list(oneOf(WAKE_REASONS), { maxItems: 20, description: 'null: as in all channels' })),
})

const slugOf = (params: Readonly<Record<string, string>>) => normalName(params.slug ?? '')
const handleOf = (params: Readonly<Record<string, string>>) => normalName(params.handle ?? '')

export function memberEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/channels/:slug/members',
      who: 'account',
      tag: 'Channels',
      summary: 'List the members of a channel',
      answers: { 200: { description: 'Active members, by handle', schema: membersSchema } },
      refusals: readErrors,
      handle: async ({ actor, params }) => {
        const members = await core.channels.members(actor, slugOf(params))
        const presences = await core.presenceView.of(members.map(({ account }) => account))
        const shown = members.map((member, i) => ({ ...member, presence: presences[i] }))
        const text = await renderList(core.pace, 'members', shown, ({ account, role, presence }) =>
          JSON.stringify({
            id: account.uuid,
            handle: account.handle,
            display_name: account.displayName,
            kind: account.kind,
            role,
            presence: presence && presenceJson(presence),
          }),
        )
        return { status: 200, text }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/channels/:slug/members',
      who: 'account',
      tag: 'Channels',
      summary: 'Add an account to a channel that you administer',
      body: newMember,
      answers: { 201: { description: 'The membership', schema: membershipSchema } },
      refusals: [
        ...administerErrors,
        'account_not_found',
        'account_erased',
        'already_member',
        'dm_membership_fixed',
        'quota_exceeded',
      ],
      handle: ({ params, body, once }) => {
        const handle = body.handle ?? body.account_handle
        if (!handle) throw handleMissing()
        return once(
          (actor) => core.members.add(actor, slugOf(params), handle, roleOf(body.role ?? 'member')),
          (added) => ({ status: 201, json: membershipJson(added) }),
        )
      },
    }),
    endpoint({
      method: 'PATCH',
      path: '/v1/channels/:slug/members/:handle',
      who: 'account',
      tag: 'Channels',
      summary: "Change a member's role in a channel that you administer",
      body: Type.Object({ role: roleSchema }),
      answers: { 200: { description: 'The membership', schema: membershipSchema } },
      refusals: [...administerErrors, 'membership_not_found', 'last_admin', 'dm_membership_fixed'],
      handle: async ({ actor, params, body }) => {
        const changed = await core.members.setRole(actor, slugOf(params), handleOf(params), roleOf(body.role))
        return { status: 200, json: membershipJson(changed) }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/channels/:slug/members/:handle',
      who: 'account',
      tag: 'Channels',
      summary: 'Remove a member from a channel that you administer, or yourself',
      answers: { 204: { description: 'Removed' } },
      refusals: [
        ...administerErrors,
        'membership_not_found',
        'last_admin',
        'dm_membership_fixed',
        'not_public',
      ],
      handle: async ({ actor, params }) => {
        await core.members.remove(actor, slugOf(params), handleOf(params))
        return { status: 204 }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/channels/:slug/leave',
      who: 'account',
      tag: 'Channels',
      summary: 'Leave a channel',
      answers: { 204: { description: 'You are no longer a member' } },
      refusals: [...readErrors, 'not_public', 'last_admin'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.members.leave(actor, slugOf(params)),
          () => ({ status: 204 }),
        ),
    }),
    endpoint({
      method: 'POST',
      path: '/v1/channels/:slug/join',
      who: 'account',
      tag: 'Channels',
      summary: 'Join a public channel; a member stays what it is',
      answers: { 200: { description: 'Your membership', schema: membershipSchema } },
      refusals: ['channel_not_found', 'channel_archived', 'not_public', 'missing_scope', 'quota_exceeded'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.members.join(actor, slugOf(params)),
          (joined) => ({ status: 200, json: membershipJson(joined) }),
        ),
    }),
    endpoint({
      method: 'PATCH',
      path: '/v1/channels/:slug/me',
      who: 'account',
      tag: 'Channels',
      summary: 'Change how a channel notifies you',
      body: preferences,
      answers: { 200: { description: 'Your preferences in this channel', schema: preferencesSchema } },
      refusals: readErrors,
      handle: async ({ actor, params, body }) => {
        const { notify, wakeOn } = await core.members.prefer(actor, slugOf(params), {
          ...given('notify', body.notify),
          // Null is a value of its own.
          ...(body.wake_on === undefined
            ? {}
            : { wakeOn: body.wake_on as (typeof WAKE_REASONS)[number][] | null }),
        })
        return { status: 200, json: { notify, wake_on: wakeOn } }
      },
    }),
  ]
}

function handleMissing(): ValidationError {
  const msg = 'Value error, handle is missing'
  return new ValidationError([{ type: 'value_error', loc: ['body', 'handle'], msg, input: null }])
}
