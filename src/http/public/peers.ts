import type { Host } from '../../core/kernel'
import { type Endpoint, endpoint } from '../endpoint'
import { Type } from '../schema'

const peer = Type.Object({
  did: Type.String(),
  name: Type.String(),
  url: Type.String(),
  last_seen: Type.String(),
  verified: Type.Boolean(),
})

/** The servers announced recently in the local network. */
export function peersEndpoint(host: Host): Endpoint {
  return endpoint({
    method: 'GET',
    path: '/v1/discovery/mdns',
    who: 'admin',
    scope: 'federation:manage',
    tag: 'Server',
    summary: 'List servers announced in the local network (multicast DNS)',
    description:
      'Entries are hints, unverified unless marked as verified. Needs the scope `federation:manage`.',
    answers: {
      200: {
        description: 'Servers heard in the last 150 s',
        schema: Type.Object({ peers: Type.Array(peer) }),
      },
    },
    refusals: ['missing_scope'],
    handle: () => {
      const peers = host.nearbyServers().map(({ lastSeen, ...rest }) => ({ ...rest, last_seen: lastSeen }))
      return { status: 200, json: { peers } }
    },
  })
}
