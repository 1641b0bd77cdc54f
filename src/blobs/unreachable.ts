import { AppError, Trouble } from '../core/kernel/errors'

/**
 * Returns what a call that failed because of the store itself is answered with, and tells the operator why. The operator
 * is told the code alone; the text of an error may hold an address with a signature.
 */
export function unreachable(fault: unknown, report: (fault: unknown) => void): AppError {
  report(new Trouble(`the blob store failed: ${faultCode(fault) ?? 'no answer that can be used'}`))
  const error = new AppError('unavailable', 'unavailable', 'The blob store cannot be reached; try again')
  error.cause = fault
  return error
}

/** Returns the code of a fault, or of the one that caused it. */
export function faultCode(fault: unknown): string | undefined {
  if (!(fault instanceof Error)) return undefined
  return 'code' in fault ? String(fault.code) : faultCode(fault.cause)
}
