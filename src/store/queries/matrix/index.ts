/**
 * The queries of the Matrix homeserver. They are built when it is first asked, so that they do not exist without it.
 * This folder may import what src/store may. Each file has the queries of one kind of thing.
 * Start reading at users.ts.
 */
import type { MatrixReads, MatrixWrites } from '../../../core/matrix/ports'
import type { Handle } from '../../database'
import { userReads, userWrites } from './users'

export function matrixReads(handle: Handle): MatrixReads {
  return { ...userReads(handle) }
}

export function matrixWrites(handle: Handle): MatrixWrites {
  return { ...matrixReads(handle), ...userWrites(handle) }
}
