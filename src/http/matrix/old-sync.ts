/** The requests by which clients read along before there was `/sync`. */
import type { Core } from '../../core'
import type { Matrix } from '../../core/matrix'
import type { Endpoint } from '../endpoint'
import { holdRequest } from '../held-request'
import type { StreamLimits } from '../stream-limits'
import { matrixEndpoint } from './endpoint'

const MILLISECONDS = 1000

export function oldSyncEndpoints(core: Core, limits: StreamLimits, matrix: Matrix): Endpoint[] {
  const { oldSync } = matrix
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/initialSync',
      who: 'account',
      summary: 'All rooms of the caller with their newest events',
      handle: async ({ actor, device, query }) => {
        const asked = { limit: query.number('limit'), archived: query.flag('archived') ?? false }
        return { status: 200, text: await oldSync.initial(actor, device, asked) }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/rooms/:room/initialSync',
      who: 'account',
      summary: 'A room with its newest events',
      handle: async ({ actor, params: { room = '' }, query }) => ({
        status: 200,
        json: await oldSync.room(actor, room, query.number('limit')),
      }),
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/events',
      who: 'account',
      summary: 'New events of rooms',
      handle: async ({ request, actor, device, query }) => {
        const longest = core.settings.get('wait.max_s') * MILLISECONDS
        const timeoutMs = Math.min(query.number('timeout') ?? 0, longest)
        const asked = { from: query.text('from'), roomId: query.text('room_id'), timeoutMs }
        using _held = holdRequest(limits, actor, request, timeoutMs / MILLISECONDS)
        return { status: 200, json: await oldSync.events(actor, device, asked, request.signal) }
      },
    }),
  ]
}
