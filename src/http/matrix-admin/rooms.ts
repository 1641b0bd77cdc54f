import { type Endpoint, endpoint } from '../endpoint'
import { listQuery, numberedPageOf, pageAnswer, pageOf } from '../list-pages'
import { freeObject, Type, text } from '../schema'
import { base, type MatrixAdminParts, roomJson, roomSchema, tag } from './wire'

const one = `${base}/rooms/:room_id`
const description = 'The room is an id, an alias, or the slug of its channel.'

/** The rooms of the homeserver, and their aliases. */
export function roomEndpoints({ core, matrix }: MatrixAdminParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: `${base}/rooms`,
      who: 'admin',
      tag,
      summary: 'List the rooms of the homeserver',
      query: Type.Object(listQuery),
      answers: {
        200: {
          description: 'A bare array in order of their channels',
          schema: Type.Array(Type.Composite([roomSchema, Type.Object({ members: Type.Integer() })])),
        },
      },
      refusals: ['invalid_cursor'],
      handle: ({ actor, query }) =>
        pageAnswer(core.pace, numberedPageOf(query), {
          read: ({ after, limit }) => matrix().rooms.list(actor, { after: Number(after), limit }),
          keyOf: ({ channel }) => String(channel.id),
          toJson: (found) => ({ ...roomJson(found), members: found.memberCount }),
        }),
    }),
    endpoint({
      method: 'GET',
      path: one,
      who: 'admin',
      tag,
      summary: 'Show a room',
      description,
      answers: {
        200: {
          description: 'The room',
          schema: Type.Composite([
            roomSchema,
            Type.Object({
              memberships: freeObject('How many users have each membership', Type.Integer()),
              aliases: Type.Array(Type.String()),
              state: freeObject('The content of the events that say what the room is, by type'),
            }),
          ]),
        },
      },
      refusals: ['channel_not_found'],
      handle: async ({ actor, params }) => {
        const found = await matrix().rooms.find(actor, params.room_id ?? '')
        const { members: memberships, aliases, state } = found
        return { status: 200, json: { ...roomJson(found), memberships, aliases, state } }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${one}/members`,
      who: 'admin',
      tag,
      summary: 'List the users of a room, those who are invited, banned or have left included',
      description,
      query: Type.Object(listQuery),
      answers: {
        200: {
          description: 'A bare array in order of the user ids',
          schema: Type.Array(Type.Object({ user_id: Type.String(), membership: Type.String() })),
        },
      },
      refusals: ['channel_not_found', 'invalid_cursor'],
      handle: ({ actor, params, query }) =>
        pageAnswer(core.pace, pageOf(query), {
          read: (page) => matrix().rooms.members(actor, params.room_id ?? '', page),
          keyOf: ({ userId }) => userId,
          toJson: ({ userId, membership }) => ({ user_id: userId, membership }),
        }),
    }),
    endpoint({
      method: 'PUT',
      path: `${one}/admins/:user_id`,
      who: 'admin',
      tag,
      summary: 'Make a user an admin of a room, and bring it in if it is not there',
      description: `In a room made over Matrix the member with the most power does it. ${description}`,
      answers: { 200: { description: 'The room', schema: roomSchema } },
      refusals: [
        'channel_not_found',
        'account_not_found',
        'account_erased',
        'dm_membership_fixed',
        'matrix_no_power',
        'quota_exceeded',
      ],
      handle: async ({ actor, params }) => ({
        status: 200,
        json: roomJson(await matrix().rooms.makeAdmin(actor, params.room_id ?? '', params.user_id ?? '')),
      }),
    }),
    endpoint({
      method: 'PATCH',
      path: one,
      who: 'admin',
      tag,
      summary: 'Block or unblock a room that was made over Matrix',
      description: `Nobody can join a blocked room, be invited to it or knock on it. Its members stay. ${description}`,
      body: Type.Object({ blocked: Type.Boolean() }),
      answers: { 200: { description: 'The room', schema: roomSchema } },
      refusals: ['channel_not_found', 'room_of_channel'],
      handle: async ({ actor, params, body }) => ({
        status: 200,
        json: roomJson(await matrix().rooms.block(actor, params.room_id ?? '', body.blocked)),
      }),
    }),
    endpoint({
      method: 'DELETE',
      path: one,
      who: 'admin',
      tag,
      summary: 'Empty and close a room that was made over Matrix',
      description: `It is blocked, all members leave, its aliases go, and its channel is archived. Its messages stay until a purge. ${description}`,
      answers: {
        200: {
          description: 'The room',
          schema: Type.Composite([roomSchema, Type.Object({ removed: Type.Integer() })]),
        },
      },
      refusals: ['channel_not_found', 'room_of_channel'],
      handle: async ({ actor, params }) => {
        const gone = await matrix().rooms.delete(actor, params.room_id ?? '')
        return { status: 200, json: { ...roomJson(gone), removed: gone.removed } }
      },
    }),
    ...aliasEndpoints({ core, matrix }),
  ]
}

function aliasEndpoints({ matrix }: MatrixAdminParts): Endpoint[] {
  return [
    endpoint({
      method: 'PUT',
      path: `${base}/aliases/:alias`,
      who: 'admin',
      tag,
      summary: 'Give a room another alias',
      body: Type.Object({ room: text({ minLength: 1, maxLength: 255, description }) }),
      answers: { 201: { description: 'The room', schema: roomSchema } },
      refusals: ['channel_not_found', 'invalid_alias', 'alias_taken'],
      handle: async ({ actor, params, body }) => {
        await matrix().rooms.addAlias(actor, body.room, params.alias ?? '')
        return { status: 201, json: roomJson(await matrix().rooms.find(actor, body.room)) }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: `${base}/aliases/:alias`,
      who: 'admin',
      tag,
      summary: 'Take an alias away; those of channels stay',
      answers: { 204: { description: 'It is gone' } },
      refusals: ['alias_not_found', 'alias_of_channel'],
      handle: async ({ actor, params }) => {
        await matrix().rooms.removeAlias(actor, params.alias ?? '')
        return { status: 204 }
      },
    }),
  ]
}
