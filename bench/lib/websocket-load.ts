import { randomBytes } from 'node:crypto'

/** A WebSocket over plain TCP that only counts text frames: as thin as a client can be. */
export interface ThinSocket {
  readonly open: Promise<void>
  send(text: string): void
  /** Stops reading from the network, as a stalled client does. */
  pause(): void
  close(): void
}

export interface ThinSocketOptions {
  readonly port: number
  readonly path: string
  readonly headers: string
  /** Sees each text frame where it lies in the network's buffer. */
  readonly onFrame: (bytes: Buffer, start: number, end: number) => void
  readonly onClose?: (code: number | undefined) => void
}

export function thinSocket({ port, path, headers, onFrame, onClose }: ThinSocketOptions): ThinSocket {
  const { promise: open, resolve, reject } = Promise.withResolvers<void>()
  let connection: Bun.Socket | undefined
  let upgraded = false
  let rest: Buffer = Buffer.alloc(0)
  let code: number | undefined
  const consume = (bytes: Buffer): Buffer => {
    let at = 0
    while (bytes.length - at >= 2) {
      const opcode = (bytes[at] ?? 0) & 15
      let length = (bytes[at + 1] ?? 0) & 127
      let head = 2
      if (length === 126) {
        if (bytes.length - at < 4) break
        length = bytes.readUInt16BE(at + 2)
        head = 4
      } else if (length === 127) {
        if (bytes.length - at < 10) break
        length = Number(bytes.readBigUInt64BE(at + 2))
        head = 10
      }
      const end = at + head + length
      if (bytes.length < end) break
      if (opcode === 1) onFrame(bytes, at + head, end)
      else if (opcode === 8) code = length >= 2 ? bytes.readUInt16BE(at + head) : undefined
      else if (opcode === 9) connection?.write(clientFrame(10, bytes.subarray(at + head, end)))
      at = end
    }
    return bytes.subarray(at)
  }
  void Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (socket) => {
        connection = socket
        const key = randomBytes(16).toString('base64')
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${headers}\r\n`,
        )
      },
      data: (_, bytes) => {
        let input: Buffer = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes
        if (!upgraded) {
          const end = input.indexOf('\r\n\r\n')
          if (end < 0) {
            rest = Buffer.from(input)
            return
          }
          if (input.toString('latin1', 9, 12) !== '101') {
            reject(new Error(`no WebSocket: ${input.toString('latin1', 0, 200)}`))
            connection?.end()
            return
          }
          upgraded = true
          input = input.subarray(end + 4)
          resolve()
        }
        const left = consume(input)
        // The network's buffer is used again, so what is kept has to be copied.
        rest = left.length > 0 ? Buffer.from(left) : left
      },
      close: () => {
        reject(new Error('closed before it was open'))
        onClose?.(code)
      },
      error: () => {},
    },
  }).catch(reject)
  return {
    open,
    send: (text) => {
      connection?.write(clientFrame(1, Buffer.from(text)))
    },
    pause: () => connection?.pause(),
    close: () => connection?.end(),
  }
}

/** A masked frame (RFC 6455 §5.3); the mask is zero, which is as good for a benchmark. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  const long = payload.length > 125
  const head = Buffer.alloc(long ? 8 : 6)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (long ? 126 : payload.length)
  if (long) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}
