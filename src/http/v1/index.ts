/**
 * The v1 surface: the API of clients, for people and agents.
 * Imports the core and the shared files of http/.
 * wire.ts renders messages and events; schemas.ts describes the answers; each other file has a group of endpoints.
 * Start reading at messages.ts; for live delivery, events.ts, event-stream.ts and the two sockets.
 */
import type { Surface } from '../surface'
import { authEndpoints, logoutEndpoint } from './auth'
import { channelEndpoints } from './channels'
import { credentialEndpoints } from './credentials'
import { eventEndpoints } from './events'
import { meEndpoints } from './me'
import { messageEndpoints } from './messages'
import { pairEndpoints } from './pair'
import { serverEndpoints } from './server'
import { socketEndpoints } from './socket'
import { Wire } from './wire'

export { Wire } from './wire'

export const v1: Surface = {
  name: 'v1',
  features: [
    'events',
    'sse',
    'websocket',
    'long_poll',
    'idempotency',
    'access',
    'profiles',
    'personal_tokens',
    'rotate',
    'sessions',
    'actor_header',
    'pairing',
    'config',
    'rate_limits',
    'audit',
  ],
  endpoints: (app) => {
    const { core, limits, rates } = app
    const live = { ...app, wire: new Wire(core) }
    return [
      ...authEndpoints(core),
      ...credentialEndpoints(core, rates),
      logoutEndpoint(core),
      ...pairEndpoints(core),
      ...channelEndpoints(core),
      ...messageEndpoints(core, live.wire, limits),
      ...eventEndpoints(live),
      ...socketEndpoints(live),
      ...meEndpoints(core),
      ...serverEndpoints(app),
    ]
  },
}
