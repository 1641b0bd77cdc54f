// Fifty writers on /v1 and over Matrix while servers are killed: readers of both see each message once, in one order.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Cluster } from '../replicas/cluster'
import type { Caller } from '../support/caller'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { V3 } from './homeserver'

setDefaultTimeout(240_000)

const NAMED = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org', SYNAPSE_LOG_LEVEL: 'error' }
const ROOMS = ['alpha', 'beta'] as const
const WRITERS = 50
const MESSAGES = 6
const KILLS = 3
const PATIENCE_MS = 60_000

/** The servers of one store. */
interface Servers {
  readonly size: number
  /** @throws while it does not run */
  server(i: number): ServerProcess
  /** Kills a server without warning, and starts it again. */
  restart(i: number): Promise<void>
}

interface Timeline {
  readonly events: readonly { readonly type: string; readonly content: { readonly body?: string } }[]
  readonly limited: boolean
}

interface Room {
  readonly slug: string
  readonly id: string
}

/** Sends one request until a server answers it. A server that is killed meanwhile may have done it. */
async function answered(
  servers: Servers,
  first: number,
  token: string,
  request: (caller: Caller) => Promise<{ readonly status: number; readonly text: string }>,
): Promise<void> {
  let at = first
  await until(
    'an answer',
    async () => {
      try {
        const { status, text } = await request(servers.server(at++ % servers.size).as(token))
        if (status >= 500 || status === 409) return false
        if (status >= 300) throw new Refused(`${status} ${text}`)
        return true
      } catch (fault) {
        if (fault instanceof Refused) throw fault
        return false
      }
    },
    PATIENCE_MS,
  )
}

class Refused extends Error {}

/** Writes messages one after the other: on /v1, over Matrix, or by turns. Each is repeated until it is acknowledged. */
async function write(servers: Servers, writer: number, token: string, { slug, id }: Room): Promise<void> {
  for (let n = 0; n < MESSAGES; n++) {
    const body = `${writer}.${n}`
    const path = `${V3}/rooms/${encodeURIComponent(id)}/send/m.room.message/${body}`
    const isMatrix = writer % 3 === 0 || (writer % 3 === 1 && n % 2 === 0)
    await answered(servers, writer, token, (caller) =>
      isMatrix
        ? caller.put(path, { msgtype: 'm.text', body })
        : caller.post('/v1/messages', { channel: slug, body }, { 'idempotency-key': body }),
    )
  }
}

/**
 * Reads by /sync until all messages have come and nothing follows them. Returns the bodies of each room in the order in
 * which they came. `begun` is called after the first answer.
 */
async function follow(servers: Servers, token: string, begun: () => void) {
  const seen = new Map<string, string[]>()
  let isLimited = false
  let since: string | undefined
  let at = 0
  let isComplete = false
  let total = 0
  const deadline = performance.now() + 2 * PATIENCE_MS
  while (!isComplete && performance.now() < deadline) {
    const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { limit: 100 } } }))
    const query = `?filter=${filter}&timeout=500${since === undefined ? '' : `&since=${since}`}`
    const body = await until(
      'a /sync',
      async () => {
        try {
          const { status, body } = await servers
            .server(at++ % servers.size)
            .as(token)
            .get<{ next_batch: string; rooms: { join: Record<string, { timeline: Timeline }> } }>(
              `${V3}/sync${query}`,
            )
          return status === 200 && body
        } catch {
          return false
        }
      },
      PATIENCE_MS,
    )
    let count = 0
    for (const [room, { timeline }] of Object.entries(body.rooms.join)) {
      isLimited ||= timeline.limited
      const bodies = messagesIn(timeline.events)
      count += bodies.length
      seen.set(room, [...(seen.get(room) ?? []), ...bodies])
    }
    since = body.next_batch
    begun()
    total += count
    // What a gap has left out comes no more.
    isComplete = count === 0 && (isLimited || total >= WRITERS * MESSAGES)
  }
  return { seen, isLimited }
}

function messagesIn(events: Timeline['events']): string[] {
  return events.flatMap(({ type, content }) => (type === 'm.room.message' ? (content.body ?? []) : []))
}

async function ledger(servers: Servers): Promise<void> {
  const server = servers.server(0)
  for (const slug of ROOMS) await server.room(slug)
  const tokens: string[] = []
  for (let i = 0; i < WRITERS; i++) tokens.push(await server.agent(`writer-${i}`, ROOMS[i % 2] ?? 'alpha'))
  const reader = await server.agent('reader', ...ROOMS)
  const rooms: Room[] = []
  for (const slug of ROOMS) {
    const alias = encodeURIComponent(`#${slug}:example.org`)
    const found = await until('the room', async () => {
      const { status, body } = await server
        .as(reader)
        .get<{ room_id: string }>(`${V3}/directory/room/${alias}`)
      return status === 200 && body.room_id
    })
    rooms.push({ slug, id: found })
  }
  // The first answer has the end of each room alone, so it comes before the messages.
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const following = follow(servers, reader, resolve)
  await begun
  let left = WRITERS
  const writing = tokens.map((token, i) =>
    write(servers, i, token, rooms[i % 2] ?? { slug: '', id: '' }).finally(() => left--),
  )
  for (let kill = 0; kill < KILLS; kill++) {
    const target = Math.ceil((WRITERS * (kill + 1)) / (KILLS + 2))
    const newest = async () => {
      try {
        const at = servers.server((kill + 1) % servers.size).as(reader)
        const { body } = await at.get<{ messages?: object[] }>('/v1/messages?channel=alpha&limit=200')
        return left === 0 || (body.messages?.length ?? 0) >= target
      } catch {
        return false
      }
    }
    await until('progress', newest, PATIENCE_MS)
    await servers.restart(kill % servers.size)
  }
  await Promise.all(writing)
  const { seen, isLimited } = await following

  for (const [i, { slug, id }] of rooms.entries()) {
    const wanted = tokens.flatMap((_, writer) =>
      writer % 2 === i ? Array.from({ length: MESSAGES }, (_, n) => `${writer}.${n}`) : [],
    )
    const as = servers.server(0).as(reader)
    const onV1 = await as.get<{ messages: { body: string; seq: number }[] }>(
      `/v1/messages?channel=${slug}&limit=200`,
    )
    const bySeq = onV1.body.messages.toSorted((one, other) => one.seq - other.seq).map(({ body }) => body)
    expect(bySeq.toSorted()).toEqual(wanted.toSorted())
    const path = `${V3}/rooms/${encodeURIComponent(id)}/messages?dir=f&limit=1000`
    // Where the server that made the events was killed, another one takes over after a while.
    const page = await until(
      'the events of all messages',
      async () => {
        const { body } = await as.get<{ chunk: Timeline['events'] }>(path)
        const bodies = messagesIn(body.chunk)
        return bodies.length >= bySeq.length && bodies
      },
      PATIENCE_MS,
    )
    expect(page).toEqual(bySeq)
    const came = seen.get(id) ?? []
    expect(new Set(came).size).toBe(came.length)
    const places = came.map((body) => bySeq.indexOf(body))
    expect(places).toEqual(places.toSorted((one, other) => one - other))
    // Nothing is left out where no gap was announced.
    if (!isLimited) expect(came).toEqual(bySeq)
  }
}

describe('fifty writers on both surfaces', () => {
  test('leave one order of messages over kill -9, on SQLite', async () => {
    await using site = new Site()
    let server: ServerProcess | undefined = await site.serveWith(NAMED)
    await ledger({
      size: 1,
      server() {
        if (!server) throw new Error('it does not run')
        return server
      },
      async restart() {
        const killed = server
        server = undefined
        await killed?.kill()
        server = await site.serveWith(NAMED)
      },
    })
  })

  test.skipIf(postgresMissing)(
    'leave one order of messages over kill -9, on Postgres with two servers',
    async () => {
      const database = await (await sharedPostgres()).createDatabase()
      await using cluster = await Cluster.start({ database, size: 2, settings: NAMED })
      await ledger({
        size: 2,
        server: (i) => cluster.server(i),
        async restart(i) {
          await cluster.kill(i)
          await cluster.startOne(i)
        },
      })
    },
  )
})
