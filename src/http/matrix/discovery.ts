import { type Endpoint, endpoint } from '../endpoint'

/** The versions of the specification whose endpoints work here. */
const VERSIONS = ['r0.5.0', 'r0.6.0', 'r0.6.1', 'v1.1', 'v1.2', 'v1.3', 'v1.4', 'v1.5', 'v1.6', 'v1.7']

/** The endpoints by which clients find a homeserver and what it can do. */
export function discoveryEndpoints(): readonly Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/_matrix/client/versions',
      who: 'anyone',
      summary: 'The versions of the specification',
      tag: 'Matrix',
      documentation: 'none',
      answers: { 200: { description: 'The versions.' } },
      handle: () => ({ status: 200, json: { versions: VERSIONS, unstable_features: {} } }),
    }),
  ]
}
