/**
 * A loopback port that forwards to one server or another, like a name or an address that moves in a failover.
 *
 *   await using turnout = await openTurnout(primary.port)
 *   turnout.leadTo(standby.port)
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Turnout extends AsyncDisposable {
  readonly port: number
  /** Changes the target; existing connections are cut. */
  leadTo(port: number): void
}

export async function openTurnout(port: number): Promise<Turnout> {
  let target = port
  const sockets = new Set<Socket>()
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
    socket.pipe(other)
  }
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    keep(near, far)
    keep(far, near)
  })
  const { promise: listening, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await listening
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    // It listens on a port, not on a path.
    port: (server.address() as AddressInfo).port,
    leadTo: (next) => {
      target = next
      cut()
    },
    [Symbol.asyncDispose]: async () => {
      const { promise: closed, resolve: done } = Promise.withResolvers<void>()
      server.close(() => done())
      cut()
      await closed
    },
  }
}
