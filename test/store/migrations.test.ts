import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
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

/** Runs statements on a database and closes it, so that nothing is left in its write-ahead log. */
function change(path: string, ...statements: string[]): void {
  using db = new Database(path)
  for (const statement of statements) db.run(statement)
  db.run('PRAGMA wal_checkpoint(TRUNCATE)')
}

/** What a database holds on the disk: its file and what its write-ahead log adds. */
function bytesOf(path: string): Buffer {
  const log = `${path}-wal`
  return Buffer.concat([readFileSync(path), existsSync(log) ? readFileSync(log) : Buffer.alloc(0)])
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

/** A database as it was before a migration. */
function before(migration: string, path: string): Database {
  const all = readMigrations('sqlite')
  const place = all.findIndex(({ name }) => name.endsWith(migration))
  const db = new Database(path)
  db.run('CREATE TABLE migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at text NOT NULL)')
  for (const { name, hash, statements } of all.slice(0, place)) {
    for (const statement of statements) db.run(statement)
    db.run('INSERT INTO migrations VALUES (?, ?, ?)', [name, hash, 'earlier'])
  }
  return db
}

test('a retry key of an earlier version keeps working, without an answer', async () => {
  using at = place()
  {
    using db = before('kept_answers', at.path)
    db.run(
      "INSERT INTO idempotency (account_id, key, request_hash, subject, at) VALUES (1, 'k', 'hash', 7, 0)",
    )
  }
  await using store = await open(at.path)
  expect(await store.reads.usedKey({ accountId: 1, key: 'k' })).toEqual({ requestHash: 'hash', answer: null })
})

test('messages of an earlier version count as read, and those who replied take part in their threads', async () => {
  using at = place()
  {
    using db = before('channels_and_threads', at.path)
    for (const id of [1, 2])
      db.run(
        'INSERT INTO accounts (id, uuid, kind, handle, display_name, created_at) VALUES (?, ?, ?, ?, ?, 0)',
        [...[id, `uuid-${id}`, 'human', `h${id}`, 'x']],
      )
    db.run(
      "INSERT INTO channels (id, uuid, slug, name, kind, created_at) VALUES (1, 'c', 'c', 'c', 'public', 0)",
    )
    db.run(
      "INSERT INTO memberships (channel_id, account_id, role, joined_at, joined_seq) VALUES (1, 1, 'member', 0, 1)",
    )
    const messages: [seq: number, sender: number, thread: number | null][] = [
      [2, 1, null],
      [3, 2, 2],
      [4, 2, 2],
      [5, 1, null],
    ]
    for (const [seq, sender, thread] of messages) {
      db.run(
        "INSERT INTO messages (seq, uuid, channel_id, sender_id, thread_seq, at, flags, body) VALUES (?, ?, 1, ?, ?, 0, 32, '')",
        [seq, `m-${seq}`, sender, thread],
      )
      db.run("INSERT INTO events (seq, at, type, subject) VALUES (?, 0, 'message.created', ?)", [seq, seq])
    }
    db.run('INSERT INTO log_head (id, seq, access_seq, last_at) VALUES (1, 5, 1, 0)')
    db.run(
      "INSERT INTO epochs (first_seq, epoch, started_at, reason) VALUES (1, '01JX8M6Z3Q5T7V9W1Y2B4D6F8H', 0, 'x')",
    )
  }
  await using store = await open(at.path)
  expect(await store.reads.ownMemberships(1, [1])).toEqual(new Map([[1, { notify: 'all', readSeq: 5 }]]))
  expect(await store.reads.threadParticipants([2, 5], 20)).toEqual(
    new Map([
      [2, [2]],
      [5, []],
    ]),
  )
  expect(await store.reads.threadMember(2, [2])).toMatchObject(
    new Map([[2, { last: { seq: 4 }, follow: null }]]),
  )
})

test('agents of an earlier version have spent what they replied since a person did', async () => {
  using at = place()
  const [MESSAGE, CORRECTION] = [0, 2]
  {
    using db = before('chain', at.path)
    const kinds = ['human', 'agent', 'agent']
    for (const [i, kind] of kinds.entries())
      db.run(
        'INSERT INTO accounts (id, uuid, kind, handle, display_name, created_at) VALUES (?, ?, ?, ?, ?, 0)',
        [i + 1, `uuid-${i}`, kind, `h${i}`, 'x'],
      )
    db.run(
      "INSERT INTO channels (id, uuid, slug, name, kind, created_at) VALUES (1, 'c', 'c', 'c', 'public', 0)",
    )
    const replies: [seq: number, sender: number, flags: number][] = [
      [3, 2, MESSAGE],
      [4, 1, MESSAGE],
      [5, 2, MESSAGE],
      [6, 2, CORRECTION],
      [7, 2, MESSAGE],
    ]
    for (const [seq, sender, flags] of [[2, 1, MESSAGE] as const, ...replies])
      db.run(
        "INSERT INTO messages (seq, uuid, channel_id, sender_id, thread_seq, at, flags, body) VALUES (?, ?, 1, ?, ?, 0, ?, '')",
        [seq, `m-${seq}`, sender, seq === 2 ? null : 2, flags],
      )
    db.run('INSERT INTO threads (root_seq, reply_count, last_reply_seq) VALUES (2, 5, 7)')
    db.run('INSERT INTO thread_members (root_seq, account_id, last_seq) VALUES (2, 1, 4), (2, 2, 7)')
    db.run('INSERT INTO log_head (id, seq, access_seq, last_at) VALUES (1, 7, 1, 0)')
    db.run(
      "INSERT INTO epochs (first_seq, epoch, started_at, reason) VALUES (1, '01JX8M6Z3Q5T7V9W1Y2B4D6F8H', 0, 'x')",
    )
  }
  await using store = await open(at.path)
  const { reset, followers } = await store.reads.foundThread(2)
  expect(reset).toEqual({ seq: 4, storedSeq: 4, times: 1 })
  const spent = followers.filter((one) => one.spent !== null)
  expect(spent).toMatchObject([{ accountId: 2, spent: { seq: 7, used: 2, corrected: true } }])
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
      'that is a copy of a newer version',
      async (path) => {
        await ours(path)
        const newer = "INSERT INTO migrations VALUES ('9999_future', 'x', '2030-01-01T00:00:00Z')"
        change(path, newer, 'PRAGMA wal_checkpoint(TRUNCATE)', `VACUUM INTO '${path}.copy'`)
        rmSync(`${path}-wal`, { force: true })
        rmSync(`${path}-shm`, { force: true })
        renameSync(`${path}.copy`, path)
      },
      'newer_schema',
      /newer version/,
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
    const before = bytesOf(at.path)
    const error = await rejectionOf(open(at.path))
    expect(error).toBeInstanceOf(OperatorError)
    expect(error).toMatchObject({
      kind: reason,
      problem: expect.stringMatching(problem),
      remedy: expect.stringMatching(/./),
    })
    expect(bytesOf(at.path).equals(before)).toBeTrue()
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
