import type { BlobBody, ByteRange } from '../core/kernel/blobs'
import { collected } from '../core/kernel/collected'
import type { Answer } from './endpoint'
import { isKnown, OCTETS, rangeOf } from './file-headers'

/** A stored file and the headers of its answer. */
export interface StoredFile {
  readonly size: number
  readonly sha256: string
  /** How long clients may keep it. */
  readonly cacheControl: string
  /** Those that describe the file; not sent to a client that has it already. */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Answers with a stored file, or the part of it that the client asks for. `open`: opens all of its bytes, or a range.
 * @throws 416 `range_not_satisfiable`
 */
export async function fileAnswer(
  request: Request,
  { size, sha256, cacheControl, headers }: StoredFile,
  open: (range: ByteRange | undefined) => Promise<BlobBody>,
): Promise<Answer> {
  const etag = `"${sha256}"`
  const common = { etag, 'cache-control': cacheControl, 'accept-ranges': 'bytes' }
  if (isKnown(request, etag)) return { response: new Response(null, { status: 304, headers: common }) }
  const range = rangeOf(request, size, etag)
  const bytes = await open(range)
  const { start, end } = range ?? { start: 0, end: size }
  const sent = {
    status: range ? 206 : 200,
    headers: {
      ...common,
      ...headers,
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
      'content-length': String(end - start),
    },
  }
  return bytes instanceof Blob ? { ...sent, bytes } : { ...sent, pieces: wholePieces(bytes, end - start) }
}

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
