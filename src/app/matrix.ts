/**
 * Composes the Matrix homeserver over the core. Imported only if a server name is set: without one, nothing of it is
 * loaded.
 */
import { createMatrix, type MatrixParts } from '../core/matrix'
import { matrixSurface } from '../http/matrix'
import { matrixHtml } from '../platform/matrix-html'
import { sha256, verifyEd25519 } from '../platform/matrix-signatures'

/** Returns a homeserver with its surface. */
export function composeMatrix(parts: Omit<MatrixParts, 'sha256' | 'verify' | 'html' | 'timer'>) {
  const matrix = createMatrix({ ...parts, sha256, verify: verifyEd25519, html: matrixHtml, timer })
  return { surface: matrixSurface(parts.core, matrix), projector: matrix.projector }
}

function timer(run: () => void, milliseconds: number): () => void {
  const running = setTimeout(run, milliseconds)
  return () => clearTimeout(running)
}
