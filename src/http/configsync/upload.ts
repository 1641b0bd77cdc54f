import type { Arrival, ReceivedUpload } from '../../core/configsync/sealed-blobs'
import type { Settings } from '../../core/governance/settings'
import { canonicalJson } from '../../core/kernel/canonical-json'
import { refuseEncoded } from '../body'
import { HttpError } from '../errors'
import { streamed } from '../schema'
import { type Fields, MAX_REST_BYTES, UploadBody } from './upload-body'

/** The settings with the most bytes of ciphertext. */
type Limit = 'configsync.max_snapshot_bytes' | 'configsync.max_version_bytes'

/** The body of an upload: JSON with ciphertext as base64 in a field. */
export function uploadSchema(limit: Limit) {
  const maxBytes = (settings: Settings) => Math.ceil(settings.get(limit) / 3) * 4 + MAX_REST_BYTES
  return streamed({ contentType: 'application/json', maxBytes })
}

/**
 * Reads an upload whose ciphertext is in a field. `fieldsOf`: checks the others.
 * @throws 411 without a length, 415 for a compressed body
 */
export function arrivalOf<Checked>(
  request: Request,
  body: AsyncIterable<Uint8Array>,
  field: string,
  maxBytes: number,
  fieldsOf: (fields: Fields) => Checked,
): Arrival<Checked> {
  refuseEncoded(request)
  const header = request.headers.get('content-length')
  if (header === null)
    throw new HttpError(411, 'length_required', 'Send the body with Content-Length, not chunked')
  const length = Number(header)
  const upload = new UploadBody(body, field, maxBytes, length)
  return { length, bytes: upload.bytes(), fields: () => fieldsOf(upload.rest) }
}

/** What stands for the body of an upload, so that another one with its retry key is another request. */
export function contentOf({ blob, fields }: ReceivedUpload<object>): string {
  return canonicalJson([blob.sha256, fields])
}
