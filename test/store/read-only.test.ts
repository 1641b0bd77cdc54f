import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../src/platform'
import { type PostgresServer, postgresMissing, startPostgres, startStandby } from '../support/postgres'
import { until } from '../support/sockets'
import { openTurnout } from '../support/turnout'
import { type World, world } from '../support/world'

// The tests start two Postgres servers and use the real clock.
setDefaultTimeout(120_000)

const REFUSAL = 'The database is read-only right now, so nothing was written; try again'
const LINE = 'the database is read-only (a standby, or default_transaction_read_only is on)'

const isReady = async (w: World<typeof systemClock>) => (await w.guest.get('/readyz')).status === 200
const timesSaid = ({ log }: World<typeof systemClock>) => log.split(LINE).length - 1

/** Ends every connection of this program at the server. */
function terminateAll(server: PostgresServer) {
  return server.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'synapse%'",
  )
}

describe.skipIf(postgresMissing)('while Postgres is read-only', () => {
  type Row = [
    how: string,
    (server: PostgresServer, database: string) => [on: string, off: string],
    live: boolean,
  ]
  const rows: Row[] = [
    [
      'for all who are connected',
      () => [
        'ALTER SYSTEM SET default_transaction_read_only = on',
        'ALTER SYSTEM RESET default_transaction_read_only',
      ],
      true,
    ],
    [
      'for those who connect anew',
      (_, database) => [
        `ALTER DATABASE ${database} SET default_transaction_read_only = on`,
        `ALTER DATABASE ${database} RESET default_transaction_read_only`,
      ],
      false,
    ],
  ]
  test('writes are refused as read-only, reads continue, the server is not ready, and it recovers by itself', async () => {
    await using server = await startPostgres()
    const url = await server.createDatabase()
    const database = new URL(url).pathname.slice(1)
    await using w = await world({ settings: { SYNAPSE_DATABASE_URL: url }, clock: systemClock })
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    await ann.posts('general', 'before')
    for (const [i, [how, statements, isLive]] of rows.entries()) {
      const [on, off] = statements(server, database)
      await server.query(on)
      if (isLive) await server.query('SELECT pg_reload_conf()')
      else await terminateAll(server)
      await until(`the server to know, ${how}`, async () => !(await isReady(w)))
      for (const answer of [
        await ann.post('/v1/messages', { channel: 'general', body: 'too early' }),
        await w.operator.post('/v1/admin/channels', { slug: 'other', name: 'Other' }),
      ])
        expect([answer.status, answer.body.code, answer.body.detail]).toEqual([503, 'unavailable', REFUSAL])
      expect((await ann.get('/v1/messages?channel=general')).status).toBe(200)
      await server.query(off)
      if (isLive) await server.query('SELECT pg_reload_conf()')
      await until(`readiness, ${how}`, () => isReady(w), 10_000)
      await ann.posts('general', `after ${i}`)
      expect(timesSaid(w)).toBe(i + 1)
    }
    expect(await ann.hears('general')).toEqual(['before', 'after 0', 'after 1'])
  })

  test('connections to a standby after a failover are not used, even for reads, until they reach a primary', async () => {
    await using primary = await startPostgres()
    const url = await primary.createDatabase()
    await using turnout = await openTurnout(primary.port)
    const through = new URL(url)
    through.port = String(turnout.port)
    await using w = await world({ settings: { SYNAPSE_DATABASE_URL: through.href }, clock: systemClock })
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    await using standby = await startStandby(primary)
    await ann.posts('general', 'before')

    turnout.leadTo(standby.port)
    await until('the server to know', async () => timesSaid(w) > 0)
    expect(await isReady(w)).toBeFalse()
    for (const answer of [
      await ann.post('/v1/messages', { channel: 'general', body: 'too early' }),
      await ann.get('/v1/messages?channel=general'),
    ])
      expect([answer.status, answer.body.detail]).toEqual([503, expect.stringContaining('read-only')])
    // The first server returns, and is then gone for good.
    turnout.leadTo(primary.port)
    await until('readiness', () => isReady(w), 10_000)
    const { cursor } = await ann.posts('general', 'between')
    const head = (await w.operator.get<{ last_seq: number }>('/v1/health')).body.last_seq
    await until('the standby to have it', async () => {
      const [row] = await standby.query<{ seq: string }>(
        'SELECT max(seq) AS seq FROM events',
        through.pathname.slice(1),
      )
      return Number(row?.seq) >= head
    })
    turnout.leadTo(standby.port)
    await standby.query('SELECT pg_promote()')
    await until('readiness on the new primary', () => isReady(w), 10_000)
    await ann.posts('general', 'after')
    expect(await ann.hears('general', { since: cursor })).toEqual(['after'])
    expect(await ann.hears('general')).toEqual(['before', 'between', 'after'])
  })
})
