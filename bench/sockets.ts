import { startSynapse } from './lib/synapse'
import { thinSocket } from './lib/websocket-load'
import { ms, perSecond, type Workload } from './lib/workload'

async function openSockets(port: number, token: string, count: number, inFlight: number) {
  const sockets = []
  let waiting: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    const socket = thinSocket({
      port,
      path: '/v1/ws',
      headers: `Authorization: Bearer ${token}\r\n`,
      onFrame: () => {},
    })
    sockets.push(socket)
    waiting.push(socket.open)
    if (waiting.length < inFlight) continue
    await Promise.all(waiting)
    waiting = []
  }
  await Promise.all(waiting)
  return sockets
}

/** M1: what an open socket costs while nothing happens. */
export const idleSockets: Workload = {
  id: 'M1',
  title: '10,000 idle sockets',
  run: async ({ quick }) => {
    const count = quick ? 2000 : 9000
    await using server = await startSynapse()
    const token = await server.agent('reader', ['room'])
    const warm = await openSockets(server.port, token, 200, 100)
    const before = server.rss()
    const sockets = await openSockets(server.port, token, count, 100)
    for (const socket of sockets) socket.send('{"type":"subscribe","channels":["room"]}')
    await Bun.sleep(3000)
    const each = (server.rss() - before) / count / 1024
    const cpu = server.cpuSeconds()
    const seconds = quick ? 10 : 30
    await Bun.sleep(seconds * 1000)
    const core = ((server.cpuSeconds() - cpu) / seconds) * 100
    for (const socket of [...warm, ...sockets]) socket.close()
    return [
      {
        workload: 'M1',
        shape: `${count} subscribed sockets, nothing posted`,
        measured: `${each.toFixed(1)} KB RSS each, ${core.toFixed(1)} % of a core`,
        goal: '≤ 8 KB each, ≤ 3 % of a core',
        met: each <= 8 && core <= 3,
        data: { kilobytesEach: each, corePercent: core, count },
      },
    ]
  },
}

/** A1: how fast sockets are accepted and authenticated. */
export const acceptRate: Workload = {
  id: 'A1',
  title: '5,000 authenticated sockets as fast as possible',
  run: async ({ quick }) => {
    const count = quick ? 1000 : 5000
    await using server = await startSynapse()
    const token = await server.agent('reader', ['room'])
    const warm = await openSockets(server.port, token, 200, 64)
    const started = performance.now()
    const sockets = await openSockets(server.port, token, count, 128)
    const seconds = (performance.now() - started) / 1000
    for (const socket of [...warm, ...sockets]) socket.close()
    return [
      {
        workload: 'A1',
        shape: `${count} sockets, 128 at a time`,
        measured: `${perSecond(count / seconds)} (${ms(seconds * 1000)} ms)`,
        goal: '≥ 4k/s',
        met: count / seconds >= 4000,
        data: { perSecond: count / seconds },
      },
    ]
  },
}
