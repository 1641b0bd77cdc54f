import type { BlobBody } from '../../core/kernel/blobs'
import type { Answer } from '../endpoint'
import { wholePieces } from '../stored-bytes'
import { base64Of, isNative } from './base64'

const encoder = new TextEncoder()

/** Answers with a JSON object, and stored bytes as base64 in its last field. */
export function sealedAnswer(fields: object, field: string, bytes: BlobBody, size: number): Answer {
  const headers = { 'content-type': 'application/json' }
  return {
    status: 200,
    pieces: sealedJson(fields, field, base64Of(wholePieces(bytes, size), isNative(size))),
    headers,
  }
}

async function* sealedJson(
  fields: object,
  field: string,
  text: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield encoder.encode(`${JSON.stringify(fields).slice(0, -1)},${JSON.stringify(field)}:"`)
  yield* text
  yield encoder.encode('"}')
}
