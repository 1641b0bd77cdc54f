/**
 * The baseline of the fan-out: plain Bun.serve that publishes what is posted to every socket, and stores nothing.
 * Each frame has as many bytes as one of Synapse's: `bun raw-publish.ts FRAME_BYTES`.
 */
const frameBytes = Number(process.argv[2] ?? 256)

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  development: false,
  fetch: async (request, self) => {
    if (request.method === 'GET')
      return self.upgrade(request) ? undefined : new Response(null, { status: 400 })
    const text = await request.text()
    self.publish('all', text.padEnd(frameBytes, ' '))
    return new Response('{}', { status: 201 })
  },
  websocket: { perMessageDeflate: false, open: (socket) => void socket.subscribe('all'), message: () => {} },
})
console.log(server.port)
