/**
 * The queries of the Matrix homeserver. They are built when it is first asked, so that they do not exist without it.
 * This folder may import what src/store may. Each file has the queries of one kind of thing.
 * Start reading at rooms.ts.
 */
import type { OpenMarks } from '../../../core/log/marks'
import type { MatrixReads, MatrixWrites } from '../../../core/matrix/ports'
import type { Handle } from '../../database'
import { companionReads, companionWrites } from './companion'
import { eventReads, eventWrites } from './events'
import { roomReads, roomWrites } from './rooms'
import { userReads, userWrites } from './users'

export function matrixReads(handle: Handle): MatrixReads {
  return {
    ...userReads(handle),
    ...roomReads(handle),
    ...eventReads(handle),
    ...companionReads(handle),
  }
}

export function matrixWrites(handle: Handle, marks: OpenMarks): MatrixWrites {
  return {
    ...matrixReads(handle),
    ...userWrites(handle),
    ...roomWrites(handle),
    ...eventWrites(handle),
    ...companionWrites(handle, marks),
  }
}
