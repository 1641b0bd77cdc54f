import { describe, expect, test } from 'bun:test'
import { ImageProbe } from '../../../src/core/messages/image-header'

const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0))
const u16 = (value: number) => [value >> 8, value & 0xff]
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)]

const png = [
  ...ascii('\x89PNG\r\n\x1a\n'),
  ...u32(13),
  ...ascii('IHDR'),
  ...u32(640),
  ...u32(480),
  8,
  2,
  0,
  0,
  0,
]
const gif = [...ascii('GIF89a'), 0x80, 0x02, 0xe0, 0x01, 0xf7, 0, 0]
const riff = (chunk: string, data: number[]) => [
  ...ascii('RIFF'),
  0,
  0,
  0,
  0,
  ...ascii(`WEBP${chunk}`),
  0,
  0,
  0,
  0,
  ...data,
]
const lossy = riff('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01])
const lossless = riff('VP8L', [0x2f, 0x7f, 0xc2, 0x77, 0x00, 0, 0, 0, 0, 0])
const extended = riff('VP8X', [0, 0, 0, 0, 0x7f, 0x02, 0x00, 0xdf, 0x01, 0x00])
const segment = (marker: number, length: number) => [
  0xff,
  marker,
  ...u16(length + 2),
  ...Array(length).fill(0xff),
]
const frame = [0xff, 0xc2, ...u16(17), 8, ...u16(480), ...u16(640), 3]
const jpeg = [
  0xff,
  0xd8,
  ...segment(0xe0, 14),
  ...segment(0xe1, 65_000),
  0xff,
  0xff,
  ...segment(0xdb, 65).slice(1),
  ...frame,
]

function found(bytes: readonly number[], size = bytes.length) {
  const probe = new ImageProbe()
  const all = Uint8Array.from(bytes)
  for (let i = 0; i < all.length; i += size) probe.push(all.subarray(i, i + size))
  return probe.found
}

describe('the size of an image', () => {
  test.each([
    ['image/png', png],
    ['image/gif', gif],
    ['image/webp', lossy],
    ['image/webp', lossless],
    ['image/webp', extended],
    ['image/jpeg', jpeg],
  ] as const)('%s: it is found in one piece, in pieces and byte by byte', (mime, bytes) => {
    for (const size of [bytes.length, 1000, 7, 1])
      expect(found(bytes, size)).toEqual({ mime, width: 640, height: 480 })
  })

  test.each([
    ['nothing', []],
    ['text', ascii('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['a PNG that is cut off', png.slice(0, 20)],
    ['a PNG without an extent', [...png.slice(0, 16), ...u32(0), ...u32(0), 8, 2, 0, 0, 0]],
    ['a JPEG that is cut off', jpeg.slice(0, -5)],
    ['a JPEG without a frame', [0xff, 0xd8, ...segment(0xe0, 14), 0xff, 0xda, 0, 2]],
    ['RIFF of another kind', [...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WAVEfmt '), ...Array(20).fill(0)]],
  ] as const)('%s is no image', (_, bytes) => {
    expect(found(bytes)).toBeUndefined()
    expect(found(bytes, 1)).toBeUndefined()
  })
})
