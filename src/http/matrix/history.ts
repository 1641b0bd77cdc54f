/** The history of a room: its messages, one event, what relates to it. */
import { type Matrix, parseRoomEventFilter } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import { matrixEndpoint } from './endpoint'
import { matrixError } from './errors'
import type { Query } from './query'

const ROOM = '/_matrix/client/v3/rooms/:room'
const ROOM_V1 = '/_matrix/client/v1/rooms/:room'
const DIRECTIONS = ['b', 'f'] as const

export function historyEndpoints(matrix: Matrix): Endpoint[] {
  return [...messageEndpoints(matrix), ...relationEndpoints(matrix)]
}

function messageEndpoints(matrix: Matrix): Endpoint[] {
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${ROOM}/messages`,
      who: 'account',
      summary: 'A page of the history of a room',
      handle: async ({ actor, params, query }) => {
        const direction = query.word('dir', DIRECTIONS)
        if (direction === undefined) throw matrixError(400, 'M_MISSING_PARAM', 'The query needs dir')
        const asked = {
          direction,
          from: query.text('from'),
          to: query.text('to'),
          limit: query.number('limit'),
          filter: filterIn(query),
        }
        return { status: 200, json: await matrix.history.messages(actor, params['room'] ?? '', asked) }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${ROOM}/context/:event`,
      who: 'account',
      summary: 'An event with those before and after it',
      handle: async ({ actor, params, query }) => {
        const asked = { limit: query.number('limit'), filter: filterIn(query) }
        const { room = '', event = '' } = params
        return { status: 200, json: await matrix.history.context(actor, room, event, asked) }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${ROOM}/event/:event`,
      who: 'account',
      summary: 'One event',
      handle: async ({ actor, params: { room = '', event = '' } }) => ({
        status: 200,
        json: await matrix.history.event(actor, room, event),
      }),
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${ROOM_V1}/timestamp_to_event`,
      who: 'account',
      summary: 'The event that is closest to a moment',
      handle: async ({ actor, params, query }) => {
        query.required('ts')
        query.required('dir')
        const moment = { ts: query.number('ts') ?? 0, direction: query.word('dir', DIRECTIONS) ?? 'b' }
        return { status: 200, json: await matrix.history.atTime(actor, params['room'] ?? '', moment) }
      },
    }),
  ]
}

function relationEndpoints(matrix: Matrix): Endpoint[] {
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: [
        `${ROOM_V1}/relations/:event`,
        `${ROOM_V1}/relations/:event/:relation`,
        `${ROOM_V1}/relations/:event/:relation/:type`,
      ],
      who: 'account',
      summary: 'The events that relate to one',
      handle: async ({ actor, params, query }) => {
        const { room = '', event = '' } = params
        const asked = {
          relType: params['relation'],
          eventType: params['type'],
          direction: query.word('dir', DIRECTIONS) ?? 'b',
          from: query.text('from'),
          to: query.text('to'),
          limit: query.number('limit'),
          recurse: query.flag('recurse') ?? false,
        }
        return { status: 200, json: await matrix.relations.of(actor, room, event, asked) }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${ROOM_V1}/threads`,
      who: 'account',
      summary: 'The threads of a room',
      handle: async ({ actor, params, query }) => {
        const asked = {
          onlyOwn: query.word('include', ['all', 'participated']) === 'participated',
          from: query.text('from'),
          limit: query.number('limit'),
        }
        return { status: 200, json: await matrix.relations.threads(actor, params['room'] ?? '', asked) }
      },
    }),
  ]
}

/** @throws M_BAD_JSON */
function filterIn(query: Query) {
  const text = query.text('filter')
  if (text === undefined || text === '') return undefined
  try {
    return parseRoomEventFilter(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) throw matrixError(400, 'M_BAD_JSON', 'The filter is not JSON')
    throw error
  }
}
