import { Latencies } from '../lib/latencies'
import { HEALTHZ, Probe } from '../lib/probe'
import { type Synapse, startSynapse } from '../lib/synapse'
import { waitFor } from '../lib/wait'
import { ms, type Row, type Workload } from '../lib/workload'
import { openWriters } from '../lib/writers'

const MATRIX = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }
const RUNS = 3
/** Of one request. */
const MOST_CHANNELS = 50

interface Size {
  readonly rooms: number
  readonly members: number
  readonly messages: number
}

/** Fills the store over its own ways in: every member is in every room, and some of them have posted. */
async function filled(server: Synapse, { rooms, members, messages }: Size): Promise<string> {
  const slugs = Array.from({ length: rooms }, (_, i) => `room-${i}`)
  for (const slug of slugs) await server.admin('POST', '/v1/admin/channels', { slug, name: slug })
  const tokens: string[] = []
  for (let i = 0; i < members; i++) {
    const handle = `member-${i}`
    for (let at = 0; at < rooms; at += MOST_CHANNELS)
      await server.admin('POST', '/v1/admin/onboard', {
        handle,
        channels: slugs.slice(at, at + MOST_CHANNELS),
      })
    const asked = { account_handle: handle, scopes: ['channel:*:read', 'channel:*:post'] }
    const { token } = await server.admin<{ token: string }>('POST', '/v1/admin/tokens', asked)
    tokens.push(token)
  }
  const writers = await openWriters(server.port, 16)
  for (let i = 0; i < messages; i++)
    for (const [room, channel] of slugs.entries()) {
      const body = JSON.stringify({ channel, body: `message ${i} of this room, as long as people write` })
      const token = tokens[(room + i) % Math.min(members, 20)]
      writers.send(
        `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    }
  await writers.finish()
  return tokens[0] ?? ''
}

async function firstSync(server: Synapse, token: string, limit: number): Promise<number> {
  const filter = { room: { timeline: { limit }, state: { lazy_load_members: true } } }
  const query = new URLSearchParams({ filter: JSON.stringify(filter) })
  const response = await fetch(`http://127.0.0.1:${server.port}/_matrix/client/v3/sync?${query}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const { rooms } = (await response.json()) as { rooms?: { join: Readonly<Record<string, unknown>> } }
  return Object.keys(rooms?.join ?? {}).length
}

/** MX3: what a new client waits for its first answer, with lazy members, and the others meanwhile. */
export const firstAnswers: Workload = {
  id: 'MX3',
  title: 'the first lazy /sync of many rooms',
  run: async ({ quick }) => {
    const size = quick
      ? { rooms: 200, members: 40, messages: 25 }
      : { rooms: 1000, members: 300, messages: 25 }
    await using server = await startSynapse({ env: MATRIX })
    const token = await filled(server, size)
    // The rooms have all their events when the first answer has all rooms.
    await waitFor(
      'the events of all rooms',
      async () => (await firstSync(server, token, 1)) === size.rooms || undefined,
    )
    const rows: Row[] = []
    for (const [limit, goal] of [
      [1, 1],
      [20, 2.5],
    ] as const) {
      const times = new Latencies()
      using probe = new Probe({ port: server.port, questions: [HEALTHZ], everyMilliseconds: 5 })
      await probe.take(5000)
      const cpu = server.cpuSeconds()
      for (let run = 0; run < RUNS; run++) {
        const started = performance.now()
        await firstSync(server, token, limit)
        times.add((performance.now() - started) / size.rooms)
      }
      const processor = ((server.cpuSeconds() - cpu) * 1000) / RUNS / size.rooms
      const taken = await probe.take(60_000)
      const others = taken?.waits[HEALTHZ.name]?.p99 ?? Number.NaN
      const [each = Number.NaN] = times.quantiles(0.5)
      rows.push({
        workload: 'MX3',
        shape: `first lazy GET /sync, ${size.rooms} rooms of ${size.members}, timeline ${limit}`,
        measured: `${ms(each)} ms a room (${ms(processor)} of processor), others p99 ${ms(others)} ms`,
        goal: `≤ ${goal} ms a room, others' p99 ≤ 50 ms`,
        met: each <= goal && others <= 50,
        data: { each, processor, others, limit, ...size },
      })
    }
    return rows
  },
}
