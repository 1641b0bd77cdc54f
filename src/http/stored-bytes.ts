import type { BlobBody } from '../core/kernel/blobs'
import { collected } from '../core/kernel/collected'
import type { Answer } from './endpoint'
import { OCTETS } from './file-headers'

/** Answers with stored bytes as they are. */
export function bytesAnswer(bytes: BlobBody, size: number): Answer {
  // The runtime would name the file.
  const headers = { 'content-type': OCTETS, 'content-disposition': 'attachment' }
  return bytes instanceof Blob
    ? { status: 200, bytes, headers: { ...headers, 'content-length': String(size) } }
    : { status: 200, pieces: wholePieces(bytes, size), headers }
}

/** The pieces of stored bytes. An answer that only ended early would look whole. @throws Error if bytes are missing */
export async function* wholePieces(bytes: BlobBody, size: number): AsyncGenerator<Uint8Array, void> {
  const all = bytes instanceof Blob ? bytes.stream() : bytes
  let sent = 0
  for await (const piece of collected(all, () => Bun.gc(false))) {
    sent += piece.length
    yield piece
  }
  if (sent !== size) throw new Error(`a blob of ${size} bytes ended after ${sent}`)
}
