import { isObject, type JsonObject, parseEventJson } from '../../core/matrix/canonical'
import { matrixError } from './errors'

/**
 * Reads the content of an event from the text of a body. Numbers are checked in the text, because parsing rounds them.
 * @throws M_BAD_JSON for what no event may contain
 */
export function eventContentIn(bodyText: string): JsonObject {
  const value = bodyText.trim() === '' ? {} : parseEventJson(bodyText)
  if (!isObject(value)) throw matrixError(400, 'M_BAD_JSON', 'The body is no JSON object')
  return value
}
