import { expect, setDefaultTimeout, test } from 'bun:test'
import postgres from 'postgres'
import type { Clock } from '../../src/core/kernel/time'
import { systemClock, systemSecrets } from '../../src/platform'
import { inspectPostgres, openStore } from '../../src/store'
import { CONNECTIONS } from '../../src/store/postgres/explain'
import { rejectionOf } from '../home/temporary'
import { postgresMissing, startPostgres } from '../support/postgres'
import { type World, world } from '../support/world'

// The test starts a Postgres server.
setDefaultTimeout(120_000)

const MOST = 24
const LEFT = 8
const SAID = 'Postgres has no connection left'

test.skipIf(postgresMissing)(
  'a server uses the documented number of connections, and its requests wait when the database has no more',
  async () => {
    await using server = await startPostgres({
      settings: { max_connections: String(MOST), superuser_reserved_connections: '0' },
    })
    const url = await server.createDatabase()
    const watcher = postgres(server.url('postgres'), { max: 1 })
    const taken = async () => {
      const [row] = await watcher<{ count: number }[]>`
        SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name LIKE 'synapse%'`
      return row?.count
    }
    const held: postgres.Sql[] = []
    /** Takes connections: all that remain, or so many. */
    const hoard = async (most = Number.POSITIVE_INFINITY) => {
      while (held.length < most) {
        const sql = postgres(url, { max: 1, fetch_types: false })
        held.push(sql)
        if (
          !(await sql`SELECT 1`.then(
            () => true,
            () => false,
          ))
        )
          return
      }
    }
    const release = async () => {
      for (const sql of held.splice(0)) await sql.end({ timeout: 0 })
    }
    try {
      /** Works with a server that was just started; all its requests succeed. */
      const busy = async (w: World<Clock>, slug: string) => {
        await w.channel(slug)
        const ann = await w.agent(`ann-${slug}`, { channels: { [slug]: 'member' } })
        const read = () => ann.get(`/v1/messages?channel=${slug}`)
        const post = (n: number) => ann.post('/v1/messages', { channel: slug, body: `${n}` })
        const answers = await Promise.all(
          Array.from({ length: 260 }, (_, n) => (n % 3 === 0 ? post(n) : read())),
        )
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 201]))
      }
      {
        await using w = await world({ settings: { SYNAPSE_DATABASE_URL: url }, clock: systemClock })
        await busy(w, 'room')
        expect(await taken()).toBe(CONNECTIONS)
      }
      {
        // Enough for a start, and fewer than a server takes while it works.
        await hoard(MOST - 1 - LEFT)
        const settings = { SYNAPSE_DATABASE_URL: await server.createDatabase() }
        await using w = await world({ settings, clock: systemClock })
        await busy(w, 'crowd')
        expect(w.log.split(SAID).length).toBe(2)
        await release()
      }
      expect(await inspectPostgres(url, { clock: systemClock })).toEqual([])
      await hoard()
      expect(
        await rejectionOf(
          openStore(
            { kind: 'postgres', url },
            { clock: systemClock, secrets: systemSecrets, report: () => {} },
          ),
        ),
      ).toMatchObject({
        kind: 'unreachable',
        problem: `Postgres at 127.0.0.1:${server.port} has no connection left (53300)`,
        remedy: expect.stringContaining(`one server takes up to ${CONNECTIONS}: raise max_connections`),
      })
      for (const sql of held.splice(0, 6)) await sql.end({ timeout: 0 })
      expect(await inspectPostgres(url, { clock: systemClock })).toEqual([
        expect.stringMatching(/^\d of the 24 connections of Postgres are left: one server takes up to 12/),
      ])
    } finally {
      await release()
      await watcher.end()
    }
  },
)
