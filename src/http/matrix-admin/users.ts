import { type Endpoint, endpoint } from '../endpoint'
import { listQuery, numberedPageOf, pageAnswer } from '../list-pages'
import { renderList } from '../long-list'
import { maybe, Type, text } from '../schema'
import {
  base,
  deviceJson,
  deviceSchema,
  type MatrixAdminParts,
  pusherJson,
  pusherSchema,
  tag,
  usageSchema,
  userJson,
  userSchema,
} from './wire'

const one = `${base}/users/:user_id`
const named = 'The user is a whole id, a localpart, a handle, or the id of an account.'

/** The users of the homeserver, and their devices. */
export function userEndpoints({ core, matrix }: MatrixAdminParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: `${base}/users`,
      who: 'admin',
      tag,
      summary: 'List the users of the homeserver',
      query: Type.Object(listQuery),
      answers: {
        200: { description: 'A bare array in order of their accounts', schema: Type.Array(userSchema) },
      },
      refusals: ['invalid_cursor'],
      handle: ({ actor, query }) => {
        const page = numberedPageOf(query)
        return pageAnswer(core.pace, page, {
          read: ({ after, limit }) => matrix().users.list(actor, { after: Number(after), limit }),
          keyOf: ({ account }) => String(account.id),
          toJson: userJson,
        })
      },
    }),
    endpoint({
      method: 'GET',
      path: one,
      who: 'admin',
      tag,
      summary: 'Show a user, with its devices and pushers',
      description: named,
      answers: {
        200: {
          description: 'The user',
          schema: Type.Composite([
            userSchema,
            Type.Object({
              rooms: Type.Integer(),
              media: usageSchema,
              devices: Type.Array(deviceSchema),
              pushers: Type.Array(pusherSchema),
            }),
          ]),
        },
      },
      refusals: ['account_not_found'],
      handle: async ({ actor, params }) => {
        const found = await matrix().users.find(actor, params.user_id ?? '')
        const { rooms, media } = found
        const devices = found.devices.map(deviceJson)
        const pushers = found.pushers.map(pusherJson)
        return { status: 200, json: { ...userJson(found), rooms, media, devices, pushers } }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${base}/pushers`,
      who: 'admin',
      tag,
      summary: 'List the pushers of all users',
      answers: {
        200: {
          description: 'By account and time',
          schema: Type.Object({
            pushers: Type.Array(Type.Composite([Type.Object({ user_id: Type.String() }), pusherSchema])),
          }),
        },
      },
      handle: async ({ actor }) => {
        const { users } = matrix()
        const found = await users.pushers(actor)
        const text = await renderList(core.pace, 'pushers', found, (one) =>
          JSON.stringify({ user_id: users.idWith(one.localpart), ...pusherJson(one) }),
        )
        return { status: 200, text }
      },
    }),
    endpoint({
      method: 'PUT',
      path: one,
      who: 'admin',
      tag,
      summary: 'Make the account of a person, whatever `matrix.registration` says',
      description: 'The path has the localpart of the new user.',
      body: Type.Object({
        password: text({ secret: true }),
        display_name: maybe(text({ minLength: 1, maxLength: 128, form: 'name' })),
        is_admin: maybe(Type.Boolean({ description: 'Default false' })),
      }),
      answers: { 201: { description: 'The user', schema: userSchema } },
      refusals: ['invalid_username', 'handle_exists', 'weak_password', 'quota_exceeded'],
      handle: async ({ actor, params, body }) => {
        const made = await matrix().users.register(actor, {
          username: params.user_id ?? '',
          password: body.password,
          displayName: body.display_name ?? undefined,
          isAdmin: body.is_admin ?? false,
        })
        return { status: 201, json: userJson(made) }
      },
    }),
    endpoint({
      method: 'PATCH',
      path: one,
      who: 'admin',
      tag,
      summary: 'Lock, unlock, suspend or unsuspend a user',
      description: `A locked user can do nothing but log out, a suspended one only read. ${named}`,
      body: Type.Object({ locked: maybe(Type.Boolean()), suspended: maybe(Type.Boolean()) }),
      answers: { 200: { description: 'The user', schema: userSchema } },
      refusals: ['account_not_found', 'account_archived'],
      handle: async ({ actor, params, body: { locked, suspended } }) => {
        const change = { ...(locked != null && { locked }), ...(suspended != null && { suspended }) }
        return {
          status: 200,
          json: userJson(await matrix().users.setStanding(actor, params.user_id ?? '', change)),
        }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: `${one}/devices/:matrix_device_id`,
      who: 'admin',
      tag,
      summary: 'Sign a device of a user out',
      description: named,
      answers: { 204: { description: 'It is gone' } },
      refusals: ['account_not_found', 'device_not_found', 'device_of_token'],
      handle: async ({ actor, params }) => {
        await matrix().users.endDevice(actor, params.user_id ?? '', params.matrix_device_id ?? '')
        return { status: 204 }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: `${one}/devices`,
      who: 'admin',
      tag,
      summary: 'Sign all devices of a user out',
      description: `Browser sessions and the tokens of agents stay. ${named}`,
      answers: {
        200: {
          description: 'How many sessions ended',
          schema: Type.Object({ user_id: Type.String(), ended: Type.Integer() }),
        },
      },
      refusals: ['account_not_found'],
      handle: async ({ actor, params }) => {
        const { userId, ended } = await matrix().users.logout(actor, params.user_id ?? '')
        return { status: 200, json: { user_id: userId, ended } }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: one,
      who: 'admin',
      tag,
      summary: 'Deactivate a user for good: the account is archived, and devices, keys and profile go',
      description: named,
      query: Type.Object({
        erase: Type.Optional(
          Type.Boolean({ description: 'Who joins later sees its events redacted; default false' }),
        ),
      }),
      answers: { 200: { description: 'The user', schema: userSchema } },
      refusals: ['account_not_found'],
      handle: async ({ actor, params, query }) => {
        const gone = await matrix().users.deactivate(actor, params.user_id ?? '', query.erase ?? false)
        return { status: 200, json: userJson(gone) }
      },
    }),
  ]
}
