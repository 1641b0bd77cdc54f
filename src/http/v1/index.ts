/**
 * The v1 surface: what people's and agents' clients speak. Declares endpoints and writes the core's things down.
 * Imports the core and the shared files of http/.
 * wire.ts is how messages and events look; schemas.ts describes the answers; one file each for a group of endpoints.
 * Start reading at messages.ts; for what is live, events.ts, event-stream.ts and the two sockets.
 */
import type { Endpoint } from '../endpoint'
import { authEndpoints, logoutEndpoint } from './auth'
import { channelEndpoints } from './channels'
import { credentialEndpoints } from './credentials'
import { eventEndpoints, type LiveDeps } from './events'
import { meEndpoints } from './me'
import { messageEndpoints } from './messages'
import { pairEndpoints } from './pair'
import { serverEndpoints } from './server'
import { socketEndpoints } from './socket'

export { features } from './server'
export { Wire } from './wire'

export function v1Endpoints(deps: LiveDeps): Endpoint[] {
  const { core, wire, limits, rates } = deps
  return [
    ...authEndpoints(core),
    ...credentialEndpoints(core, rates),
    logoutEndpoint(core),
    ...pairEndpoints(core),
    ...channelEndpoints(core),
    ...messageEndpoints(core, wire, limits),
    ...eventEndpoints(deps),
    ...socketEndpoints(deps),
    ...meEndpoints(core),
    ...serverEndpoints(core),
  ]
}
