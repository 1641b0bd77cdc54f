import { MAX_METADATA_BYTES } from '../core/kernel/limits'
import { ValidationError } from './errors'

/** Checks the size of the metadata of a message. `path`: where it is in the body. @throws 422 `value_error` for more than 8 KiB of JSON */
export function checkedMetadata(
  metadata: object,
  path: readonly string[] = ['metadata'],
): Readonly<Record<string, unknown>> {
  const size = Buffer.byteLength(JSON.stringify(metadata))
  if (size <= MAX_METADATA_BYTES) return metadata as Readonly<Record<string, unknown>>
  const msg = `Value error, metadata is ${size} bytes of JSON, the limit is ${MAX_METADATA_BYTES}`
  throw new ValidationError([{ type: 'value_error', loc: ['body', ...path], msg, input: null }])
}
