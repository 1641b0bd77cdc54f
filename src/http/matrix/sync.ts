/** What is new for a device, in all its rooms. */
import type { Core } from '../../core'
import type { Matrix } from '../../core/matrix'
import { PRESENCE_STATES } from '../../core/matrix/ephemeral/presence-state'
import type { Endpoint } from '../endpoint'
import { holdRequest } from '../held-request'
import type { StreamLimits } from '../stream-limits'
import { matrixEndpoint } from './endpoint'
import type { Query } from './query'

const MILLISECONDS = 1000

export function syncEndpoints(core: Core, limits: StreamLimits, matrix: Matrix): Endpoint[] {
  return matrixEndpoint(matrix, {
    method: 'GET',
    path: '/_matrix/client/v3/sync',
    who: 'account',
    summary: 'What is new, in all rooms',
    handle: async ({ request, actor, device, query }) => {
      const since = query.text('since')
      const fullState = query.flag('full_state') ?? false
      const presence = query.word('set_presence', PRESENCE_STATES) ?? 'online'
      const longest = core.settings.get('wait.max_s') * MILLISECONDS
      const timeoutMs = Math.min(query.number('timeout') ?? 0, longest)
      const mayWait = since !== undefined && !fullState
      const userId = await matrix.users.idOf(actor.account)
      using _there = matrix.presences.reading(actor.account.id, userId, String(device.id), presence)
      using _held = holdRequest(limits, actor, request, mayWait ? timeoutMs / MILLISECONDS : 0)
      const asked = {
        ...{ since, fullState, timeoutMs },
        filter: query.text('filter'),
        stateAfter: stateAfterOf(query),
      }
      return { status: 200, text: await matrix.sync.sync(actor, device, asked, request.signal) }
    },
  })
}

function stateAfterOf(query: Query): 'state_after' | 'org.matrix.msc4222.state_after' | undefined {
  if (query.flag('use_state_after')) return 'state_after'
  return query.flag('org.matrix.msc4222.use_state_after') ? 'org.matrix.msc4222.state_after' : undefined
}
