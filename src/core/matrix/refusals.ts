import { AppError, refusal } from '../kernel/errors'
import { matrixRefusal } from './errors'

/** The refusals that several acts and reads have in common. */

/** An unknown room and one that the user is not in look alike. */
export function notInRoom(): AppError {
  return refusal('not_a_member')
}

/** An unknown event and one that the user may not see look alike. */
export function noSuchEvent(): AppError {
  return matrixRefusal('M_NOT_FOUND', 'There is no such event that you can see')
}

/** Reports whether an error says that the database is not there, or has no room: then trying again changes nothing. */
export function isTrouble(fault: unknown): boolean {
  return fault instanceof AppError && (fault.kind === 'unavailable' || fault.kind === 'storage_full')
}
