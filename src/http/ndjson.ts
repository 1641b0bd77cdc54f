export const NDJSON = 'application/x-ndjson'
/** Characters that are sent together. */
const PIECE = 32_768
const LINE_FEED = 10

/** The headers of an answer of one JSON object a line. */
export function ndjsonHeaders(filename: string) {
  return {
    'content-type': NDJSON,
    'content-disposition': `attachment; filename="${filename}"`,
  }
}

/** Encodes lines, several at a time. */
export async function* piecesOfLines(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array, void> {
  const encoder = new TextEncoder()
  let text = ''
  for await (const line of lines) {
    text += `${line}\n`
    if (text.length < PIECE) continue
    yield encoder.encode(text)
    text = ''
  }
  if (text !== '') yield encoder.encode(text)
}

/** A line that is longer than allowed, or not UTF-8. */
export class UnreadableLine extends Error {}

/**
 * Splits bytes into lines, without holding more than one line and one chunk. An unfinished line at the end is a line.
 * @throws UnreadableLine if a line has more than `limit` bytes or is not UTF-8; what `chunks` throws
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let begun: Uint8Array[] = []
  let length = 0
  const keep = (part: Uint8Array) => {
    length += part.length
    if (length > limit) throw new UnreadableLine(`a line has more than ${limit} bytes`)
    begun.push(part)
  }
  const finished = () => {
    const line = Buffer.concat(begun)
    begun = []
    length = 0
    try {
      return decoder.decode(line)
    } catch {
      throw new UnreadableLine('a line is not UTF-8')
    }
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      keep(chunk.subarray(start, end))
      yield finished()
      start = end + 1
    }
    // The runtime may use the memory of a chunk again.
    if (start < chunk.length) keep(chunk.slice(start))
  }
  if (length > 0) yield finished()
}
