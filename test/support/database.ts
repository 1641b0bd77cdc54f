/**
 * The database of a test's server, and a direct connection to it. SYNAPSE_TEST_STORE=postgres puts every world into
 * Postgres; only the tests read it.
 */
import { Database, SQLiteError, type SQLQueryBindings } from 'bun:sqlite'
import { rmSync } from 'node:fs'
import postgres from 'postgres'
import { formatInstant, type Micros, parseInstant } from '../../src/core/kernel/time'
import { sharedPostgres } from './postgres'

export type Engine = 'sqlite' | 'postgres'

/** The engine of the worlds of this process. */
export const testStore: Engine = chosen(process.env.SYNAPSE_TEST_STORE)

/** A value in a statement. An instant is a number of microseconds on both engines, also in results. */
export type Parameter = string | number | boolean | null

/** The differences between the two dialects. */
export interface Words {
  /** An instant as a literal of a statement. */
  instant(at: Micros): string
  /** That many microseconds after an instant; both are expressions. */
  after(instant: string, micros: string): string
  uuid(text: string): string
  /** A new UUID. */
  readonly newUuid: string
}

export interface TestDatabase extends AsyncDisposable {
  readonly kind: Engine
  /** The value of SYNAPSE_DATABASE_URL, unless it is the default file of the home. */
  readonly url: string | undefined
  readonly words: Words
  /** Runs a statement with question marks as parameters; sees only what is committed. */
  sql<Row>(statement: string, ...parameters: Parameter[]): Promise<Row[]>
  /** Ends the leases of jobs: they follow the clock of the database, even where the clock of a world is stopped. */
  endLeases(): Promise<void>
  /** Closes the connection until the next statement. */
  release(): Promise<void>
  /** Deletes the database. There must be no connection to it. */
  lose(): Promise<void>
}

const words: Readonly<Record<Engine, Words>> = {
  sqlite: {
    instant: String,
    after: (instant, micros) => `${instant} + ${micros}`,
    uuid: (text) => `x'${text.replaceAll('-', '')}'`,
    newUuid: 'randomblob(16)',
  },
  postgres: {
    instant: (at) => `'${formatInstant(at)}'`,
    after: (instant, micros) => `${instant} + (${micros}) * interval '1 microsecond'`,
    uuid: (text) => `'${text}'`,
    newUuid: 'gen_random_uuid()',
  },
}

/** The database of a server whose file would be `path`, unless its settings name a Postgres database. */
export async function testDatabase(path: string, named?: string): Promise<TestDatabase> {
  return named?.startsWith('postgres') ? postgresDatabase(named) : databaseOn(testStore, path)
}

/** An empty database, or one that is created when it is opened. */
export async function databaseOn(engine: Engine, path: string): Promise<TestDatabase> {
  return engine === 'sqlite' ? sqliteFile(path) : await borrowedDatabase()
}

function sqliteFile(path: string): TestDatabase {
  let connection: Database | undefined
  const release = async () => {
    connection?.close()
    connection = undefined
  }
  return {
    kind: 'sqlite',
    url: undefined,
    words: words.sqlite,
    sql: <Row>(statement: string, ...parameters: Parameter[]) =>
      unlessBusy(() => {
        if (!connection) {
          connection = new Database(path, { readwrite: true, strict: true })
          connection.run('PRAGMA busy_timeout = 0')
        }
        return connection.query<Row, SQLQueryBindings[]>(statement).all(...parameters)
      }),
    endLeases: async () => {},
    release,
    lose: async () => {
      await release()
      for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
    },
    [Symbol.asyncDispose]: release,
  }
}

/**
 * Tries for five seconds while another connection writes. Waiting in SQLite would hold up the server of the same process,
 * whose open transaction then never ends.
 */
async function unlessBusy<Result>(attempt: () => Result): Promise<Result> {
  for (const until = Date.now() + 5000; ; ) {
    try {
      return attempt()
    } catch (error) {
      if (!(error instanceof SQLiteError && error.code === 'SQLITE_BUSY') || Date.now() > until) throw error
      await Bun.sleep(1)
    }
  }
}

/** An existing Postgres database, which is not cleaned up at the end. */
export function postgresDatabase(url: string): TestDatabase {
  let connection: postgres.Sql | undefined
  const sql = async <Row>(statement: string, ...parameters: Parameter[]) => {
    connection ??= postgres(url, {
      max: 1,
      fetch_types: false,
      onnotice: () => {},
      connection: { TimeZone: 'UTC' },
      types: { bigint: asNumber, timestamptz: asMicros },
    })
    // The caller knows what it selects.
    return [...(await connection.unsafe(numbered(statement), parameters))] as Row[]
  }
  const release = async () => {
    await connection?.end()
    connection = undefined
  }
  return {
    kind: 'postgres',
    url,
    words: words.postgres,
    sql,
    endLeases: async () => {
      const [found] = await sql<{ name: string | null }>("SELECT to_regclass('job_leases')::text AS name")
      if (found?.name) await sql('DELETE FROM job_leases')
      await release()
    },
    release,
    lose: async () => {
      await release()
      const name = new URL(url).pathname.slice(1)
      const server = await sharedPostgres()
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await server.query(`CREATE DATABASE ${name}`)
    },
    [Symbol.asyncDispose]: release,
  }
}

/** Databases returned by tests, with the tables of this program and no rows. */
const emptied: string[] = []

/** Creating a database takes ten times as long as emptying one, so returned databases are used again. */
async function borrowedDatabase(): Promise<TestDatabase> {
  const url = emptied.pop() ?? (await (await sharedPostgres()).createDatabase())
  const database = postgresDatabase(url)
  let isSpoiled = false
  return {
    ...database,
    sql: (statement, ...parameters) => {
      isSpoiled ||= /^\s*(?:ALTER|CREATE|DROP)/i.test(statement)
      return database.sql(statement, ...parameters)
    },
    [Symbol.asyncDispose]: async () => {
      try {
        if (!isSpoiled) await database.sql(EMPTY)
      } finally {
        await database.release()
      }
      if (!isSpoiled) emptied.push(url)
    },
  }
}

/** Also deletes the rows that a new log starts with: the server adds them to any empty database. */
const EMPTY = `
DO $$
DECLARE name text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'
  LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
  PERFORM setval(seqrelid::regclass, 1, false) FROM pg_sequence;
END $$`

/** Replaces question marks with the parameters of Postgres. */
function numbered(statement: string): string {
  let count = 0
  return statement.replaceAll('?', () => `$${++count}`)
}

/** Postgres sends bigints as text; those of these tests are small. */
const asNumber = { to: 20, from: [20], serialize: String, parse: Number }

const asMicros = {
  to: 1184,
  from: [1184],
  serialize: (at: number) => formatInstant(at as Micros),
  parse: (text: string): Micros | undefined => parseInstant(text.replace(/\+00$/, 'Z')),
}

function chosen(name = 'sqlite'): Engine {
  if (name === 'sqlite' || name === 'postgres') return name
  throw new Error(`SYNAPSE_TEST_STORE is ${name}: write sqlite or postgres`)
}
