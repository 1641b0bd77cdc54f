import type { Core } from '../../core'
import type { Account } from '../../core/kernel/entities'
import { type Endpoint, endpoint } from '../endpoint'
import { presenceJson } from '../presence-wire'
import { displayName, given, profileFields } from '../profile-wire'
import { maybe, oneOf, Type, text } from '../schema'
import { accessSchema, accountsSchema, profileSchema, shownProfileSchema } from './schemas'
import { accountRef } from './wire'

export function meEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'PATCH',
      path: '/v1/me',
      who: 'account',
      tag: 'You',
      summary: 'Change your profile; null leaves a field unchanged',
      body: Type.Object({ display_name: maybe(displayName), ...profileFields }),
      answers: { 200: { description: 'Your profile', schema: profileSchema } },
      refusals: ['humans_only', 'missing_scope'],
      handle: async ({ actor, body }) => {
        const account = await core.profiles.update(actor, {
          ...given('displayName', body.display_name),
          ...given('about', body.about),
          ...given('capabilities', body.capabilities),
          ...given('residency', body.residency),
        })
        return { status: 200, json: profileJson(account) }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/me/access',
      who: 'account',
      tag: 'You',
      summary: 'Show each access check of a channel for you, and how to fix a failed one',
      query: Type.Object({ channel: text({ minLength: 1 }) }),
      answers: {
        200: { description: 'The checks in order', schema: accessSchema },
      },
      handle: async ({ actor, query }) => {
        const { slug, visible, archived, gates, fix } = await core.access.explain(actor, query.channel)
        return { status: 200, json: { channel: slug, visible, archived, gates, fix } }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/accounts',
      who: 'account',
      tag: 'You',
      summary: 'Find accounts that share a channel with you, by handle; for system admins, all',
      query: Type.Object({
        q: Type.Optional(
          text({ maxLength: 64, description: 'Beginning of a handle, or of a word of the display name' }),
        ),
        kind: Type.Optional(oneOf(['human', 'agent'])),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, description: 'Default 20' })),
      }),
      answers: { 200: { description: 'By handle', schema: accountsSchema } },
      handle: async ({ actor, query }) => {
        const { q = '', kind = null, limit = 20 } = query
        const found = await core.accountDirectory.find(actor, { q, kind, limit })
        const presences = await core.presenceView.of(found)
        const accounts = presences.map((presence) => ({
          ...accountRef(presence.account),
          presence: presenceJson(presence),
        }))
        return { status: 200, json: { accounts } }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/accounts/:handle',
      who: 'account',
      tag: 'You',
      summary: 'Show an account that shares a channel with you',
      answers: { 200: { description: 'The profile', schema: shownProfileSchema } },
      refusals: ['account_not_found'],
      handle: async ({ actor, params }) => {
        const account = await core.profiles.find(actor, params.handle ?? '')
        const presence = presenceJson(await core.presenceView.ofOne(account))
        return { status: 200, json: { ...profileJson(account), presence } }
      },
    }),
  ]
}

function profileJson({ uuid, handle, kind, displayName, about, capabilities, residency }: Account) {
  return { id: uuid, handle, kind, display_name: displayName, about, capabilities, residency }
}
