import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { closing, type FrameShape, frame, RawWebSocket } from '../support/raw-socket'
import { LiveSocket } from '../support/sockets'
import { Town } from './town'

/*
 * RFC 6455 asks a server to fail the connection with the right code when a frame is malformed (§7.1.7, §7.4.1).
 * The cases are those of the Autobahn test suite, by their subjects.
 */

let town: Town
let bystander: LiveSocket
beforeAll(async () => {
  town = await Town.open({ SYNAPSE_STREAMS_PER_ACCOUNT: '1000' })
  bystander = await town.socket(await town.agent())
})
afterAll(async () => {
  bystander[Symbol.dispose]()
  await town[Symbol.asyncDispose]()
})

const PING = '{"type":"ping","id":1}'
const bytes = (...values: number[]) => Uint8Array.from(values)
const text = (payload: string | Uint8Array, more: Partial<FrameShape> = {}): FrameShape => ({
  opcode: 'text',
  payload,
  ...more,
})
const more = (payload: string | Uint8Array, fin = true): FrameShape => ({
  opcode: 'continuation',
  payload,
  fin,
})
const close = (payload: Uint8Array): FrameShape => ({ opcode: 'close', payload })

/** Opens a socket and sends the frames in one piece, followed by a ping. */
async function send(frames: readonly FrameShape[]): Promise<RawWebSocket> {
  const socket = await RawWebSocket.open(town.url, { headers: (await town.agent()).credential })
  await socket.text('hello')
  socket.connection.write(Buffer.concat([...frames, { opcode: 'ping' } as const].map(frame)))
  return socket
}

describe('malformed frames', () => {
  const table: readonly (readonly [title: string, code: number, frames: readonly FrameShape[]])[] = [
    ['text without a mask', 1002, [text(PING, { masked: false })]],
    ['a ping without a mask', 1002, [{ opcode: 'ping', masked: false }]],
    ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => [`reserved bits ${rsv}`, 1002, [text(PING, { rsv })]] as const),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
      (opcode) => [`reserved opcode ${opcode}`, 1002, [{ opcode }]] as const,
    ),
    ['a fragmented ping', 1002, [{ opcode: 'ping', fin: false }]],
    ['a fragmented pong', 1002, [{ opcode: 'pong', fin: false }]],
    ['a fragmented close', 1002, [{ opcode: 'close', payload: closing(1000), fin: false }]],
    ['a ping of 126 bytes', 1002, [{ opcode: 'ping', payload: 'x'.repeat(126) }]],
    ['a pong of 126 bytes', 1002, [{ opcode: 'pong', payload: 'x'.repeat(126) }]],
    ['a close of 126 bytes', 1002, [close(closing(1000, 'x'.repeat(124)))]],
    ['a continuation without a start', 1002, [more('x')]],
    ['an unfinished continuation without a start', 1002, [more('x', false)]],
    ['a message inside a fragmented one', 1002, [text('{', { fin: false }), text('}')]],
    [
      'bytes inside a fragmented message',
      1002,
      [text('{', { fin: false }), { opcode: 'binary', payload: '}' }],
    ],
    ['a continuation after the last', 1002, [text('{', { fin: false }), more('}'), more('}')]],
    ['text with a byte that is invalid in UTF-8', 1007, [text(bytes(0xff))]],
    ['text that ends inside a character', 1007, [text(bytes(0xe2, 0x82))]],
    ['text with an overlong character', 1007, [text(bytes(0xc0, 0xaf))]],
    ['text with a lone surrogate', 1007, [text(bytes(0xed, 0xa0, 0x80))]],
    ['text with a code point beyond Unicode', 1007, [text(bytes(0xf4, 0x90, 0x80, 0x80))]],
    [
      'fragments that are invalid UTF-8 together',
      1007,
      [text(bytes(0x22, 0xe2), { fin: false }), more(bytes(0x22))],
    ],
    [
      'one bad byte in a long text',
      1007,
      [text(Buffer.concat([Buffer.from('x'.repeat(5000)), bytes(0xff), Buffer.from('y'.repeat(5000))]))],
    ],
    ['a close of one byte', 1002, [close(bytes(3))]],
    ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
      (code) => [`close code ${code}`, 1002, [close(closing(code))]] as const,
    ),
    ['a close with a reason that is not UTF-8', 1007, [close(closing(1000, bytes(0xff, 0xfe)))]],
    ['a length of 2^63', 1009, [text('x', { lengthBits: 64, declared: 1n << 63n })]],
    ['a length of 2^62', 1009, [text('x', { lengthBits: 64, declared: 1n << 62n })]],
    ['a length of 2^32 + 1', 1009, [text('x', { lengthBits: 64, declared: (1n << 32n) + 1n })]],
    ['text of more than 64 KiB', 1009, [text('x'.repeat(65_537))]],
    ['bytes of more than 64 KiB', 1009, [{ opcode: 'binary', payload: 'x'.repeat(65_537) }]],
    [
      'fragments of more than 64 KiB together',
      1009,
      [text('x'.repeat(60_000), { fin: false }), more('x'.repeat(60_000))],
    ],
    [
      'very many small fragments of more than 64 KiB together',
      1009,
      [text('x', { fin: false }), ...Array.from({ length: 66 }, () => more('x'.repeat(1000), false))],
    ],
  ]
  test.each(table)('the connection fails after %s with code %d', async (_, code, frames) => {
    using socket = await send(frames)
    expect(await socket.endedWithin(2000)).toMatchObject({ code })
    expect(await socket.connection.endedWithin(2000)).toBeDefined()
    expect(socket.texts.join()).not.toContain('pong')
    await bystander.settle()
  })
})

describe('unusual frames', () => {
  const table: readonly [title: string, frames: readonly FrameShape[]][] = [
    ['a length in more bits than needed', [text(PING, { lengthBits: 16 })]],
    ['a length in 64 bits', [text(PING, { lengthBits: 64 })]],
    [
      'a message of exactly 64 KiB',
      [text(PING.replace('}', `,"x":"${'y'.repeat(65_536 - PING.length - 7)}"}`))],
    ],
    [
      'a fragmented message with a ping in between',
      [text(PING.slice(0, 5), { fin: false }), { opcode: 'ping' }, more('', false), more(PING.slice(5))],
    ],
    ['an unrequested pong', [{ opcode: 'pong', payload: 'hi' }, text(PING)]],
    [
      'very many empty fragments',
      [text('', { fin: false }), ...Array.from({ length: 5000 }, () => more('', false)), more(PING)],
    ],
  ]
  test.each(table)('the server accepts %s', async (_, frames) => {
    using socket = await send(frames)
    expect(JSON.parse(await socket.text('"pong"'))).toEqual({ type: 'pong', id: 1 })
    expect(socket.end).toBeUndefined()
  })

  const codes = [1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
  test.each(codes)('a close with %d is answered with the same code', async (code) => {
    using socket = await send([close(closing(code, 'x'.repeat(123))), text(PING)])
    expect(await socket.endedWithin(2000)).toMatchObject({ code })
    expect(socket.texts).toHaveLength(1)
  })

  test('a close without a code is answered', async () => {
    using socket = await send([{ opcode: 'close' }])
    expect(await socket.endedWithin(2000)).toMatchObject({ code: 1005 })
  })
})

describe('cleanup after failed connections', () => {
  test('failed sockets free their slots', async () => {
    await using place = await Town.open()
    const bob = await place.agent()
    for (let round = 0; round < 30; round++) {
      using socket = await RawWebSocket.open(place.url, { headers: bob.credential })
      socket.send(text(bytes(0xff)))
      expect(await socket.endedWithin(2000)).toMatchObject({ code: 1007 })
    }
    const { body } = await place.world.operator.get<{ counts: { streams: number } }>('/v1/health')
    expect(body.counts.streams).toBe(0)
  })

  test('connections that break inside a frame free their slots', async () => {
    await using place = await Town.open()
    const bob = await place.agent()
    for (let round = 0; round < 30; round++) {
      const socket = await RawWebSocket.open(place.url, { headers: bob.credential })
      socket.connection.write(frame(text('x'.repeat(1000))).subarray(0, 20 + round))
      socket[Symbol.dispose]()
    }
    using socket = await LiveSocket.open(place.url, bob.credential)
    await socket.settle()
  })

  test('a flood of frames from a client that does not read leaves the server responsive', async () => {
    await using place = await Town.open()
    const bob = await place.agent()
    using flood = await RawWebSocket.open(place.url, { headers: bob.credential })
    flood.pause()
    const many = Buffer.concat(Array.from({ length: 2000 }, () => frame(text(PING))))
    for (let i = 0; i < 20; i++) flood.connection.write(many)
    using socket = await LiveSocket.open(place.url, bob.credential)
    await socket.settle()
  })
})

describe('compression', () => {
  test('the server declines compression, so that a small frame can never expand', async () => {
    using socket = await RawWebSocket.open(town.url, {
      headers: {
        ...(await town.agent()).credential,
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits, x-webkit-deflate-frame',
      },
    })
    expect(socket.answer.headers.get('sec-websocket-extensions')).toBeUndefined()
    // A megabyte of zeros, deflated, in a frame with the bit of compression set.
    const bomb = Bun.deflateSync(new Uint8Array(1 << 20))
    socket.send({ opcode: 'text', payload: bomb, rsv: 4 })
    expect(await socket.endedWithin(2000)).toMatchObject({ code: 1002 })
  })
})

describe('invalid handshakes', () => {
  const rows: readonly (readonly [title: string, headers: Record<string, string>])[] = [
    ['without a key', { 'Sec-WebSocket-Key': '' }],
    ['with a key that is too short', { 'Sec-WebSocket-Key': btoa('short') }],
    ['of an older version', { 'Sec-WebSocket-Version': '8' }],
    ['with another Upgrade', { Upgrade: 'h2c' }],
    ['without Connection: Upgrade', { Connection: 'keep-alive' }],
  ]
  test.each(rows)('a handshake %s is refused and takes no slot', async (_, headers) => {
    const bob = await town.agent()
    const before = await streams()
    const opened = RawWebSocket.open(town.url, { headers: { ...bob.credential, ...headers } })
    const outcome = await opened.then(
      (socket) => {
        socket[Symbol.dispose]()
        return 'opened'
      },
      (error: Error) => error.message,
    )
    expect(outcome).toMatch(/^no WebSocket: (?:400|426|no answer)/)
    expect(await streams()).toBe(before)
  })

  const streams = async () =>
    (await town.world.operator.get<{ counts: { streams: number } }>('/v1/health')).body.counts.streams
})
