import { AppError } from '../../core/kernel/errors'

/** Characters of a group, and the bytes that it decodes to. */
const GROUP = 4
const GROUP_BYTES = 3
const PADDING = 0x3d
/** Characters that are decoded at once. */
const PIECE = 256 * 1024
/**
 * The longest text that the runtime encodes or decodes, which is several times as fast and makes strings. They take
 * memory until they are collected, so longer texts do without them.
 */
const LONGEST_NATIVE = 2 * 1024 * 1024
const NOTHING = new Uint8Array()

/** Reports whether the runtime encodes or decodes a text of this length. */
export function isNative(length: number): boolean {
  return length <= LONGEST_NATIVE
}

/** Decodes standard padded base64 (RFC 4648, section 4) that comes in pieces. White space is an error. */
export class Base64Decoder {
  /** The characters of a group that is not complete. */
  private readonly begun = new Uint8Array(GROUP)
  private begunLength = 0
  private isPadded = false
  /** Used again for each piece: a large text would otherwise leave a lot of memory to collect. */
  private readonly decoded = new Uint8Array((PIECE / GROUP) * GROUP_BYTES)

  /** `field`: what the text is the value of, for the error. `native`: whether the runtime decodes it. */
  constructor(
    private readonly field: string,
    private readonly native: boolean,
  ) {}

  /** Decodes what these characters complete. Each result is valid until the next. @throws AppError invalid */
  *push(characters: Uint8Array): Generator<Uint8Array, void> {
    let start = 0
    if (this.begunLength > 0) {
      start = Math.min(GROUP - this.begunLength, characters.length)
      this.keep(characters.subarray(0, start))
      if (this.begunLength < GROUP) return
      this.begunLength = 0
      yield this.groups(this.begun)
    }
    const end = characters.length - ((characters.length - start) % GROUP)
    for (; start < end; start += PIECE)
      yield this.groups(characters.subarray(start, Math.min(end, start + PIECE)))
    this.keep(characters.subarray(end))
  }

  /** @throws AppError invalid if a group is not complete */
  end(): void {
    if (this.begunLength > 0) throw this.refusal()
  }

  private keep(characters: Uint8Array): void {
    this.begun.set(characters, this.begunLength)
    this.begunLength += characters.length
  }

  /** Decodes complete groups. The last one of the text may be padded. */
  private groups(characters: Uint8Array): Uint8Array {
    if (characters.length === 0) return NOTHING
    if (this.isPadded) throw this.refusal()
    this.isPadded = characters.at(-1) === PADDING
    const whole = characters.length - (this.isPadded ? GROUP : 0)
    const isBase64 = this.native ? this.decodeByRuntime(characters, whole) : this.decode(characters, whole)
    if (!isBase64) throw this.refusal()
    const written = (whole / GROUP) * GROUP_BYTES
    if (!this.isPadded) return this.decoded.subarray(0, written)
    const last = this.lastGroup(characters.subarray(whole))
    this.decoded.set(last, written)
    return this.decoded.subarray(0, written + last.length)
  }

  /** Decodes groups without padding up to `end`. Reports whether they are base64. */
  private decodeByRuntime(characters: Uint8Array, end: number): boolean {
    const { buffer, byteOffset } = characters
    const text = Buffer.from(buffer, byteOffset, end).toString('latin1')
    try {
      // The runtime skips white space, so there are fewer bytes than characters say.
      return this.decoded.setFromBase64(text).written === (end / GROUP) * GROUP_BYTES
    } catch {
      // The error of the runtime may quote the text.
      return false
    }
  }

  /** Does the same as `decodeByRuntime`, and makes no strings. */
  private decode(characters: Uint8Array, end: number): boolean {
    const { decoded } = this
    let seen = 0
    for (let from = 0, to = 0; from < end; from += GROUP) {
      const bits =
        ((VALUES[characters[from] ?? 0] ?? 0) << 18) |
        ((VALUES[characters[from + 1] ?? 0] ?? 0) << 12) |
        ((VALUES[characters[from + 2] ?? 0] ?? 0) << 6) |
        (VALUES[characters[from + 3] ?? 0] ?? 0)
      seen |= bits
      decoded[to++] = bits >> 16
      decoded[to++] = bits >> 8
      decoded[to++] = bits
    }
    // The value of another character is negative.
    return seen >= 0
  }

  private lastGroup(group: Uint8Array): Uint8Array {
    try {
      const bytes = Uint8Array.fromBase64(String.fromCharCode(...group), { lastChunkHandling: 'strict' })
      // The runtime skips white space, so there are fewer bytes than characters say.
      if (bytes.length === (group.at(-2) === PADDING ? 1 : 2)) return bytes
    } catch {
      // The error of the runtime may quote the text.
    }
    throw this.refusal()
  }

  private refusal(): AppError {
    return new AppError(
      'invalid',
      'invalid',
      `${this.field} must be standard base64, padded and without white space`,
    )
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** The value of each character, by its code; -1 for those that do not belong here. */
const VALUES = Int32Array.from({ length: 256 }, (_, code) => ALPHABET.indexOf(String.fromCharCode(code)))
/** The two characters of each 12 bits, in the order of memory of all machines that the runtime supports. */
const PAIRS = Uint16Array.from(
  { length: 4096 },
  (_, bits) => ALPHABET.charCodeAt(bits >> 6) | (ALPHABET.charCodeAt(bits & 63) << 8),
)

/** Encodes bytes that come in pieces as base64. Only the last piece is padded. `native`: whether the runtime encodes. */
export async function* base64Of(
  pieces: AsyncIterable<Uint8Array>,
  native: boolean,
): AsyncGenerator<Uint8Array, void> {
  /** The bytes of a group that is not complete. */
  let begun: Uint8Array = NOTHING
  for await (const piece of pieces) {
    const length = begun.length + piece.length
    const end = piece.length - (length % GROUP_BYTES)
    if (end <= 0) {
      begun = joined(begun, piece)
      continue
    }
    yield native ? encodedByRuntime(begun, piece, end) : encoded(begun, piece, end)
    // A copy: the source may use the memory of a piece again.
    begun = new Uint8Array(piece.subarray(end))
  }
  if (begun.length > 0) yield Buffer.from(begun.toBase64(), 'latin1')
}

/** Does the same as `encoded`. */
function encodedByRuntime(begun: Uint8Array, piece: Uint8Array, end: number): Uint8Array {
  const start = begun.length > 0 ? GROUP_BYTES - begun.length : 0
  const first = begun.length > 0 ? joined(begun, piece.subarray(0, start)).toBase64() : ''
  return Buffer.from(first + piece.subarray(start, end).toBase64(), 'latin1')
}

/** Encodes the bytes of a group that was begun and those of a piece up to `end`, which complete all groups. */
function encoded(begun: Uint8Array, piece: Uint8Array, end: number): Uint8Array {
  const groups = (begun.length + end) / GROUP_BYTES
  const pairs = new Uint16Array(groups * 2)
  let at = 0
  let next = 0
  const write = (a: number, b: number, c: number) => {
    pairs[at++] = PAIRS[(a << 4) | (b >> 4)] ?? 0
    pairs[at++] = PAIRS[((b & 15) << 8) | c] ?? 0
  }
  if (begun.length > 0) {
    const first = joined(begun, piece.subarray(0, GROUP_BYTES - begun.length))
    write(first[0] ?? 0, first[1] ?? 0, first[2] ?? 0)
    next = GROUP_BYTES - begun.length
  }
  for (; next < end; next += GROUP_BYTES) write(piece[next] ?? 0, piece[next + 1] ?? 0, piece[next + 2] ?? 0)
  return new Uint8Array(pairs.buffer)
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
