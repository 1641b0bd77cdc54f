/**
 * Composes the Matrix homeserver over the core. Imported only if a server name is set: without one, nothing of it is
 * loaded.
 */
import { createMatrix, type MatrixParts } from '../core/matrix'
import { matrixSurface } from '../http/matrix'
import { matrixHtml } from '../platform/matrix-html'
import { matrixImages } from '../platform/matrix-images'
import { hmacSha1, matrixKeyMaker, matrixSealing } from '../platform/matrix-keys'
import { matrixPages } from '../platform/matrix-pages'
import { sha256, verifyEd25519 } from '../platform/matrix-signatures'
import { MatrixMetrics } from './matrix-metrics'
import { VERSION } from './version'

type Platform =
  | 'meters'
  | 'sha256'
  | 'verify'
  | 'html'
  | 'timer'
  | 'keyMaker'
  | 'sealing'
  | 'hmacSha1'
  | 'images'
  | 'pages'
  | 'agent'

type Parts = Omit<MatrixParts, Platform> & {
  /** The secret bytes of the instance key. */
  readonly seed: Uint8Array
}

/** Returns a homeserver with its surface. */
export async function composeMatrix({ seed, ...parts }: Parts) {
  const meters = new MatrixMetrics()
  const matrix = createMatrix({
    ...parts,
    meters,
    ...{
      sha256,
      verify: verifyEd25519,
      html: matrixHtml,
      images: matrixImages,
      pages: matrixPages,
      timer,
      hmacSha1,
    },
    keyMaker: matrixKeyMaker(seed),
    sealing: matrixSealing(seed),
    agent: `Synapse/${VERSION} (link preview)`,
  })
  await matrix.open()
  if (parts.core.settings.get('matrix.registration') === 'open')
    parts.announce('everybody can make an account over Matrix: matrix.registration is open', {})
  const { projector, waiters, ticker, administration, pushDelivery, totals, unreferencedMedia } = matrix
  const stop = () => {
    waiters.stop()
    ticker.stop()
  }
  const metrics = () =>
    meters.families({
      projectedLag: () => projector.lag,
      waiting: () => waiters.size,
      totals: () => totals.counted,
    })
  const surface = matrixSurface(parts.core, matrix)
  return {
    surface,
    projector,
    waiters,
    administration,
    pushDelivery,
    totals,
    unreferencedMedia,
    metrics,
    stop,
  }
}

function timer(run: () => void, milliseconds: number): () => void {
  const running = setTimeout(run, milliseconds)
  return () => clearTimeout(running)
}
