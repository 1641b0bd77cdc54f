/** A plain server that answers with so many bytes of JSON. Run as a process of its own: `bun raw-answer.ts BYTES`. */
const [, , bytes = '0'] = process.argv
const body = JSON.stringify({ text: 'x'.repeat(Math.max(0, Number(bytes) - 11)) })
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: () => new Response(body, { headers: { 'content-type': 'application/json' } }),
})
console.log(server.port)
