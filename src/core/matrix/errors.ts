import { AppError, type ErrorKind } from '../kernel/errors'

/** The Matrix error codes of the pure rules, each with the kind of its refusals. */
const kinds = {
  M_BAD_JSON: 'invalid',
  M_INVALID_PARAM: 'invalid',
  M_NOT_JSON: 'invalid',
  M_TOO_LARGE: 'too_large',
} as const satisfies Record<string, ErrorKind>

/**
 * Returns a refusal with this Matrix error code. Its reason is the code in lower case: `m_bad_json`. A surface of Matrix
 * shows every reason that begins with `m_` in upper case.
 */
export function matrixRefusal(errcode: keyof typeof kinds, message: string): AppError {
  return new AppError(kinds[errcode], errcode.toLowerCase(), message)
}
