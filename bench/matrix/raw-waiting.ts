/** A plain server that answers no request for two minutes. Run as a process of its own. */
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 255,
  fetch: () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response('{}')), 120_000)),
})
console.log(server.port)
