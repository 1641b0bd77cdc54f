import { type Endpoint, endpoint } from '../endpoint'
import { Type } from '../schema'

/** A server that was announced in the local network: a hint, and no reason to trust it. */
export interface Neighbour {
  readonly did: string
  readonly name: string
  readonly url: string
  /** RFC 3339. */
  readonly lastSeen: string
  /** Whether its own manifest, signed by this DID, was read at that address. */
  readonly verified: boolean
}

export interface Roster {
  neighbours(): readonly Neighbour[]
}

const peer = Type.Object({
  did: Type.String(),
  name: Type.String(),
  url: Type.String(),
  last_seen: Type.String(),
  verified: Type.Boolean(),
})

/** Who was announced lately in the local network. */
export function rosterEndpoint(roster: Roster): Endpoint {
  return endpoint({
    method: 'GET',
    path: '/v1/discovery/mdns',
    who: 'admin',
    scope: 'federation:manage',
    tag: 'Server',
    summary: 'Servers that are announced in the local network (multicast DNS)',
    description:
      'Hints alone: nothing here was checked unless it says so. Needs the scope `federation:manage`.',
    answers: {
      200: {
        description: 'Those heard of in the last 150 s',
        schema: Type.Object({ peers: Type.Array(peer) }),
      },
    },
    refusals: ['missing_scope'],
    handle: () => {
      const peers = roster.neighbours().map(({ lastSeen, ...rest }) => ({ ...rest, last_seen: lastSeen }))
      return { status: 200, json: { peers } }
    },
  })
}
