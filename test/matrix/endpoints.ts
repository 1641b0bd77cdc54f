// The endpoints of the homeserver, without a server.
import { undeployedParts } from '../../scripts/offline-endpoints'
import type { Core } from '../../src/core'
import type { Matrix } from '../../src/core/matrix'
import type { Endpoint } from '../../src/http/endpoint'
import { matrixSurface } from '../../src/http/matrix'

/** Stands for every part of the server, and for every part of a part. */
const anything: never = new Proxy((() => {}) as never, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => 'anything' : anything),
})

/** Returns every endpoint that the surface declares. */
export function matrixEndpoints(): readonly Endpoint[] {
  const core: Core = anything
  const matrix: Matrix = anything
  return matrixSurface(core, matrix).endpoints(undeployedParts as never)
}

/** Returns a path with its parameters replaced. */
export function pathWith(path: string, partOf: (name: string) => string): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(partOf(name)))
}
