/** Where the caller is told of events while no client of its is connected, and what has notified it. */
import type { Matrix } from '../../core/matrix'
import { givenPusher } from '../../core/matrix/push/pusher-fields'
import type { ShownPusher } from '../../core/matrix/push/pushers'
import type { Endpoint } from '../endpoint'
import { matrixEndpoint } from './endpoint'

const V3 = '/_matrix/client/v3'

export function pusherEndpoints(matrix: Matrix): Endpoint[] {
  const { pushers, notifications } = matrix
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${V3}/pushers`,
      who: 'account',
      summary: 'List your pushers',
      handle: async ({ actor }) => {
        const list = await pushers.list(actor.account)
        return { status: 200, json: { pushers: list.map(shown) } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: `${V3}/pushers/set`,
      who: 'account',
      summary: 'Set or delete a pusher',
      handle: async ({ actor, device, members }) => {
        await pushers.set(actor, device.id, givenPusher(members))
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: `${V3}/notifications`,
      who: 'account',
      summary: 'List what has notified you',
      handle: async ({ actor, query }) => ({
        status: 200,
        json: await notifications.list(actor, {
          from: query.text('from'),
          limit: query.number('limit'),
          onlyHighlights: query.text('only') === 'highlight',
        }),
      }),
    }),
  ]
}

/** A pusher as its client has set it. */
function shown({ appId, pushkey, failures: _, failingSince: __, ...fields }: ShownPusher) {
  return { pushkey, kind: 'http', app_id: appId, ...fields }
}
