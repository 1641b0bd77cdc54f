/** Making rooms, and who is in them. */
import type { Matrix } from '../../core/matrix'
import { isObject, type JsonObject } from '../../core/matrix/canonical'
import { parseInitialState } from '../../core/matrix/room-plan'
import type { Endpoint } from '../endpoint'
import { anything, freeObject, maybe, oneOf, Type, text } from '../schema'
import { eventContentIn } from './content'
import { matrixEndpoint } from './endpoint'
import { matrixError } from './errors'

const ROOM = '/_matrix/client/v3/rooms/:room'

const newRoomBody = Type.Object({
  visibility: maybe(oneOf(['public', 'private'])),
  room_alias_name: maybe(text()),
  name: maybe(text()),
  topic: maybe(text()),
  invite: maybe(Type.Array(text())),
  room_version: maybe(text()),
  creation_content: maybe(freeObject('Members of the create event')),
  initial_state: maybe(Type.Array(anything('A state event'))),
  preset: maybe(oneOf(['private_chat', 'trusted_private_chat', 'public_chat'])),
  is_direct: maybe(Type.Boolean()),
  power_level_content_override: maybe(freeObject('Members of the power levels')),
})

const targetBody = Type.Object({ user_id: text() })

export function roomEndpoints(matrix: Matrix): Endpoint[] {
  const { creations, roomMemberships: members, roomAliases, users } = matrix
  /** The acts on another user of a room. */
  const about = (name: 'invite' | 'kick' | 'ban' | 'unban', summary: string) =>
    matrixEndpoint(matrix, {
      method: 'POST',
      path: `${ROOM}/${name}`,
      who: 'account',
      summary,
      body: targetBody,
      handle: async ({ actor, params: { room: roomId = '' }, bodyText }) => {
        const { user_id: userId, ...extra } = eventContentIn(bodyText)
        await members[name](actor, roomId, String(userId), extra)
        return { status: 200, json: {} }
      },
    })
  return [
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/createRoom',
      who: 'account',
      summary: 'Make a room',
      body: newRoomBody,
      handle: async ({ actor, body, bodyText }) => {
        // Contents of events are checked in the text, because a parsed number may have been rounded.
        const whole = eventContentIn(bodyText)
        const initialState = parseInitialState(whole['initial_state'])
        if (!initialState)
          throw matrixError(400, 'M_INVALID_ROOM_STATE', 'initial_state is no list of state events')
        const own = await users.idOf(actor.account)
        const roomId = await creations.create(actor, {
          visibility: body.visibility ?? 'private',
          invite: [...new Set(body.invite ?? [])].filter((userId) => userId !== own),
          isDirect: body.is_direct ?? false,
          creationContent: objectIn(whole['creation_content']),
          powerOverride: objectIn(whole['power_level_content_override']),
          initialState,
          ...(body.preset == null ? {} : { preset: body.preset }),
          ...(body.name == null ? {} : { name: body.name }),
          ...(body.topic == null ? {} : { topic: body.topic }),
          ...(body.room_version == null ? {} : { version: body.room_version }),
          ...(body.room_alias_name == null ? {} : { aliasLocalpart: body.room_alias_name }),
        })
        return { status: 200, json: { room_id: roomId } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/join/:name',
      who: 'account',
      summary: 'Join a room by its id or alias',
      handle: async ({ actor, params: { name = '' }, bodyText }) => {
        const roomId = await roomAliases.roomOf(name)
        await members.join(actor, roomId, extraOf(bodyText))
        return { status: 200, json: { room_id: roomId } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: `${ROOM}/join`,
      who: 'account',
      summary: 'Join a room',
      handle: async ({ actor, params: { room: roomId = '' }, bodyText }) => {
        await members.join(actor, roomId, extraOf(bodyText))
        return { status: 200, json: { room_id: roomId } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/knock/:name',
      who: 'account',
      summary: 'Ask to be invited',
      handle: async ({ actor, params: { name = '' }, bodyText }) => {
        const roomId = await roomAliases.roomOf(name)
        await members.knock(actor, roomId, extraOf(bodyText))
        return { status: 200, json: { room_id: roomId } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: `${ROOM}/leave`,
      who: 'account',
      summary: 'Leave a room',
      handle: async ({ actor, params: { room: roomId = '' }, bodyText }) => {
        await members.leave(actor, roomId, extraOf(bodyText))
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: `${ROOM}/forget`,
      who: 'account',
      summary: 'Forget a room that one has left',
      handle: async ({ actor, params: { room: roomId = '' } }) => {
        await members.forget(actor, roomId)
        return { status: 200, json: {} }
      },
    }),
    ...about('invite', 'Invite a user'),
    ...about('kick', 'Remove a user'),
    ...about('ban', 'Ban a user'),
    ...about('unban', 'Take a ban back'),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/joined_rooms',
      who: 'account',
      summary: 'The rooms that the caller is in',
      handle: async ({ actor }) => ({ status: 200, json: { joined_rooms: await members.joined(actor) } }),
    }),
  ]
}

/** What a client adds to a member event of its own. */
function extraOf(bodyText: string): JsonObject {
  const { membership: _, third_party_signed: __, ...extra } = eventContentIn(bodyText)
  return extra
}

function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}
