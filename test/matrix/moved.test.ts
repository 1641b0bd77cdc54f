// The rooms of a store that is moved to another database, or restored from a backup.
import { Database } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import postgres from 'postgres'
import { parsed } from '../support/finished'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { SERVER } from './projected'

setDefaultTimeout(180_000)

const NAMED = { SYNAPSE_MATRIX_SERVER_NAME: SERVER, SYNAPSE_LOG_LEVEL: 'warning' }

interface Events {
  readonly ids: readonly string[]
  readonly behind: number
}

const IDS = 'SELECT event_id FROM matrix_events ORDER BY pos'
const BEHIND = `SELECT (SELECT max(seq) FROM events) - (SELECT position FROM projections WHERE name = 'matrix') AS behind`

// How far the events are made comes first: what is made meanwhile is among the ids.

async function inSqlite(site: Site): Promise<Events> {
  using db = new Database(site.paths.database, { readonly: true })
  const row = db.query<{ behind: number | null }, []>(BEHIND).get()
  const ids = db.query<{ event_id: string }, []>(IDS).all()
  return { ids: ids.map(({ event_id }) => event_id), behind: row?.behind ?? 1 }
}

async function inPostgres(url: string): Promise<Events> {
  const sql = postgres(url, { max: 1 })
  try {
    const [row] = await sql.unsafe<{ behind: string | null }[]>(BEHIND)
    const ids = await sql.unsafe<{ event_id: string }[]>(IDS)
    return { ids: ids.map(({ event_id }) => event_id), behind: Number(row?.behind ?? 1) }
  } finally {
    await sql.end()
  }
}

/** The event ids once every row is projected. */
async function settled(read: () => Promise<Events>): Promise<readonly string[]> {
  return until('the projector', async () => {
    const { ids, behind } = await read()
    return behind === 0 && ids
  })
}

async function posts(server: ServerProcess, token: string, ...bodies: string[]): Promise<void> {
  for (const body of bodies)
    expect((await server.as(token).post('/v1/messages', { channel: 'town', body })).status).toBe(201)
}

test.skipIf(postgresMissing)('a room goes on in another database where it ended', async () => {
  await using site = new Site()
  const first = await site.serveWith(NAMED)
  await first.room('town')
  const token = await first.agent('ann', 'town')
  await posts(first, token, 'one', 'two')
  const before = await settled(() => inSqlite(site))
  expect(await first.stop()).toBe(0)

  const url = await (await sharedPostgres()).createDatabase()
  const moved = parsed<{ rows: Readonly<Record<string, number>> }>(
    await site.run('migrate-db', '--from', `sqlite:${site.paths.database}`, '--to', url),
  )
  expect(moved.rows).toMatchObject({ matrix_events: before.length, matrix_rooms: 1, matrix_users: 2 })
  const then = await site.serveWith({ ...NAMED, SYNAPSE_DATABASE_URL: url })
  await posts(then, token, 'three')
  const after = await settled(() => inPostgres(url))
  expect(after.slice(0, before.length)).toEqual([...before])
  expect(after).toHaveLength(before.length + 1)
  expect(await then.stop()).toBe(0)
})

test('a restored store has the events of its backup, and makes the later ones anew', async () => {
  await using site = new Site()
  const server = await site.serveWith(NAMED)
  await server.room('town')
  const token = await server.agent('ann', 'town')
  await posts(server, token, 'one')
  const before = await settled(() => inSqlite(site))
  const copy = await site.json<{ file: string }>('backup', 'create', '--json')
  expect((await site.run('backup', 'verify', copy.file)).code).toBe(0)
  await posts(server, token, 'lost')
  await settled(() => inSqlite(site))
  expect(await server.stop()).toBe(0)
  expect((await site.run('backup', 'restore', copy.file, '--yes')).code).toBe(0)
  expect((await inSqlite(site)).ids).toEqual(before)
  const again = await site.serveWith(NAMED)
  await posts(again, token, 'two')
  const after = await settled(() => inSqlite(site))
  expect(after.slice(0, before.length)).toEqual([...before])
  expect(after).toHaveLength(before.length + 1)
  expect(await again.stop()).toBe(0)
})
