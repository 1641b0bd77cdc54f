/** What a file is, as far as its bytes say. */
export interface ImageHeader {
  readonly mime: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'
  readonly width: number
  readonly height: number
}

/** Bytes from the start of a file within which PNG, GIF and WebP say their size. */
const HEAD_BYTES = 32

/**
 * Finds out whether a file is an image, from its bytes as they come. Only a few bytes are kept: the segments of a JPEG
 * before its size may be megabytes.
 */
export class ImageProbe {
  private readonly head = new Uint8Array(HEAD_BYTES)
  private length = 0
  private jpeg: JpegProbe | undefined

  push(chunk: Uint8Array): void {
    if (this.length < HEAD_BYTES) {
      const part = chunk.subarray(0, HEAD_BYTES - this.length)
      this.head.set(part, this.length)
      this.length += part.length
    }
    this.jpeg ??= new JpegProbe()
    this.jpeg.push(chunk)
  }

  /** Returns what was found, when all bytes are known. */
  get found(): ImageHeader | undefined {
    const bytes = this.head.subarray(0, this.length)
    return pngOf(bytes) ?? gifOf(bytes) ?? webpOf(bytes) ?? this.jpeg?.found
  }
}

function pngOf(bytes: Uint8Array): ImageHeader | undefined {
  if (bytes.length < 24 || !startsWith(bytes, 0, '\x89PNG\r\n\x1a\n') || !startsWith(bytes, 12, 'IHDR'))
    return undefined
  return sized('image/png', number(bytes, [16, 17, 18, 19]), number(bytes, [20, 21, 22, 23]))
}

function gifOf(bytes: Uint8Array): ImageHeader | undefined {
  if (bytes.length < 10 || !(startsWith(bytes, 0, 'GIF87a') || startsWith(bytes, 0, 'GIF89a')))
    return undefined
  return sized('image/gif', number(bytes, [7, 6]), number(bytes, [9, 8]))
}

function webpOf(bytes: Uint8Array): ImageHeader | undefined {
  if (bytes.length < 30 || !startsWith(bytes, 0, 'RIFF') || !startsWith(bytes, 8, 'WEBP')) return undefined
  if (startsWith(bytes, 12, 'VP8X'))
    return sized('image/webp', number(bytes, [26, 25, 24]) + 1, number(bytes, [29, 28, 27]) + 1)
  if (startsWith(bytes, 12, 'VP8 ') && startsWith(bytes, 23, '\x9d\x01\x2a'))
    return sized('image/webp', number(bytes, [27, 26]) & 0x3fff, number(bytes, [29, 28]) & 0x3fff)
  if (!startsWith(bytes, 12, 'VP8L') || bytes[20] !== 0x2f) return undefined
  // 14 bits each, from the lowest one on.
  const bits = number(bytes, [24, 23, 22, 21])
  return sized('image/webp', (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
}

/** Markers of a frame, which holds the size: all of 0xC0 to 0xCF but three. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

/** Walks over the segments of a JPEG up to its frame. */
class JpegProbe {
  found: ImageHeader | undefined
  private isOver = false
  /** Bytes to pass over before the next segment. */
  private skip = 0
  private readonly kept: number[] = []
  private hasBegun = false

  push(chunk: Uint8Array): void {
    for (let i = 0; i < chunk.length && !this.isOver; ) {
      if (this.skip > 0) {
        const passed = Math.min(this.skip, chunk.length - i)
        this.skip -= passed
        i += passed
      } else {
        this.kept.push(chunk[i] ?? 0)
        i++
        this.step()
      }
    }
  }

  /** Reads the next segment once enough of it is kept. */
  private step(): void {
    const { kept } = this
    if (!this.hasBegun) {
      if (kept.length < 2) return
      this.isOver = kept[0] !== 0xff || kept[1] !== 0xd8
      this.hasBegun = true
      kept.length = 0
      return
    }
    const [first, marker = 0] = kept
    if (first !== 0xff) this.isOver = true
    if (this.isOver || kept.length < 2) return
    // A marker may follow any number of 0xFF.
    if (marker === 0xff) kept.length = 1
    // The picture or the end comes without a frame before it.
    else if (marker === 0xda || marker === 0xd9) this.isOver = true
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) kept.length = 0
    else if (isFrame(marker)) this.readFrame()
    else if (kept.length === 4) {
      this.skip = Math.max(0, number(kept, [2, 3]) - 2)
      kept.length = 0
    }
  }

  private readFrame(): void {
    const { kept } = this
    if (kept.length < 9) return
    this.isOver = true
    this.found = sized('image/jpeg', number(kept, [7, 8]), number(kept, [5, 6]))
  }
}

/** An image without a width or height is none that can be shown. */
function sized(mime: ImageHeader['mime'], width: number, height: number): ImageHeader | undefined {
  return width > 0 && height > 0 ? { mime, width, height } : undefined
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** The number in these bytes, the highest first. */
function number(bytes: ArrayLike<number>, at: readonly number[]): number {
  return at.reduce((value, i) => value * 256 + (bytes[i] ?? 0), 0)
}
