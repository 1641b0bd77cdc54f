/**
 * The v1 surface: the API of clients, for people and agents.
 * Imports the core and the shared files of http/.
 * wire.ts renders messages and events; schemas.ts describes the answers; each other file has a group of endpoints.
 * Start reading at messages.ts; for live delivery, events.ts, event-stream.ts and the two sockets.
 */
import type { Surface } from '../surface'
import { activityEndpoint } from './activity'
import { approvalEndpoints } from './approvals'
import { attachmentEndpoints } from './attachments'
import { authEndpoints, logoutEndpoint } from './auth'
import { channelEndpoints } from './channels'
import { claimEndpoints } from './claims'
import { credentialEndpoints } from './credentials'
import { deviceEndpoints } from './devices'
import { directEndpoint } from './dms'
import { eventEndpoints } from './events'
import { exportEndpoints } from './exports'
import { inboxEndpoints } from './inbox'
import { meEndpoints } from './me'
import { memberEndpoints } from './members'
import { messageActEndpoints } from './message-acts'
import { messageEndpoints } from './messages'
import { pairEndpoints } from './pair'
import { pauseEndpoints } from './pauses'
import { presenceEndpoints } from './presence'
import { protocolEndpoint } from './protocol'
import { searchEndpoint } from './search'
import { serverEndpoints } from './server'
import { socketEndpoints } from './socket'
import { threadEndpoints } from './threads'
import { webhookEndpoints } from './webhooks'
import { Wire } from './wire'

export { webhookWire } from './webhook-wire'
export { Wire } from './wire'

export const v1: Surface = {
  name: 'v1',
  features: [
    'events',
    'sse',
    'websocket',
    'long_poll',
    'idempotency',
    'edits',
    'reactions',
    'message_context',
    'access',
    'dms',
    'threads',
    'search',
    'retention',
    'profiles',
    'personal_tokens',
    'rotate',
    'sessions',
    'actor_header',
    'pairing',
    'config',
    'rate_limits',
    'audit',
    'attachments',
    'export',
    'inbox',
    'read_positions',
    'claims',
    'presence',
    'pauses',
    'approvals',
    'chain_limit',
    'webhooks',
    'activity',
  ],
  endpoints: (app) => {
    const { core, limits, rates } = app
    const live = { ...app, wire: new Wire(core) }
    return [
      ...authEndpoints(core),
      ...credentialEndpoints(core, rates),
      ...deviceEndpoints(core),
      logoutEndpoint(core),
      ...pairEndpoints(core),
      ...channelEndpoints(core),
      ...memberEndpoints(core),
      directEndpoint(core),
      ...messageEndpoints(core, live.wire, limits),
      ...attachmentEndpoints(core),
      ...messageActEndpoints(core, live.wire),
      ...threadEndpoints(core, live.wire, limits),
      ...inboxEndpoints(core, live.wire, limits),
      searchEndpoint(core, live.wire),
      ...claimEndpoints(core),
      ...approvalEndpoints(core, live.wire, limits),
      ...presenceEndpoints(core),
      activityEndpoint(core),
      ...pauseEndpoints(core),
      ...webhookEndpoints(core),
      ...eventEndpoints(live),
      ...socketEndpoints(live),
      ...meEndpoints(core),
      ...exportEndpoints(core, live.wire),
      ...serverEndpoints(app),
      protocolEndpoint(core),
    ]
  },
}
