import { AppError } from '../kernel/errors'

/** The least that an encrypted value has: a nonce of 12 bytes and a tag of 16. */
export const LEAST_SEALED_BYTES = 28

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?$/

/**
 * Returns the decoded length of a text in standard padded base64, in bytes. `field` names it in the error.
 * @throws bad_base64 if it has other characters, white space, or no padding
 */
export function base64Length(field: string, text: string): number {
  // The runtime skips white space, which the pattern refuses.
  if (BASE64.test(text))
    try {
      return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' }).length
    } catch {
      // Bits beyond the last byte are set.
    }
  throw new AppError('invalid', 'bad_base64', `${field} is not standard base64 with padding`)
}

/**
 * Requires an encrypted value, of exactly `bytes` bytes if given.
 * @throws bad_base64; too_short for fewer than 28 bytes; unprocessable for another size
 */
export function requireSealed(field: string, text: string, bytes?: number): void {
  const length = base64Length(field, text)
  if (bytes !== undefined) requireSize(field, length, bytes)
  else if (length < LEAST_SEALED_BYTES)
    throw new AppError(
      'invalid',
      'too_short',
      `${field} has ${length} bytes; an encrypted value has at least ${LEAST_SEALED_BYTES}`,
    )
}

/** Requires a value of exactly `bytes` bytes that is not encrypted. @throws bad_base64, unprocessable */
export function requireBytes(field: string, text: string, bytes: number): void {
  requireSize(field, base64Length(field, text), bytes)
}

function requireSize(field: string, length: number, bytes: number): void {
  if (length !== bytes) throw unprocessable(`${field} has ${length} bytes instead of ${bytes}`)
}

/** A well-formed request that is refused. */
export function unprocessable(message: string): AppError {
  return new AppError('invalid', 'unprocessable', message)
}
