import type { Core } from '../../core'
import type { Account } from '../../core/kernel/entities'
import { type Endpoint, endpoint } from '../endpoint'
import { displayName, given, profileFields } from '../profile-wire'
import { maybe, Type, text } from '../schema'
import { accessSchema, profileSchema } from './schemas'

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
      path: '/v1/accounts/:handle',
      who: 'account',
      tag: 'You',
      summary: 'Show an account that shares a channel with you',
      answers: { 200: { description: 'The profile', schema: profileSchema } },
      refusals: ['account_not_found'],
      handle: async ({ actor, params }) => ({
        status: 200,
        json: profileJson(await core.profiles.find(actor, params.handle ?? '')),
      }),
    }),
  ]
}

function profileJson({ uuid, handle, kind, displayName, about, capabilities, residency }: Account) {
  return { id: uuid, handle, kind, display_name: displayName, about, capabilities, residency }
}
