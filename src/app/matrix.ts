/**
 * Composes the Matrix homeserver over the core. Imported only if a server name is set: without one, nothing of it is
 * loaded.
 */
import type { Core } from '../core'
import { createMatrix } from '../core/matrix'
import { matrixSurface } from '../http/matrix'
import type { Surface } from '../http/surface'

/** Returns the surface of a homeserver of this name. */
export function composeMatrix(core: Core, serverName: string): Surface {
  return matrixSurface(createMatrix({ core, serverName }))
}
