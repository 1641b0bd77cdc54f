/** Reports of rooms, events and users to the operators. */
import type { Matrix } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import { maybe, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'

const ROOM = '/_matrix/client/v3/rooms/:room/report'

const body = Type.Object({ reason: text() })
const eventBody = Type.Object({ reason: maybe(text()) })

export function reportEndpoints(matrix: Matrix): Endpoint[] {
  const { reports } = matrix
  return [
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: ROOM,
      who: 'account',
      summary: 'Report a room',
      body,
      handle: async ({ actor, params: { room: roomId = '' }, body: { reason } }) => {
        await reports.report(actor, { roomId, reason })
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: `${ROOM}/:event`,
      who: 'account',
      summary: 'Report an event',
      body: eventBody,
      handle: async ({ actor, params: { room: roomId = '', event: eventId = '' }, body: { reason } }) => {
        await reports.report(actor, { roomId, eventId, reason: reason ?? '' })
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/users/:user/report',
      who: 'account',
      summary: 'Report a user',
      body,
      handle: async ({ actor, params: { user: userId = '' }, body: { reason } }) => {
        await reports.report(actor, { userId, reason })
        return { status: 200, json: {} }
      },
    }),
  ]
}
