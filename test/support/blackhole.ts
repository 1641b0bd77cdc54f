/**
 * A proxy to a server that can drop traffic, like a firewall that lost its state: connections stay open and nothing
 * arrives any more in either direction. New connections work.
 */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

export interface Blackhole extends AsyncDisposable {
  readonly port: number
  /** From now on no byte leaves the open connections; returns how many there were. */
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
    // A TCP server has an address of this form.
    port: (server.address() as AddressInfo).port,
    swallow: () => {
      const { size } = pairs
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        // Reads what arrives, so that no buffer fills up.
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
