import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError, type ProblemKind } from '../../src/core/kernel/operator-error'
import { systemClock, systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { readMigrations } from '../../src/store/migrations'
import { openSqlite } from '../../src/store/sqlite/open'
import { rejectionOf } from '../home/temporary'
import { fastDirectory } from '../support/fast-directory'

/** A directory with the path of a database. */
function place() {
  const directory = fastDirectory()
  return { path: join(directory.path, 'synapse.db'), [Symbol.dispose]: () => directory[Symbol.dispose]() }
}

const open = (path: string) =>
  openStore(
    { kind: 'sqlite', path },
    {
      clock: systemClock,
      secrets: systemSecrets,
      report: (fault) => {
        throw fault
      },
    },
  )

/** Runs statements on a database and closes it. */
function change(path: string, ...statements: string[]): void {
  using db = new Database(path)
  for (const statement of statements) db.run(statement)
}

interface Column {
  readonly type: string
  readonly required: boolean
}
type Tables = Record<string, Record<string, Column>>

function sqliteTables(path: string): Tables {
  using db = new Database(path)
  const names = db
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .all()
    .map(({ name }) => name)
    .filter((name) => name !== 'migrations')
  const columns = (table: string) =>
    db
      .query<{ name: string; type: string; notnull: number }, []>(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name, type, notnull }) => [name, { type: type.toLowerCase(), required: notnull === 1 }])
  return Object.fromEntries(names.map((name) => [name, Object.fromEntries(columns(name))]))
}

describe('a new database', () => {
  test('a new database gets every migration, and each migration exists for both dialects', async () => {
    using at = place()
    await using store = await open(at.path)
    const names = (dialect: string) =>
      readdirSync(join(import.meta.dir, '../../drizzle', dialect))
        .filter((file) => file.endsWith('.sql'))
        .map((file) => file.replace('.sql', ''))
        .toSorted()
    expect(store.migrated).toEqual(names('sqlite'))
    expect(names('postgres')).toEqual(names('sqlite'))
  })

  test('a database is migrated once', async () => {
    using at = place()
    {
      await using _first = await open(at.path)
    }
    const before = sqliteTables(at.path)
    await using again = await open(at.path)
    expect(again.migrated).toEqual([])
    expect(sqliteTables(at.path)).toEqual(before)
  })

  test('a new database has settings that make commits survive a power cut and let a purge free space', () => {
    using at = place()
    const { writer, reader } = openSqlite(at.path)
    using _reader = reader
    using _writer = writer
    const pragma = (name: string) => Object.values(writer.query(`PRAGMA ${name}`).get() ?? {})[0]
    expect(pragma('journal_mode')).toBe('wal')
    expect(pragma('synchronous')).toBe(2)
    expect(pragma('foreign_keys')).toBe(1)
    expect(pragma('auto_vacuum')).toBe(2)
    expect(pragma('busy_timeout')).toBe(5000)
  })
})

test('a retry key of an earlier version keeps working, without an answer', async () => {
  using at = place()
  const before = readMigrations('sqlite').filter(({ name }) => name < '0005')
  {
    using db = new Database(at.path)
    db.run('CREATE TABLE migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at text NOT NULL)')
    for (const { name, hash, statements } of before) {
      for (const statement of statements) db.run(statement)
      db.run('INSERT INTO migrations VALUES (?, ?, ?)', [name, hash, 'earlier'])
    }
    db.run(
      "INSERT INTO idempotency (account_id, key, request_hash, subject, at) VALUES (1, 'k', 'hash', 7, 0)",
    )
  }
  await using store = await open(at.path)
  expect(await store.reads.usedKey({ accountId: 1, key: 'k' })).toEqual({ requestHash: 'hash', answer: null })
})

describe('unsuitable databases', () => {
  const ours = async (path: string) => {
    await using _store = await open(path)
  }
  const rows: [string, (path: string) => Promise<void> | void, ProblemKind, RegExp][] = [
    [
      'written by a newer version',
      async (path) => {
        await ours(path)
        change(path, "INSERT INTO migrations VALUES ('9999_future', 'x', '2030-01-01T00:00:00Z')")
      },
      'newer_schema',
      /newer version.*9999_future/,
    ],
    [
      'with another migration of the same name',
      async (path) => {
        await ours(path)
        change(path, "UPDATE migrations SET hash = 'other' WHERE name LIKE '0000%'")
      },
      'changed_migration',
      /0000_initial/,
    ],
    [
      'of another program',
      (path) => change(path, 'CREATE TABLE bookmarks (id INTEGER)', 'INSERT INTO bookmarks VALUES (1)'),
      'not_a_store',
      /another program/,
    ],
    [
      'of the earlier server',
      (path) =>
        change(path, 'CREATE TABLE alembic_version (version_num TEXT)', 'CREATE TABLE accounts (id TEXT)'),
      'not_a_store',
      /earlier Synapse/,
    ],
    [
      'that is not SQLite',
      (path) => writeFileSync(path, 'a letter to my grandmother, '.repeat(200)),
      'not_a_store',
      /not a/,
    ],
  ]
  test.each(rows)('a database %s is refused and left unchanged', async (_, prepare, reason, problem) => {
    using at = place()
    await prepare(at.path)
    const before = readFileSync(at.path)
    const error = await rejectionOf(open(at.path))
    expect(error).toBeInstanceOf(OperatorError)
    expect(error).toMatchObject({
      kind: reason,
      problem: expect.stringMatching(problem),
      remedy: expect.stringMatching(/./),
    })
    expect(readFileSync(at.path).equals(before)).toBeTrue()
  })
})

test('a database in a missing folder cannot be opened', async () => {
  using at = place()
  expect(await rejectionOf(open(join(at.path, 'nowhere', 'synapse.db')))).toMatchObject({
    kind: 'unreadable',
  })
})

test('a fact about the instance is set once and never changes', async () => {
  using at = place()
  {
    await using store = await open(at.path)
    expect(await store.fact('did')).toBeUndefined()
    expect(await store.noteFact('did', 'did:key:one')).toBe('did:key:one')
    expect(await store.noteFact('did', 'did:key:two')).toBe('did:key:one')
  }
  await using again = await open(at.path)
  expect(await again.fact('did')).toBe('did:key:one')
  expect(again.isHealthy()).toBeTrue()
})
