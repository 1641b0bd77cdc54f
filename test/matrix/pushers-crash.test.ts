// Servers are killed while push gateways are called: every event is told, in order, and twice at most around a crash.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Cluster } from '../replicas/cluster'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { type Received, Receiver } from '../support/receiver'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { V3 } from './homeserver'

setDefaultTimeout(240_000)

const SETTINGS = {
  SYNAPSE_MATRIX_SERVER_NAME: 'example.org',
  SYNAPSE_MATRIX_PUSH_TARGETS: '127.0.0.1',
  SYNAPSE_LOG_LEVEL: 'error',
}
const MESSAGES = 80
const PATIENCE_MS = 90_000

interface Servers {
  readonly size: number
  /** @throws while it does not run */
  server(i: number): ServerProcess
  /** Kills a server without warning, and starts it again. */
  restart(i: number): Promise<void>
}

function bodyOf({ body }: Received): string | undefined {
  return (body['notification'] as { content?: { body?: string } }).content?.body
}

async function tellsEverything(servers: Servers, kills: readonly number[]): Promise<void> {
  using receiver = new Receiver()
  receiver.answer = async () => {
    await Bun.sleep(10)
    return Response.json({ rejected: [] })
  }
  const first = servers.server(0)
  await first.room('alpha')
  const reader = await first.agent('reader', 'alpha')
  const writer = await first.agent('writer', 'alpha')
  const pusher = {
    ...{ kind: 'http', app_id: 'org.example.app', pushkey: 'key', lang: 'en', data: { url: receiver.url } },
    ...{ app_display_name: 'App', device_display_name: 'Phone' },
  }
  const set = await first.as(reader).post(`${V3}/pushers/set`, pusher)
  expect(set.status, set.text).toBe(200)
  const write = async () => {
    for (let n = 0; n < MESSAGES; n++)
      await until(
        'a message',
        async () => {
          try {
            const caller = servers.server(n % servers.size).as(writer)
            const key = { 'idempotency-key': `m${n}` }
            const { status } = await caller.post('/v1/messages', { channel: 'alpha', body: `${n}` }, key)
            return status === 201
          } catch {
            return false
          }
        },
        PATIENCE_MS,
      )
  }
  const writing = write()
  for (const [i, kill] of kills.entries()) {
    const target = Math.floor((MESSAGES * (i + 1)) / (kills.length + 2))
    await until('the calls', async () => receiver.received.length >= target, PATIENCE_MS)
    await servers.restart(kill)
  }
  await writing
  const expected = Array.from({ length: MESSAGES }, (_, n) => `${n}`)
  const told = () => receiver.received.flatMap((one) => bodyOf(one) ?? [])
  await until('the last one', async () => told().includes(`${MESSAGES - 1}`), PATIENCE_MS)
  expect([...new Set(told())]).toEqual(expected)
  // What was told shortly before a crash may come again.
  expect(told().length - MESSAGES).toBeLessThanOrEqual(20 * kills.length)
}

describe('push gateways are told everything', () => {
  test('over kill -9, on SQLite', async () => {
    await using site = new Site()
    let server: ServerProcess | undefined = await site.serveWith(SETTINGS)
    const servers: Servers = {
      size: 1,
      server() {
        if (!server) throw new Error('it does not run')
        return server
      },
      async restart() {
        const killed = server
        server = undefined
        await killed?.kill()
        server = await site.serveWith(SETTINGS)
      },
    }
    await tellsEverything(servers, [0, 0, 0])
  })

  test.skipIf(postgresMissing)('over kill -9 of either of two servers, on Postgres', async () => {
    const database = await (await sharedPostgres()).createDatabase()
    await using cluster = await Cluster.start({ database, size: 2, settings: SETTINGS })
    const servers: Servers = {
      size: 2,
      server: (i) => cluster.server(i),
      async restart(i) {
        await cluster.kill(i)
        await cluster.startOne(i)
      },
    }
    await tellsEverything(servers, [0, 1])
  })
})
