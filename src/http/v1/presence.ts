import type { Core } from '../../core'
import type { PresenceRequest } from '../../core/coordination/presences'
import { normalName } from '../../core/identity/accounts'
import { PRESENCE_STATES } from '../../core/kernel/coordination-ports'
import { type Endpoint, endpoint } from '../endpoint'
import { ValidationError } from '../errors'
import { renderList } from '../long-list'
import { presenceJson, presenceSchema } from '../presence-wire'
import { maybe, oneOf, type Static, Type, text } from '../schema'
import { instance, instanceName, note } from './lease-fields'
import { presencesSchema, readErrors } from './schemas'

/** The fields of a request, and of the frame of a socket. */
export const presenceFields = {
  state: oneOf([...PRESENCE_STATES, 'offline'], '`offline` ends the lease of this instance'),
  note,
  ttl_s: maybe(
    Type.Integer({ minimum: 15, maximum: 3600, description: 'Seconds for which it holds; default 120' }),
  ),
  instance,
}
const fields = Type.Object(presenceFields)

const listQuery = Type.Object({
  channel: Type.Optional(text({ minLength: 1, maxLength: 64, description: 'Slug: its members' })),
  handle: Type.Optional(text({ minLength: 1, maxLength: 64, description: 'One account' })),
})

/** Presence: who is there, and what they do (docs/contract/coordination.md#presence). */
export function presenceEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'PUT',
      path: '/v1/presence',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Presence',
      summary: 'Say what you are doing, for a while',
      body: fields,
      answers: { 200: { description: 'Your presence', schema: presenceSchema } },
      refusals: ['quota_exceeded', 'storage_full'],
      handle: async ({ actor, body }) => ({
        status: 200,
        json: presenceJson(await core.presences.set(actor, presenceRequest(body))),
      }),
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/presence',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Presence',
      summary: 'End your presence, of one instance or of all',
      query: Type.Object({ instance: Type.Optional(instanceName('One of your programs; default: all')) }),
      answers: { 204: { description: 'Done' } },
      refusals: ['storage_full'],
      handle: async ({ actor, query }) => {
        await core.presences.clear(actor, query.instance ?? null)
        return { status: 204 }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/presence',
      who: 'account',
      tag: 'Presence',
      summary: 'Show who is there: the members of a channel, or one account that shares a channel with you',
      query: listQuery,
      answers: { 200: { description: 'By handle', schema: presencesSchema } },
      refusals: [...readErrors, 'account_not_found'],
      handle: async ({ actor, query: { channel, handle } }) => {
        if ((channel === undefined) === (handle === undefined)) throw eitherMissing()
        const accounts =
          channel === undefined
            ? [await core.profiles.find(actor, handle ?? '')]
            : (await core.channels.members(actor, normalName(channel))).map(({ account }) => account)
        const presences = await core.presenceView.of(accounts)
        const toText = (presence: (typeof presences)[number]) => JSON.stringify(presenceJson(presence))
        return { status: 200, text: await renderList(core.pace, 'presence', presences, toText) }
      },
    }),
  ]
}

export function presenceRequest({ state, note, ttl_s, instance }: Static<typeof fields>): PresenceRequest {
  return { state, note: note || null, seconds: ttl_s ?? null, instance: instance ?? null }
}

function eitherMissing(): ValidationError {
  const msg = 'Value error, name a channel or a handle, one of the two'
  return new ValidationError([{ type: 'value_error', loc: ['query', 'channel'], msg, input: null }])
}
