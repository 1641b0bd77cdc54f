import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock, systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { connectFirst } from '../../src/store/postgres/connect'
import { rejectionOf } from '../home/temporary'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { until } from '../support/sockets'
import { type Page, world } from '../support/world'

// The first of these tests starts a server that all of them share.
setDefaultTimeout(120_000)

/** Settings that a role or a database may have, and that would change results or break promises. */
const HOSTILE: Readonly<Record<string, string>> = {
  datestyle: 'SQL, DMY',
  intervalstyle: 'sql_standard',
  timezone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  client_encoding: 'LATIN1',
  array_nulls: 'off',
  transform_null_equals: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  lock_timeout: '1s',
  statement_timeout: '1s',
  idle_in_transaction_session_timeout: '1s',
  synchronous_commit: 'off',
}

/** A database owned by a role of its own. */
async function owned() {
  const server = await sharedPostgres()
  const database = new URL(await server.createDatabase()).pathname.slice(1)
  const role = `owner_${database}`
  await server.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE ${database} TO ${role}`,
  )
  const url = server.url(database, { user: role, password: 'x' })
  const set = async (settings: Readonly<Record<string, string>>) => {
    const statements = Object.entries(settings).flatMap(([name, value]) =>
      [`ROLE ${role}`, `DATABASE ${database}`].map((whose) => `ALTER ${whose} SET ${name} = '${value}'`),
    )
    await server.query(statements.join(';'))
  }
  /** New connections get settings that were made meanwhile. */
  const disconnect = () =>
    server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`)
  return { url, role, database, set, disconnect }
}

describe.skipIf(postgresMissing)('settings of a role or a database', () => {
  test('hostile settings have no effect in the sessions of a server', async () => {
    const { url, set } = await owned()
    await set(HOSTILE)
    const { first } = await connectFirst(url)
    try {
      for (const [name, value] of Object.entries(HOSTILE)) {
        const [row] = await first<{ value: string }[]>`SELECT current_setting(${name}) AS value`
        // A server switches it on if it is off, and keeps stricter values of an operator.
        if (name !== 'synchronous_commit') expect([name, row?.value]).not.toEqual([name, value])
      }
    } finally {
      await first.end()
    }
  })

  test('unusual settings of a role do not change what is stored or read, even if they are set while a server runs', async () => {
    const { url, set, disconnect } = await owned()
    await set(HOSTILE)
    await using w = await world({ settings: { SYNAPSE_DATABASE_URL: url } })
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const before = await ann.posts('general', "it's 1\\2 ü")
    await set({ ...HOSTILE, datestyle: 'German, DMY', search_path: '' })
    await disconnect()
    await until('the server to have connected again', async () => {
      const { status } = await ann.get('/v1/messages?channel=general')
      expect(status).toBeOneOf([200, 503])
      return status === 200
    })
    const after = await ann.posts('general', 'after')
    const { body } = await ann.get<Page>('/v1/messages?channel=general')
    expect(body.messages.map((item) => [item.body, item.created_at])).toEqual([
      ["it's 1\\2 ü", before.created_at],
      ['after', after.created_at],
    ])
  })

  const paths = [["''"], ["'nowhere'"]] as const
  test.each(paths)('a search_path without an existing schema is reported: %s', async (path) => {
    const server = await sharedPostgres()
    const { url, role } = await owned()
    await server.query(`ALTER ROLE ${role} SET search_path = ${path}`)
    const deps = { clock: systemClock, secrets: systemSecrets, report: () => {} }
    expect(await rejectionOf(openStore({ kind: 'postgres', url }, deps))).toMatchObject({
      kind: 'unsuitable',
      problem: expect.stringContaining('search_path'),
      remedy: expect.stringContaining(`ALTER ROLE ${role} RESET search_path`),
    })
  })
})
