// PNG images as the runtime writes them, cut to a part, because it does not cut images itself (w3.org/TR/png).
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
/** Bytes of a pixel: red, green, blue, alpha. */
const PIXEL = 4
const COLOURS_WITH_ALPHA = 6
const COLOURLESS = 0
const COLOURS = 2

/** Returns the size of an image in pixels. */
export function sizeOfPng(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return { width: view.readUInt32BE(16), height: view.readUInt32BE(20) }
}

/** Reports whether a PNG has no transparency, as far as its header and the chunk before its pixels say. */
export function isOpaquePng(bytes: Uint8Array): boolean {
  const kind = bytes[25]
  if (kind !== COLOURLESS && kind !== COLOURS) return false
  for (const { type } of chunksOf(bytes)) {
    if (type === 'tRNS') return false
    if (type === 'IDAT') return true
  }
  return true
}

/**
 * Returns the middle of an image of eight bits, red, green, blue and alpha; the whole width or height where it is smaller.
 * @throws Error for any other kind of PNG
 */
export function croppedPng(bytes: Uint8Array, width: number, height: number): Uint8Array {
  const size = sizeOfPng(bytes)
  if (bytes[24] !== 8 || bytes[25] !== COLOURS_WITH_ALPHA || bytes[28] !== 0)
    throw new Error('the image is of another kind than the runtime writes')
  const packed = [...chunksOf(bytes)].flatMap(({ type, data }) => (type === 'IDAT' ? [data] : []))
  const lines = unfiltered(inflateSync(Buffer.concat(packed)), size.width, size.height)
  const shown = { width: Math.min(width, size.width), height: Math.min(height, size.height) }
  const left = Math.floor((size.width - shown.width) / 2)
  const top = Math.floor((size.height - shown.height) / 2)
  const length = shown.width * PIXEL
  const cut = Buffer.alloc((length + 1) * shown.height)
  for (let y = 0; y < shown.height; y++) {
    const from = ((top + y) * size.width + left) * PIXEL
    // The byte before each line stays 0: no filter.
    cut.set(lines.subarray(from, from + length), y * (length + 1) + 1)
  }
  const header = Buffer.from(bytes.subarray(16, 29))
  header.writeUInt32BE(shown.width, 0)
  header.writeUInt32BE(shown.height, 4)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(cut)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function* chunksOf(bytes: Uint8Array): Generator<{ readonly type: string; readonly data: Buffer }> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = SIGNATURE.length; at + 12 <= view.length; ) {
    const length = view.readUInt32BE(at)
    yield { type: view.toString('latin1', at + 4, at + 8), data: view.subarray(at + 8, at + 8 + length) }
    at += length + 12
  }
}

/** Takes back the filters of the lines: each byte is written as its difference to what its neighbours let expect. */
function unfiltered(filtered: Uint8Array, width: number, height: number): Uint8Array {
  const length = width * PIXEL
  const lines = new Uint8Array(length * height)
  for (let y = 0; y < height; y++) {
    const filter = filtered[y * (length + 1)] ?? 0
    for (let x = 0; x < length; x++) {
      const at = y * length + x
      const left = x < PIXEL ? 0 : (lines[at - PIXEL] ?? 0)
      const up = y === 0 ? 0 : (lines[at - length] ?? 0)
      const corner = x < PIXEL || y === 0 ? 0 : (lines[at - length - PIXEL] ?? 0)
      lines[at] = (filtered[y * (length + 1) + 1 + x] ?? 0) + expected(filter, left, up, corner)
    }
  }
  return lines
}

function expected(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  return filter === 4 ? nearest(left, up, corner) : 0
}

/** The one of three that is nearest to left + up − corner. */
function nearest(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [ofLeft, ofUp, ofCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  if (ofLeft <= ofUp && ofLeft <= ofCorner) return left
  return ofUp <= ofCorner ? up : corner
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
