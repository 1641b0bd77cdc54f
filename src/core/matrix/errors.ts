import { AppError, type ErrorExtra, type ErrorKind } from '../kernel/errors'

/** The Matrix error codes of refusals, each with the kind of its refusals. */
const kinds = {
  M_BAD_ALIAS: 'invalid',
  M_BAD_JSON: 'invalid',
  M_CANNOT_OVERWRITE_MEDIA: 'conflict',
  M_DUPLICATE_ANNOTATION: 'invalid',
  M_FORBIDDEN: 'forbidden',
  M_INVALID_PARAM: 'invalid',
  M_GUEST_ACCESS_FORBIDDEN: 'forbidden',
  M_INVALID_ROOM_STATE: 'invalid',
  M_INVALID_USERNAME: 'invalid',
  M_KEY_TOO_LARGE: 'invalid',
  M_MISSING_PARAM: 'invalid',
  M_NOT_FOUND: 'not_found',
  M_NOT_JSON: 'invalid',
  M_PROFILE_TOO_LARGE: 'invalid',
  M_ROOM_IN_USE: 'invalid',
  M_THREEPID_DENIED: 'forbidden',
  M_TOO_LARGE: 'too_large',
  M_UNKNOWN: 'invalid',
  M_UNKNOWN_TOKEN: 'unauthenticated',
  M_UNSUPPORTED_ROOM_VERSION: 'invalid',
  M_USER_DEACTIVATED: 'forbidden',
  M_USER_IN_USE: 'invalid',
  M_USER_SUSPENDED: 'forbidden',
  M_WEAK_PASSWORD: 'invalid',
} as const satisfies Record<string, ErrorKind>

/**
 * Returns a refusal with this Matrix error code. Its reason is the code in lower case: `m_bad_json`. A surface of Matrix
 * shows every reason that begins with `m_` in upper case.
 */
export function matrixRefusal(errcode: keyof typeof kinds, message: string, extra?: ErrorExtra): AppError {
  return new AppError(kinds[errcode], errcode.toLowerCase(), message, extra)
}
