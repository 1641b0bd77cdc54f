import type { Core } from '../../core'
import { isAdmin, scopesOf } from '../../core/actor'
import { AppError } from '../../core/errors'
import { anyScopeMatches } from '../../core/scopes'
import { type Endpoint, endpoint } from '../endpoint'
import { Type } from '../schema'

const SCOPE = 'federation:manage'

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
export function rosterEndpoint(core: Core, roster: Roster): Endpoint {
  return endpoint({
    method: 'GET',
    path: '/v1/discovery/mdns',
    who: 'anybody',
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
    handle: ({ actor }) => {
      if (!isAdmin(actor, core.settings) && !anyScopeMatches(scopesOf(actor), SCOPE))
        throw new AppError('forbidden', 'missing_scope', 'Insufficient scope', {
          gate: 'scope',
          required_scope: SCOPE,
        })
      const peers = roster.neighbours().map(({ lastSeen, ...rest }) => ({ ...rest, last_seen: lastSeen }))
      return { status: 200, json: { peers } }
    },
  })
}
