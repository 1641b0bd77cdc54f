/**
 * The Matrix homeserver's client-server API (spec.matrix.org, client-server API). It exists while a server name is set.
 * Imports the core and the shared files of http/. Each file has the endpoints of one kind of thing.
 * Start reading at discovery.ts.
 */
import type { Matrix } from '../../core/matrix'
import type { Surface } from '../surface'
import { discoveryEndpoints } from './discovery'

/** Returns the surface of a homeserver. */
export function matrixSurface(_matrix: Matrix): Surface {
  return {
    name: 'matrix',
    prefixes: ['/_matrix', '/_synapse', '/.well-known/matrix'],
    features: ['matrix'],
    endpoints: () => discoveryEndpoints(),
  }
}
