/**
 * Composes the Matrix homeserver over the core. Imported only if a server name is set: without one, nothing of it is
 * loaded.
 */
import { createMatrix, type MatrixParts } from '../core/matrix'
import { matrixSurface } from '../http/matrix'
import type { Surface } from '../http/surface'

/** Returns the surface of a homeserver. */
export function composeMatrix(parts: MatrixParts): Surface {
  return matrixSurface(parts.core, createMatrix(parts))
}
