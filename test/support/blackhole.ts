/**
 * A way to a server that can swallow what goes over it, as a firewall does that forgot its connections: they stay open
 * and nothing arrives any more, in neither direction. New connections go through.
 */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

export interface Blackhole extends AsyncDisposable {
  readonly port: number
  /** From now on nothing comes out of the connections that are open; answers how many there were. */
  swallow(): number
}

export async function blackhole(target: number): Promise<Blackhole> {
  const pairs = new Set<readonly [Socket, Socket]>()
  const all = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    near.pipe(far).pipe(near)
    for (const [socket, other] of [pair, [far, near] as const]) {
      all.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        all.delete(socket)
        if (pairs.delete(pair)) other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    // A server on TCP has an address of this form.
    port: (server.address() as AddressInfo).port,
    swallow: () => {
      const { size } = pairs
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        // What comes is taken, so that nobody finds a full buffer.
        near.resume()
        far.resume()
      }
      pairs.clear()
      return size
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of all) socket.destroy()
      server.close()
    },
  }
}
