import { parseJson, type ReadBody, refuseEncoded, wholeBody } from '../body'

/** The largest JSON body, apart from those with a blob. */
export const MAX_JSON_BYTES = 1_048_576

/**
 * Reads a JSON body whatever its content type is, because clients also send one without a body.
 * @throws 413, 415 for a compressed body, 422 `json_invalid`, which is answered with 400
 */
export const readSyncBody: ReadBody = async (request) => {
  refuseEncoded(request)
  const bytes = await wholeBody(request, MAX_JSON_BYTES)
  return bytes.length === 0 ? undefined : parseJson(bytes)
}
