import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import postgres from 'postgres'
import { examineDatabase } from '../../src/app/examine-database'
import { OperatorError, type ProblemKind } from '../../src/core/kernel/operator-error'
import { type Micros, toMicros } from '../../src/core/kernel/time'
import { systemClock, systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { drizzleOver, handleOf } from '../../src/store/postgres/open'
import { loading } from '../config/loading'
import { rejectionOf } from '../home/temporary'
import { postgresDatabase } from '../support/database'
import { DAWN } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'
import { type PostgresServer, postgresMissing, sharedPostgres } from '../support/postgres'
import { freePort } from '../support/supervised'

// The first of these tests starts a server that all of them share.
setDefaultTimeout(120_000)

const deps = {
  clock: systemClock,
  secrets: systemSecrets,
  report: (fault: unknown) => {
    throw fault
  },
}

const open = (url: string) => openStore({ kind: 'postgres', url }, deps)

const nameIn = (url: string) => new URL(url).pathname.slice(1)

/** Runs statements on a database, as the superuser. */
async function change(url: string, ...statements: string[]): Promise<void> {
  const server = await sharedPostgres()
  for (const statement of statements) await server.query(statement, nameIn(url))
}

let roles = 0

/** A role that may connect to a database, whose password has every character with a meaning in URLs. */
async function newRole(server: PostgresServer, database: string): Promise<{ role: string; url: string }> {
  const user = `role_${++roles}`
  const password = `p@ss:w/o?r#d%20 ${crypto.randomUUID()}`
  await server.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`)
  return { role: user, url: server.url(database, { user, password }) }
}

/** The error of opening a database, checked not to contain the password. */
async function refusalOf(url: string): Promise<OperatorError> {
  const error = await rejectionOf(open(url))
  if (!(error instanceof OperatorError)) throw error
  const { password } = new URL(url)
  for (const secret of [password, decodeURIComponent(password)])
    expect(Bun.inspect(error).includes(secret)).toBeFalse()
  expect(error.cause).toBeUndefined()
  return error
}

describe.skipIf(postgresMissing)('a new Postgres database', () => {
  test('the right to create in a database is sufficient', async () => {
    const server = await sharedPostgres()
    const database = nameIn(await server.createDatabase())
    const { role, url } = await newRole(server, database)
    await server.query(`GRANT CREATE ON DATABASE ${database} TO ${role}`)
    {
      await using store = await open(url)
      expect(store.migrated.length).toBeGreaterThan(0)
      expect(await store.reads.head()).toBe(0)
      expect(store.isHealthy()).toBeTrue()
    }
    await using again = await open(url)
    expect(again.migrated).toEqual([])
  })

  test('a database without that right is refused with the statement that grants it', async () => {
    const server = await sharedPostgres()
    const database = nameIn(await server.createDatabase())
    // The default since version 15.
    await server.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC', database)
    const { role, url } = await newRole(server, database)
    const { kind, problem, remedy } = await refusalOf(url)
    expect((await examineDatabase(url)).trouble).toEqual({ problem, remedy })
    expect([kind, problem]).toEqual([
      'no_rights',
      `the role ${role} may not create tables in the database ${database}`,
    ])
    const [, grant = ''] = /^as its owner run: (GRANT .+)$/.exec(remedy) ?? []
    await server.query(grant)
    await using store = await open(url)
    expect(store.migrated.length).toBeGreaterThan(0)
  })

  test('a database opened by several processes at once is migrated by one of them and has one epoch', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    const stores = await Promise.all(Array.from({ length: 5 }, () => open(url)))
    try {
      expect(stores.filter(({ migrated }) => migrated.length > 0)).toHaveLength(1)
      const epochs = await Promise.all(stores.map(({ reads }) => reads.epochs()))
      expect(new Set(epochs.map((all) => JSON.stringify(all))).size).toBe(1)
      expect(epochs[0]).toHaveLength(1)
      const facts = await Promise.all(stores.map((store, i) => store.noteFact('did', `did:key:${i}`)))
      expect(new Set(facts).size).toBe(1)
    } finally {
      for (const store of stores) await store.close()
    }
  })

  test('a Postgres database gets the same migrations, tables, columns and keys as SQLite', async () => {
    using directory = fastDirectory()
    const path = join(directory.path, 'synapse.db')
    const url = await (await sharedPostgres()).createDatabase()
    await using one = await openStore({ kind: 'sqlite', path }, deps)
    await using other = await open(url)
    expect(other.migrated).toEqual(one.migrated)
    const shape = await postgresShape(url)
    const words = ([name]: [string, unknown]) => !name.startsWith('message_words')
    // The index of words is a table of FTS5 there, and a table with an index here.
    const unindexed = (tables: object) => Object.fromEntries(Object.entries(tables).filter(words))
    expect(unindexed(shape)).toEqual(unindexed(sqliteShape(path)))
    expect(Object.keys(shape).length).toBeGreaterThan(10)
  })
})

describe.skipIf(postgresMissing)('unsuitable databases', () => {
  const tables = (url: string) =>
    postgresDatabase(url).sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
  const rows: [string, string[] | 'ours first', string[], ProblemKind, RegExp][] = [
    [
      'written by a newer version',
      'ours first',
      ["INSERT INTO migrations VALUES ('9999_future', 'x', '2030-01-01T00:00:00Z')"],
      'newer_schema',
      /newer version.*9999_future/,
    ],
    [
      'that was moved elsewhere',
      'ours first',
      ["INSERT INTO instance VALUES ('retired_to', 'sqlite:/srv/synapse.db')"],
      'moved_away',
      /moved to sqlite/,
    ],
    [
      'with another migration of the same name',
      'ours first',
      ["UPDATE migrations SET hash = 'other' WHERE name LIKE '0000%'"],
      'changed_migration',
      /0000_initial/,
    ],
    ['of another program', [], ['CREATE TABLE accounts (id integer)'], 'not_a_store', /another program/],
    [
      'that another program migrates',
      [],
      ['CREATE TABLE migrations (id integer, migration text, batch integer)'],
      'not_a_store',
      /another program/,
    ],
    [
      'of the earlier server',
      [],
      ['CREATE TABLE alembic_version (version_num text)', 'CREATE TABLE accounts (id uuid)'],
      'not_a_store',
      /earlier Synapse/,
    ],
  ]
  test.each(rows)(
    'a database %s is refused and left unchanged',
    async (_, first, statements, reason, problem) => {
      const url = await (await sharedPostgres()).createDatabase()
      if (first === 'ours first') await (await open(url)).close()
      await change(url, ...statements)
      const before = await tables(url)
      const { trouble } = await examineDatabase(url)
      const error = await refusalOf(url)
      expect(trouble).toEqual({ problem: error.problem, remedy: error.remedy })
      expect(error.kind).toBe(reason)
      expect(error.problem).toMatch(problem)
      expect(error.remedy).toMatch(/./)
      expect(await tables(url)).toEqual(before)
    },
  )

  test('a database in another encoding than UTF-8 is refused', async () => {
    const server = await sharedPostgres()
    await server.query(
      "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    )
    expect(await refusalOf(server.url('ascii'))).toMatchObject({
      kind: 'unsuitable',
      problem: 'the encoding of this database is SQL_ASCII',
      remedy: "create it with ENCODING 'UTF8'",
    })
  })
})

describe.skipIf(postgresMissing)('unreachable databases', () => {
  test('a wrong password is reported as such', async () => {
    const server = await sharedPostgres()
    const database = nameIn(await server.createDatabase())
    const { role } = await newRole(server, database)
    const { kind, problem, remedy } = await refusalOf(
      server.url(database, { user: role, password: 'wr@ng one' }),
    )
    expect([kind, problem]).toEqual([
      'unreadable',
      `Postgres at 127.0.0.1:${server.port} does not let the role ${role} in (28P01)`,
    ])
    expect(remedy).toContain('SYNAPSE_DATABASE_URL')
  })

  test('a missing database is reported as such', async () => {
    const server = await sharedPostgres()
    expect(await refusalOf(server.url('nowhere'))).toMatchObject({
      kind: 'unreadable',
      problem: `there is no database nowhere at 127.0.0.1:${server.port}`,
      remedy: 'create it: createdb -O postgres nowhere',
    })
  })

  test('an address without a server is reported as such', async () => {
    const port = freePort()
    const { kind, problem } = await refusalOf(`postgres://ada:s3cret@127.0.0.1:${port}/synapse`)
    expect([kind, problem]).toEqual([
      'unreachable',
      `no Postgres answers at 127.0.0.1:${port} (ECONNREFUSED)`,
    ])
  })
})

describe.skipIf(postgresMissing)('addresses', () => {
  test.each(['postgres', 'postgresql', 'postgresql+psycopg', 'PostgreSQL'])(
    'the address of a database may begin with %s://',
    async (scheme) => {
      using here = loading()
      const url = await (await sharedPostgres()).createDatabase()
      const written = url.replace(/^postgres/, scheme)
      const { database } = here.load({ SYNAPSE_DATABASE_URL: written })
      await using store = await openStore(database, deps)
      expect(store.kind).toBe('postgres')
    },
  )
})

test.skipIf(postgresMissing)('an instant is stored to the microsecond', async () => {
  const url = await (await sharedPostgres()).createDatabase()
  await (await open(url)).close()
  const years = 16 * 365.25 * 24 * 3600 * 1_000_000
  const instants: Micros[] = [0, 1, -1, 999_999, -1_000_001].map(toMicros)
  while (instants.length < 2000) instants.push(toMicros(DAWN + Math.round((Math.random() * 2 - 1) * years)))
  const sql = postgres(url, { max: 1, fetch_types: false, connection: { TimeZone: 'UTC' } })
  try {
    const { db, t } = handleOf(drizzleOver(sql))
    await db.insert(t.loginAttempts).values(instants.map((at, i) => ({ key: String(i), at })))
    const rows = await db.select().from(t.loginAttempts).orderBy(t.loginAttempts.id)
    expect(rows.map(({ at }) => at)).toEqual(instants)
    // Operators and statements see the same values.
    const stored = await sql<{ at: string }[]>`
      SELECT (extract(epoch FROM at) * 1000000)::bigint AS at FROM login_attempts ORDER BY id`
    expect(stored.map(({ at }) => Number(at))).toEqual(instants)
  } finally {
    await sql.end()
  }
})

interface Shape {
  /** The name, and whether the column is NOT NULL. */
  readonly columns: Readonly<Record<string, boolean>>
  readonly primary: readonly string[]
  readonly unique: readonly string[]
  /** Column → table.column. */
  readonly foreign: readonly string[]
}

async function postgresShape(url: string): Promise<Record<string, Shape>> {
  await using database = postgresDatabase(url)
  const columns = await database.sql<{ table: string; name: string; required: boolean }>(`
    SELECT table_name AS table, column_name AS name, is_nullable = 'NO' AS required
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'migrations'`)
  const keys = await database.sql<{ table: string; kind: string; names: string; target: string | null }>(`
    SELECT conrelid::regclass::text AS table, contype::text AS kind, confrelid::regclass::text AS target,
      (SELECT string_agg(attname, ',' ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute ON attrelid = conrelid AND attnum = number) AS names
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace`)
  const indexes = await database.sql<{ table: string; names: string }>(`
    SELECT indrelid::regclass::text AS table,
      (SELECT string_agg(attname, ',' ORDER BY place) FROM unnest(indkey::int2[]) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute ON attrelid = indrelid AND attnum = number) AS names
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indisunique AND NOT indisprimary AND relnamespace = 'public'::regnamespace`)
  const shape = (table: string): Shape => ({
    columns: Object.fromEntries(
      columns
        .filter((row) => row.table === table)
        .map(({ name, required }) => [name, required])
        .toSorted(),
    ),
    primary: keys.find((key) => key.table === table && key.kind === 'p')?.names.split(',') ?? [],
    unique: indexes
      .filter((key) => key.table === table)
      .map(({ names }) => names)
      .toSorted(),
    foreign: keys
      .filter((key) => key.table === table && key.kind === 'f')
      .map(({ names, target }) => `${names} → ${target}`)
      .toSorted(),
  })
  return Object.fromEntries(
    [...new Set(columns.map(({ table }) => table))].map((table) => [table, shape(table)]),
  )
}

function sqliteShape(path: string): Record<string, Shape> {
  using db = new Database(path, { readonly: true })
  const all = <Row>(statement: string) => db.query<Row, []>(statement).all()
  const shape = (table: string): Shape => {
    const columns = all<{ name: string; notnull: number; pk: number }>(`PRAGMA table_info(${table})`)
    const unique = all<{ name: string; unique: number; origin: string }>(`PRAGMA index_list(${table})`)
      .filter((index) => index.unique === 1 && index.origin !== 'pk')
      .map(({ name }) =>
        all<{ name: string }>(`PRAGMA index_info('${name}')`)
          .map((column) => column.name)
          .join(),
      )
    return {
      columns: Object.fromEntries(
        columns.map(({ name, notnull, pk }): [string, boolean] => [name, notnull === 1 || pk > 0]).toSorted(),
      ),
      primary: columns
        .filter(({ pk }) => pk > 0)
        .toSorted((a, b) => a.pk - b.pk)
        .map(({ name }) => name),
      unique: unique.toSorted(),
      foreign: all<{ from: string; table: string }>(`PRAGMA foreign_key_list(${table})`)
        .map((key) => `${key.from} → ${key.table}`)
        .toSorted(),
    }
  }
  const names = all<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations'",
  )
  return Object.fromEntries(names.map(({ name }) => [name, shape(name)]))
}
