import { describe, expect, test } from 'bun:test'
import { maskUrl } from '../../src/config'
import { loading } from './loading'

describe('the URL of a SQLite database', () => {
  const rows: [string, string][] = [
    ['sqlite:synapse.db', 'CWD/synapse.db'],
    ['sqlite:data/x.db', 'CWD/data/x.db'],
    ['sqlite:./data/../x.db', 'CWD/x.db'],
    ['sqlite:/srv/x.db', '/srv/x.db'],
    ['sqlite:////srv/x.db', '/srv/x.db'],
    ['sqlite:///x.db', 'CWD/x.db'],
    ['sqlite:///./data/synapse.db', 'CWD/data/synapse.db'],
    ['SQLite:///x.db', 'CWD/x.db'],
    ['sqlite:a b@c:d.db', 'CWD/a b@c:d.db'],
  ]
  test.each(rows)('a SQLite database can be written as %s', (written, expected) => {
    using here = loading()
    const path = expected.replace('CWD', here.cwd)
    const { database, databaseUrl } = here.load({ SYNAPSE_DATABASE_URL: written })
    expect(database).toEqual({ kind: 'sqlite', path })
    expect(databaseUrl).toBe(`sqlite:${path}`)
    expect(here.load({}, { 'database-url': databaseUrl }).database).toEqual(database)
  })
})

describe('the URL of a Postgres database', () => {
  const rest = 'ada:s3cret@db.example:5432/synapse?sslmode=require'
  test.each(['postgres', 'postgresql', 'postgresql+psycopg', 'PostgreSQL'])(
    'a Postgres database can be written as %s://',
    (scheme) => {
      using here = loading()
      const { database, databaseUrl } = here.load({ SYNAPSE_DATABASE_URL: `${scheme}://${rest}` })
      expect(database).toEqual({ kind: 'postgres', url: `postgres://${rest}` })
      expect(databaseUrl).toBe(`postgres://${rest}`)
    },
  )
})

describe('an impossible port', () => {
  test.each([
    ['SYNAPSE_DATABASE_URL', 'postgres://ada@db.example:99999/synapse'],
    ['SYNAPSE_DATABASE_URL', 'postgres://ada@db.example:0/synapse'],
    ['SYNAPSE_DATABASE_URL', 'postgres://ada@db.example,[::1]:65536/synapse'],
    ['SYNAPSE_BUS_URL', 'redis://db.example:65536'],
  ])('%s with an impossible port is refused: %s', (name, url) => {
    using here = loading()
    expect(here.problems({ [name]: url })).toMatchObject([{ name, problem: 'has a port that cannot be' }])
  })
})

describe('a parameter of a Postgres URL', () => {
  const at = (query: string) => ({ SYNAPSE_DATABASE_URL: `postgres://ada@db.example/synapse?${query}` })

  test.each([
    ['pgbouncer=true', /^has the parameter pgbouncer that/, /nearest known one is \w+/],
    ['sslmod=require', /^has the parameter sslmod that/, /nearest known one is sslmode/],
    ['ssl=true', /^has the parameter ssl that/, /leave it out/],
    ['sslmode=requires', /^has a value of sslmode that/, /the nearest is require$/],
    ['sslmode=', /^has a value of sslmode that/, /disable, allow/],
    [
      'sslrootcert=none.crt',
      /^names in sslrootcert a file that cannot be read \(ENOENT\)/,
      /correct the path/,
    ],
    ['sslcert=none.crt&sslkey=none.key', /^names in sslcert a file/, /correct the path/],
    ['sslrootcert=system&sslmode=require', /sslrootcert=system beside sslmode=require/, /verify-full/],
    ['target_session_attrs=writable', /^has a value of target_session_attrs/, /read-write/],
  ])('a parameter that Postgres would not accept is refused: %s', (query, problem, remedy) => {
    using here = loading()
    const expected = { problem: expect.stringMatching(problem), remedy: expect.stringMatching(remedy) }
    expect(here.problems(at(query))).toMatchObject([{ name: 'SYNAPSE_DATABASE_URL', ...expected }])
  })

  test('a parameter that names a file is relative to the current directory, and sslcert needs sslkey', () => {
    using here = loading()
    const path = here.put('root.crt', 'x')
    expect(here.load(at('sslmode=verify-ca&sslrootcert=root.crt')).databaseUrl).toBe(
      `postgres://ada@db.example/synapse?sslmode=verify-ca&sslrootcert=${encodeURIComponent(path)}`,
    )
    expect(here.problems(at('sslcert=root.crt'))).toMatchObject([
      { problem: 'has one of sslcert and sslkey' },
    ])
  })
})

test('the database is in the home by default', () => {
  using here = loading()
  const { database, sources } = here.load()
  expect(database).toEqual({ kind: 'sqlite', path: `${here.home}/synapse.db` })
  expect(sources.database_url).toBe('default')
})

describe('malformed database URLs', () => {
  const refused = [
    ...['mysql://ada:s3cret@h/d', 'postgres:s3cret', 'postgres://', 'postgresql+asyncpg://ada:s3cret@h/d'],
    ...['/srv/s3cret.db', 's3cret', 'file:s3cret.db', 'sqlite', 'sqlite:', 'sqlite:///', 'sqlite:////'],
    ...['sqlite://s3cret/x.db', 'sqlite://///srv/s3cret.db', 'sqlite:s3cret/', 'sqlite::memory:'],
    ...['sqlite:///:memory:', 'sqlite:///s3cret.db?mode=ro'],
  ]
  test.each(refused)('the database URL %s is refused and not quoted', (written) => {
    using here = loading()
    const problems = here.problems({ SYNAPSE_DATABASE_URL: written })
    expect(problems).toMatchObject([{ name: 'SYNAPSE_DATABASE_URL' }])
    expect(JSON.stringify(problems)).not.toContain('s3cret')
  })
})

describe('masking a URL', () => {
  const rows: [string, string][] = [
    ['postgres://ada:s3cret@host/db', 'postgres://ada:***@host/db'],
    ['postgres://ada:s3:cr/et?@#x@host:5432/db', 'postgres://ada:***@host:5432/db'],
    ['postgres://ada@host/db', 'postgres://ada@host/db'],
    ['postgres://host:5432/db', 'postgres://host:5432/db'],
    ['postgres://host/db?user=a&password=s3cret&x=1', 'postgres://host/db?user=a&password=***&x=1'],
    ['postgres://host/db?SSLPassword=s3cret', 'postgres://host/db?SSLPassword=***'],
    ['redis://:s3cret@host', 'redis://:***@host'],
    ['postgres://ada:@host/db', 'postgres://ada:***@host/db'],
    ['sqlite:/srv/x.db', 'sqlite:/srv/x.db'],
    ['', ''],
  ]
  test.each(rows)('masking hides only the password: %s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked)
  })
})
