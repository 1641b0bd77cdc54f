import { deflateSync } from 'node:zlib'

/** A grey PNG image of a size in pixels. `valueAt`: the brightness of each point, of which it is given the number. */
export function pngOf(width: number, height: number, valueAt = (_point: number) => 0x80): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // Eight bits of grey.
  header[8] = 8
  // Each line begins with its filter, which is none.
  const lines = Buffer.alloc((width + 1) * height).map((_, at) => {
    const [line, column] = [Math.floor(at / (width + 1)), at % (width + 1)]
    return column === 0 ? 0 : valueAt(line * width + column - 1)
  })
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(Bun.hash.crc32(body))
  return Buffer.concat([length, body, sum])
}
