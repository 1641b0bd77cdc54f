/**
 * The baseline of clients that come back: plain Bun.serve that sends every socket the same frames when it asks, and
 * knows no accounts, rights or positions: `bun raw-replay.ts FILE`, the frames as lines.
 */
import { readFileSync } from 'node:fs'

const frames = readFileSync(process.argv[2] ?? '', 'utf8').split('\n')

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  development: false,
  fetch: (request, self) => (self.upgrade(request) ? undefined : new Response(null, { status: 400 })),
  websocket: {
    perMessageDeflate: false,
    message: (socket) => {
      for (const frame of frames) socket.send(frame)
    },
  },
})
console.log(server.port)
