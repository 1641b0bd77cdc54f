/**
 * The baseline of the fan-out: plain Bun.serve that publishes what is posted to every socket, and stores nothing.
 * It answers and sends frames that look like Synapse's: `bun raw-publish.ts FRAME`, one of them as an example.
 */
const example = process.argv[2] ?? ''
const [, head = '', tail = ''] = /^(.*?)#[^#]*#x*(.*)$/.exec(example) ?? []
const aroundSeq = tail.split(/(?<="seq":)\d+/)
let seq = 0

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  development: false,
  fetch: async (request, self) => {
    if (request.method === 'GET')
      return self.upgrade(request) ? undefined : new Response(null, { status: 400 })
    const text = await request.text()
    seq++
    self.publish('all', head + text + aroundSeq.join(String(seq)))
    return new Response('{}', { status: 201 })
  },
  websocket: { perMessageDeflate: false, open: (socket) => void socket.subscribe('all'), message: () => {} },
})
console.log(server.port)
