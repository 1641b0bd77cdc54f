// An interrupted upgrade: the process dies at any statement of a migration, and the next start continues.
import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMigrations } from '../../src/store/migrations'
import { openSqlite } from '../../src/store/sqlite/open'
import { temporaryDirectory } from '../home/temporary'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

const migrations = readMigrations('sqlite')
/** The number of processes that die in parallel. */
const AT_ONCE = 4

/** Migrates a store and exits after this many statements; 'done' if there are fewer. */
const DYING = `
const { Database } = await import('bun:sqlite')
const { migrateSqlite } = await import(${JSON.stringify(join(import.meta.dir, '../../src/store/sqlite/migrate.ts'))})
const [path, statements] = process.argv.slice(-2)
const db = new Database(path)
db.run('PRAGMA journal_mode = WAL')
let left = Number(statements)
const run = db.run.bind(db)
db.run = (...args) => {
  const changes = run(...args)
  if (--left === 0) process.kill(process.pid, 'SIGKILL')
  return changes
}
migrateSqlite(db)
console.log('done')
`

/** Returns whether the migration was complete before the process died. */
async function migrateAndDie(path: string, statements: number): Promise<boolean> {
  const child = Bun.spawn([process.execPath, '--no-env-file', '-e', DYING, path, String(statements)], {
    cwd: join(import.meta.dir, '../..'),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const said = await new Response(child.stdout).text()
  await child.exited
  if (child.signalCode !== 'SIGKILL' && said !== 'done\n') throw new Error('the migration failed')
  return said === 'done\n'
}

/** A store of an earlier version with an account; an empty file for version 0. */
function storeOf(version: number, path: string): void {
  using db = new Database(path)
  db.run('PRAGMA journal_mode = WAL')
  if (version === 0) return
  db.run('CREATE TABLE migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at text NOT NULL)')
  for (const { name, hash, statements } of migrations.slice(0, version)) {
    for (const statement of statements) db.run(statement)
    db.run('INSERT INTO migrations VALUES (?, ?, ?)', [name, hash, new Date(0).toISOString()])
  }
  db.run("INSERT INTO instance (name, value) VALUES ('did', 'did:key:before')")
}

function schemaOf(path: string): unknown[] {
  using db = new Database(path, { readonly: true })
  return db.query('SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name').all()
}

function close({ writer, reader }: ReturnType<typeof openSqlite>): void {
  reader.close()
  writer.close()
}

describe('an interrupted upgrade', () => {
  for (const version of migrations.keys())
    test(`an upgrade that dies at any statement from ${migrations[version - 1]?.name ?? 'nothing'} on is completed by the next start`, async () => {
      using directory = temporaryDirectory()
      const path = (name: string) => join(directory.path, `${name}.db`)
      storeOf(version, path('old'))
      copyFileSync(path('old'), path('whole'))
      close(openSqlite(path('whole')))
      const expected = schemaOf(path('whole'))

      let resumed = 0
      const dies = async (at: number) => {
        const name = `died-${at}`
        copyFileSync(path('old'), path(name))
        const isDone = await migrateAndDie(path(name), at)
        const opened = openSqlite(path(name))
        const check = opened.writer.query<{ integrity_check: string }, []>('PRAGMA integrity_check').get()
        expect([at, check?.integrity_check]).toEqual([at, 'ok'])
        // The migration was applied completely or not at all.
        const rest = opened.migrated.length
        expect([at, rest === 0 || rest === migrations.length - version]).toEqual([at, true])
        if (rest > 0) resumed++
        if (version > 0)
          expect(opened.writer.query("SELECT value FROM instance WHERE name = 'did'").get()).toEqual({
            value: 'did:key:before',
          })
        close(opened)
        expect([at, schemaOf(path(name))]).toEqual([at, expected])
        return isDone
      }
      for (let isDone = false, first = 1; !isDone; first += AT_ONCE) {
        const all = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => dies(first + i)))
        isDone = all.some(Boolean)
      }
      const statements = migrations.slice(version).flatMap((migration) => migration.statements)
      expect(resumed).toBeGreaterThan(statements.length)
    })
})

test('a store of a newer version is not served or changed, and the start ends with 78 and says what to do', async () => {
  await using site = new Site()
  await (await site.serve()).stop()
  const { database } = site.paths
  {
    using db = new Database(database)
    db.run("INSERT INTO migrations VALUES ('9999_future', 'of another text', '2099-01-01T00:00:00Z')")
  }
  const before = schemaOf(database)
  const { code, stderr } = await site.run('serve', '--port', '0')
  expect(code).toBe(78)
  expect(stderr).toContain('newer version of Synapse')
  expect(stderr).toContain('restore a backup made before the upgrade')
  expect(schemaOf(database)).toEqual(before)
})
