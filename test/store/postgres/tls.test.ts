// TLS to the database, with a real Postgres whose certificates are signed by a test authority.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs'
import { OperatorError } from '../../../src/core/kernel/operator-error'
import { connectFirst } from '../../../src/store/postgres/connect'
import { examined } from '../../doctor/examined'
import { rejectionOf, temporaryDirectory } from '../../home/temporary'
import { type Authority, authority } from '../../support/certificate'
import { type PostgresServer, postgresMissing, sharedPostgres, startPostgres } from '../../support/postgres'
import { Site } from '../../support/site'
import { until } from '../../support/sockets'
import { unprivileged } from '../../support/supervised'

setDefaultTimeout(120_000)

const missing = postgresMissing || Bun.which('openssl') === null
const NAMES = 'DNS:localhost,IP:127.0.0.1'

/** Whether a connection by this URL is encrypted. */
async function isEncrypted(url: string): Promise<boolean> {
  const { first } = await connectFirst(url)
  try {
    const [row] = await first<{ ssl: boolean }[]>`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
    return row?.ssl === true
  } finally {
    await first.end()
  }
}

/** The error of connecting by this URL. */
async function refusalOf(url: string): Promise<OperatorError> {
  const error = await rejectionOf(connectFirst(url))
  if (!(error instanceof OperatorError)) throw error
  return error
}

describe.skipIf(missing)('a Postgres with TLS', () => {
  const folder = temporaryDirectory()
  let ca: Authority
  let server: PostgresServer

  beforeAll(async () => {
    chmodSync(folder.path, 0o755)
    ca = authority(folder.path)
    server = await startPostgres({ fsync: false })
    await present(ca.sign('localhost', { names: NAMES }), 'on')
  })

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  /** Makes the server use another certificate. */
  async function present({ cert, key }: { cert: string; key: string }, ssl = 'on'): Promise<void> {
    const owner = unprivileged('postgres', 'nobody')
    chmodSync(key, 0o600)
    // Postgres runs as another user, and a server started earlier may have left a narrow umask.
    chmodSync(ca.root, 0o644)
    if (owner) for (const path of [cert, key]) chownSync(path, owner.uid, owner.gid)
    const settings = { ssl_cert_file: cert, ssl_key_file: key, ssl_ca_file: ca.root, ssl }
    for (const [name, value] of Object.entries(settings))
      await server.query(`ALTER SYSTEM SET ${name} = '${value}'`)
    await reloaded()
    await until('the new certificate', async () => {
      const [row] = await server.query<{ cert: string; ssl: string }>(
        "SELECT current_setting('ssl_cert_file') AS cert, current_setting('ssl') AS ssl",
      )
      return row?.cert === cert && row.ssl === ssl
    })
  }

  async function reloaded(): Promise<void> {
    await server.query('SELECT pg_reload_conf()')
  }

  /** Allows only the connections of these lines of pg_hba.conf while `during` runs. */
  async function letsIn(lines: string[], probe: string, during: () => Promise<void>): Promise<void> {
    const [row] = await server.query<{ hba_file: string }>('SHOW hba_file')
    const file = row?.hba_file ?? ''
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, `${lines.join('\n')}\n`)
    try {
      await reloaded()
      await until('the rules', async () => {
        const rules = await server.query<{ type: string; auth_method: string }>(
          'SELECT type, auth_method FROM pg_hba_file_rules',
        )
        return rules.some(({ type }) => type === probe)
      })
      await during()
    } finally {
      writeFileSync(file, before)
      await reloaded()
    }
  }

  const url = (query: string, host = '127.0.0.1') =>
    `${server.url('postgres').replace('127.0.0.1', host)}${query}`

  test('each sslmode has the same meaning as in libpq', async () => {
    const root = `&sslrootcert=${encodeURIComponent(ca.root)}`
    const found: Record<string, boolean> = {}
    for (const query of [
      ...['', '?sslmode=disable', '?sslmode=allow', '?sslmode=prefer', '?sslmode=require'],
      ...[`?sslmode=require${root}`, `?sslmode=verify-ca${root}`, `?sslmode=verify-full${root}`],
    ])
      found[query.replace(root, '+root')] = await isEncrypted(url(query))
    expect(found).toEqual({
      // A server on this machine.
      '': false,
      '?sslmode=disable': false,
      '?sslmode=allow': false,
      '?sslmode=prefer': true,
      '?sslmode=require': true,
      '?sslmode=require+root': true,
      '?sslmode=verify-ca+root': true,
      '?sslmode=verify-full+root': true,
    })
    expect(await isEncrypted(url(`?sslmode=verify-full${root}`, 'localhost'))).toBeTrue()
  })

  test('sslmode allow and prefer try the other way when the first is rejected', async () => {
    // The last line admits the tests themselves.
    const others = (type: string) => [`${type} all somebody all trust`, 'host all postgres all scram-sha-256']
    await server.query('CREATE ROLE somebody LOGIN')
    const as = (query: string) => `${server.url('postgres', { user: 'somebody', password: '' })}${query}`
    await letsIn(others('hostssl'), 'hostssl', async () => {
      expect(await isEncrypted(as('?sslmode=allow'))).toBeTrue()
      expect((await refusalOf(as('?sslmode=disable'))).problem).toContain('does not let the role somebody in')
    })
    await letsIn(others('hostnossl'), 'hostnossl', async () => {
      expect(await isEncrypted(as('?sslmode=prefer'))).toBeFalse()
      expect((await refusalOf(as('?sslmode=require'))).problem).toContain('does not let the role somebody in')
    })
  })

  test('a client certificate (sslcert) signs in the role that it names', async () => {
    await server.query('CREATE ROLE certified LOGIN')
    const lines = ['hostssl all certified all cert', 'host all postgres all scram-sha-256']
    const own = ca.sign('certified')
    const as = (query: string) => `${server.url('postgres', { user: 'certified', password: '' })}${query}`
    await letsIn(lines, 'hostssl', async () => {
      expect(await isEncrypted(as(`?sslmode=require&sslcert=${own.cert}&sslkey=${own.key}`))).toBeTrue()
      const { cert, key } = ca.sign('somebody-else')
      for (const query of ['?sslmode=require', `?sslmode=require&sslcert=${cert}&sslkey=${key}`])
        expect((await refusalOf(as(query))).kind).toBe('unreadable')
    })
  })

  test('a certificate with a fault is refused by name, unless sslmode does not verify it', async () => {
    const other = authority(folder.path, 'other')
    const root = `sslrootcert=${encodeURIComponent(ca.root)}`
    const rows: [{ cert: string; key: string }, string, RegExp][] = [
      [
        other.sign('localhost', { names: NAMES }),
        `sslmode=verify-ca&${root}`,
        /signed by a CA .* does not trust/,
      ],
      [other.sign('localhost', { names: NAMES }), 'sslmode=verify-full', /signed by a CA .* does not trust/],
      [
        ca.sign('elsewhere', { names: 'DNS:elsewhere' }),
        `sslmode=verify-full&${root}`,
        /is for another name/,
      ],
      [ca.sign('localhost', { names: NAMES, days: -1 }), `sslmode=verify-full&${root}`, /has expired/],
      [ca.sign('localhost', { names: NAMES, days: -1 }), `sslmode=verify-ca&${root}`, /has expired/],
    ]
    for (const [certificate, query, problem] of rows) {
      await present(certificate)
      const refused = await refusalOf(url(`?${query}`, 'localhost'))
      expect([query, refused.kind, refused.problem]).toEqual([
        query,
        'unsuitable',
        expect.stringMatching(problem),
      ])
      expect(await isEncrypted(url('?sslmode=require', 'localhost'))).toBeTrue()
    }
    await present(ca.sign('elsewhere', { names: 'DNS:elsewhere' }))
    expect(await isEncrypted(url(`?sslmode=verify-ca&${root}`, 'localhost'))).toBeTrue()
  })
})

describe.skipIf(missing)('a Postgres without TLS although sslmode requires it', () => {
  test('serve, doctor, migrate-db and import-original report the missing TLS, and serve does not retry', async () => {
    await using site = new Site()
    const url = `${await (await sharedPostgres()).createDatabase()}?sslmode=require`
    const settings = { SYNAPSE_DATABASE_URL: url }
    const problem = 'does not offer TLS, which sslmode asks for'
    const commands = [
      ['serve'],
      ['migrate-db', '--from', url, '--to', 'sqlite:other.db'],
      ['import-original', '--from', url],
    ]
    const codes: number[] = []
    for (const words of commands) {
      const { code, stderr } = await site.runWith(settings, ...words)
      expect([words.join(' '), stderr]).toEqual([words.join(' '), expect.stringContaining(problem)])
      codes.push(code)
    }
    expect(codes[0]).toBe(78)
    expect(codes).not.toContain(0)
    expect((await examined(site, { ...settings, SYNAPSE_HOME: site.userHome })).of('store')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(problem),
      fix: expect.stringContaining('ssl = on'),
    })
    for (const mode of ['disable', 'allow', 'prefer'])
      expect(await isEncrypted(url.replace('require', mode))).toBeFalse()
  })
})
