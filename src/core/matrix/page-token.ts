import { isObject, type JsonObject } from './canonical'
import { matrixRefusal } from './errors'

/** Tokens of pages that are no positions of the log: base64url of the key at which a page ends. */

const MAX_LENGTH = 4096

export function formatPageToken(key: JsonObject): string {
  return new TextEncoder().encode(JSON.stringify(key)).toBase64({ alphabet: 'base64url', omitPadding: true })
}

/** @throws m_invalid_param for text that is no token */
export function parsePageToken(token: string): JsonObject {
  const key = token.length <= MAX_LENGTH ? keyIn(token) : undefined
  if (!isObject(key)) throw unknownToken()
  return key
}

/** The refusal of a token that this server has not made, or not for this request. */
export function unknownToken() {
  return matrixRefusal('M_INVALID_PARAM', 'This token is unknown. Begin without one')
}

/** Returns a whole number of a token. @throws m_invalid_param */
export function wholeIn(key: JsonObject, name: string): number {
  const value = key[name]
  if (!Number.isSafeInteger(value)) throw unknownToken()
  return value as number
}

function keyIn(token: string): unknown {
  try {
    const bytes = Uint8Array.fromBase64(token, { alphabet: 'base64url' })
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
