/** Finding rooms: the public directory, summaries, the tree of a space, and shared rooms. */
import type { Core } from '../../core'
import type { Matrix } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import type { RequestContext } from '../request-context'
import { maybe, oneOf, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'
import { matrixError } from './errors'
import type { Query } from './query'

const LISTED = '/_matrix/client/v3/directory/list/room/:room'
const DIRECTORY = '/_matrix/client/v3/publicRooms'

const listedBody = Type.Object({ visibility: maybe(oneOf(['public', 'private'])) })

const directoryBody = Type.Object({
  limit: maybe(Type.Integer({ minimum: 0 })),
  since: maybe(text()),
  filter: maybe(
    Type.Object({
      generic_search_term: maybe(text()),
      room_types: maybe(Type.Array(Type.Union([Type.String(), Type.Null()]))),
    }),
  ),
  include_all_networks: maybe(Type.Boolean()),
  third_party_instance_id: maybe(text()),
})

export function placeEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  const { places, hierarchy, roomAliases } = matrix
  return [
    ...directoryEndpoints(core, matrix),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      // The second path is that of clients of before version 1.15.
      path: [
        '/_matrix/client/v1/room_summary/:name',
        '/_matrix/client/unstable/im.nheko.summary/summary/:name',
      ],
      who: 'account',
      summary: 'The summary of a room',
      handle: async ({ actor, params: { name = '' } }) => ({
        status: 200,
        json: await places.summary(actor, await roomAliases.roomOf(name)),
      }),
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v1/rooms/:room/hierarchy',
      who: 'account',
      summary: 'The tree of a space',
      handle: async ({ actor, params: { room = '' }, query }) => {
        const asked = {
          suggestedOnly: query.flag('suggested_only') ?? false,
          maxDepth: query.number('max_depth'),
          limit: query.number('limit'),
          from: query.text('from'),
        }
        return { status: 200, json: await hierarchy.page(actor, room, asked) }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v1/mutual_rooms',
      who: 'account',
      summary: 'The rooms that the caller shares with another user',
      handle: async ({ actor, query }) => ({
        status: 200,
        json: await places.shared(actor, query.required('user_id'), query.text('from')),
      }),
    }),
  ]
}

function directoryEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  const { places, publicRooms, publishing, serverName } = matrix
  const admit = async (context: RequestContext) => {
    if (!core.settings.get('matrix.public_directory')) await context.enter({ who: 'account', rate: 'read' })
  }
  /** @throws M_NOT_FOUND for the directory of another server */
  const requireOwn = (query: Query) => {
    const server = query.text('server')
    if (server !== undefined && server !== serverName)
      throw matrixError(404, 'M_NOT_FOUND', `Only the directory of ${serverName} can be read here`)
  }
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: LISTED,
      who: 'anyone',
      summary: 'Whether a room is in the directory',
      handle: async ({ context, params: { room = '' } }) => {
        await admit(context)
        const visibility = (await places.isPublished(room)) ? 'public' : 'private'
        return { status: 200, json: { visibility } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'PUT',
      path: LISTED,
      who: 'account',
      summary: 'List a room in the directory, or take it out',
      body: listedBody,
      handle: async ({ actor, params: { room = '' }, body }) => {
        await publishing.set(actor, room, body.visibility !== 'private')
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: DIRECTORY,
      who: 'anyone',
      summary: 'The directory of public rooms',
      handle: async ({ context, query }) => {
        await admit(context)
        requireOwn(query)
        const asked = { limit: query.number('limit'), since: query.text('since') }
        return { status: 200, json: await publicRooms.list(asked) }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: DIRECTORY,
      who: 'account',
      summary: 'Search the directory of public rooms',
      rate: 'read',
      body: directoryBody,
      handle: async ({ query, body }) => {
        requireOwn(query)
        // There are no other networks, so none of their rooms.
        if (body.third_party_instance_id != null) return { status: 200, json: { chunk: [] } }
        const asked = {
          limit: body.limit ?? undefined,
          since: body.since ?? undefined,
          term: body.filter?.generic_search_term ?? undefined,
          roomTypes: body.filter?.room_types ?? undefined,
        }
        return { status: 200, json: await publicRooms.list(asked) }
      },
    }),
  ]
}
