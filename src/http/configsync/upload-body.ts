import { LEAST_SEALED_BYTES } from '../../core/configsync/sealed'
import { AppError } from '../../core/kernel/errors'
import { parseJson } from '../body'
import { ValidationError } from '../errors'
import { Base64Decoder, isNative } from './base64'
import { FieldScan } from './field-scan'

/** The value is streamed if it begins within this many bytes. */
const HEAD_BYTES = 64 * 1024
/** Everything but the value. */
export const MAX_REST_BYTES = 1024 * 1024
/** A body whose value is not found in its head is read as a whole. */
const MAX_WHOLE_BYTES = 8 * 1024 * 1024

const QUOTE = 0x22

/** Fields of a JSON object, not checked. */
export type Fields = Readonly<Record<string, unknown>>

/**
 * Reads a JSON object of which one field is a large base64 text. The bytes of the text are passed on as they come, so
 * that a large upload takes little memory (docs/contract/configsync.md#uploads).
 */
export class UploadBody {
  private readonly scan: FieldScan
  private readonly text: Base64Decoder
  private state: 'head' | 'value' | 'tail' | 'whole' = 'head'
  /** Everything but the value, or the whole body. */
  private kept: Uint8Array[] = []
  private keptBytes = 0
  private size = 0
  private found: Fields | undefined

  /** `maxBytes`: the most bytes that the text may decode to; `length`: of the body. */
  constructor(
    private readonly body: AsyncIterable<Uint8Array>,
    private readonly field: string,
    private readonly maxBytes: number,
    length: number,
  ) {
    this.scan = new FieldScan(field)
    this.text = new Base64Decoder(field, isNative(length))
  }

  /**
   * The bytes that the text decodes to. Each piece is valid until the next.
   * @throws AppError invalid if the body is no such JSON, the text is no base64 or decodes to fewer than 28 bytes;
   *   too_large; what the body throws
   */
  async *bytes(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of this.body) yield* this.counted(this.take(chunk))
    yield* this.counted(this.finish())
    if (this.size < LEAST_SEALED_BYTES)
      throw invalid(`${this.field} must decode to at least ${LEAST_SEALED_BYTES} bytes`)
  }

  /** The other fields. Call it when `bytes` has ended. */
  get rest(): Fields {
    if (this.found === undefined) throw new Error('the body is not read yet')
    return this.found
  }

  /** Takes the next part of the body. Yields bytes of the value. */
  private *take(chunk: Uint8Array): Generator<Uint8Array, void> {
    if (this.state === 'head') yield* this.takeHead(chunk)
    else if (this.state === 'value') yield* this.takeValue(chunk)
    else this.keep(chunk)
  }

  private *takeHead(chunk: Uint8Array): Generator<Uint8Array, void> {
    const seen = chunk.subarray(0, HEAD_BYTES - this.keptBytes)
    const start = this.scan.push(seen)
    if (start === undefined) {
      if (this.keptBytes + chunk.length >= HEAD_BYTES) this.state = 'whole'
      this.keep(chunk)
      return
    }
    // In what is kept, a mark takes the place of the value and its quotes.
    this.keep(chunk.subarray(0, start - 1))
    this.keep(MARK_BYTES)
    this.state = 'value'
    yield* this.takeValue(chunk.subarray(start))
  }

  private *takeValue(chunk: Uint8Array): Generator<Uint8Array, void> {
    const end = chunk.indexOf(QUOTE)
    yield* this.text.push(end < 0 ? chunk : chunk.subarray(0, end))
    if (end < 0) return
    this.text.end()
    this.state = 'tail'
    this.keep(chunk.subarray(end + 1))
  }

  private keep(chunk: Uint8Array): void {
    this.keptBytes += chunk.length
    const limit = this.state === 'whole' ? MAX_WHOLE_BYTES : MAX_REST_BYTES
    if (this.keptBytes > limit) throw tooLarge(this.oversize(limit))
    // A copy, which Buffer.slice makes none of: the source may use the memory of a chunk again.
    this.kept.push(new Uint8Array(chunk))
  }

  private oversize(limit: number): string {
    return this.state === 'whole'
      ? `A body of more than ${limit} bytes must begin with the field ${this.field}, apart from short ones`
      : `Everything but ${this.field} may have ${limit} bytes`
  }

  /** Reads what was kept. Yields bytes of a value that was not streamed. */
  private *finish(): Generator<Uint8Array, void> {
    if (this.state === 'value') throw noJson()
    const fields = objectOf(Buffer.concat(this.kept))
    this.kept = []
    const { [this.field]: value, ...rest } = fields
    this.found = rest
    if (this.state === 'tail') {
      // The last field of a name counts in JSON. A second one would belie the bytes that were passed on.
      if (value !== MARK) throw invalid(`${this.field} is there twice`)
      return
    }
    if (typeof value !== 'string') throw invalid(`${this.field} is missing, or is no text`)
    yield* this.text.push(Buffer.from(value, 'utf8'))
    this.text.end()
  }

  private *counted(pieces: Iterable<Uint8Array>): Generator<Uint8Array, void> {
    for (const bytes of pieces) {
      this.size += bytes.length
      if (this.size > this.maxBytes)
        throw tooLarge(`${this.field} decodes to more than ${this.maxBytes} bytes, which is the limit`)
      yield bytes
    }
  }
}

/** A text that no client can send in its place. */
const MARK: string = crypto.randomUUID()
const MARK_BYTES = new TextEncoder().encode(JSON.stringify(MARK))

/** @throws AppError invalid */
function objectOf(json: Uint8Array): Fields {
  let value: unknown
  try {
    value = parseJson(json)
  } catch (error) {
    if (error instanceof ValidationError) throw noJson()
    throw error
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('The body must be a JSON object')
  return value as Fields
}

function noJson(): AppError {
  return invalid('The body is not JSON')
}

function invalid(message: string): AppError {
  return new AppError('invalid', 'invalid', message)
}

function tooLarge(message: string): AppError {
  return new AppError('too_large', 'payload_too_large', message)
}
