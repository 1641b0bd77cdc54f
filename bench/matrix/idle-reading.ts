import { type Process, startBaseline, startSynapse } from '../lib/synapse'
import { waitFor } from '../lib/wait'
import type { Workload } from '../lib/workload'

const MATRIX = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }
const PER_READER = 8
const WARM = 200
/** Who comes online would be news for the others. */
const QUIETLY = 'set_presence=offline'

interface Held {
  close(): void
}

/** Opens requests that are held, each on a connection of its own. */
async function hold(port: number, count: number, requestOf: (i: number) => string): Promise<Held> {
  const sockets: Bun.Socket[] = []
  let isBroken = false
  for (let i = 0; i < count; i++) {
    const request = requestOf(i)
    sockets.push(
      await Bun.connect({
        hostname: '127.0.0.1',
        port,
        socket: {
          open: (socket) => void socket.write(request),
          data: (_, bytes) => {
            isBroken ||= bytes.length > 0
          },
        },
      }),
    )
  }
  // All of them have arrived, and none was answered.
  await Bun.sleep(3000)
  if (isBroken) throw new Error('a request that should wait was answered')
  return {
    close: () => {
      for (const socket of sockets) socket.end()
    },
  }
}

async function kilobytesEach(
  server: Process & { readonly port: number },
  count: number,
  requestOf: (i: number) => string,
): Promise<number> {
  const warm = await hold(server.port, WARM, requestOf)
  const before = server.rss()
  const held = await hold(server.port, count, (i) => requestOf(WARM + i))
  const each = (server.rss() - before) / count / 1024
  held.close()
  warm.close()
  return each
}

/** MX5: what a client costs that waits for news while there are none. */
export const idleReading: Workload = {
  id: 'MX5',
  title: 'idle long polls over Matrix',
  run: async ({ quick }) => {
    const count = quick ? 500 : 2000
    await using server = await startSynapse({ env: { ...MATRIX, SYNAPSE_WAIT_MAX_S: '120' } })
    const readers = Math.ceil((count + WARM) / PER_READER)
    const requests: string[] = []
    for (let i = 0; i < readers; i++) {
      const token = await server.agent(`reader-${i}`, ['room'])
      requests.push(await settled(server.port, token))
    }
    const each = await kilobytesEach(server, count, (i) => requests[Math.floor(i / PER_READER)] ?? '')
    await using baseline = await startBaseline('../matrix/raw-waiting.ts')
    const raw = await kilobytesEach(baseline, count, () => 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    return [
      {
        workload: 'MX5',
        shape: `${count} waiting GET /sync, nothing happens`,
        measured: `${each.toFixed(1)} KB RSS each`,
        baseline: `${raw.toFixed(1)} KB`,
        goal: '≤ 12 KB each',
        met: each <= 12,
        data: { kilobytesEach: each, rawKilobytesEach: raw, count },
      },
    ]
  },
}

/** Returns a request that has read everything, and waits. */
async function settled(port: number, token: string): Promise<string> {
  const path = '/_matrix/client/v3/sync'
  const headers = { authorization: `Bearer ${token}` }
  let since = ''
  await waitFor('a reader to have read everything', async () => {
    const query = `${QUIETLY}${since === '' ? '' : `&since=${since}`}`
    const answer = await fetch(`http://127.0.0.1:${port}${path}?${query}`, { headers })
    const { next_batch, rooms } = (await answer.json()) as { next_batch: string; rooms: { join: object } }
    const isSettled = since !== '' && Object.keys(rooms.join).length === 0
    since = next_batch
    return isSettled || undefined
  })
  // What the others do meanwhile is no news for a reader who asks for no room.
  const filter = encodeURIComponent('{"room":{"rooms":[]},"presence":{"types":[]}}')
  return `GET ${path}?${QUIETLY}&since=${since}&timeout=120000&filter=${filter} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`
}
