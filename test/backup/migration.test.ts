import { Database } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listBackups, verifyBackup } from '../../src/backup'
import { instanceFolders } from '../../src/backup/records'
import { Site } from '../support/site'
import { backupsOf, numbersOf, served } from './scene'

setDefaultTimeout(120_000)

const folder = join(import.meta.dir, '../../drizzle/sqlite')
const migration = (name: string) => readFileSync(join(folder, `${name}.sql`), 'utf8')

/** The statement by which a migration before this one created an index. */
function indexBefore(newest: string, index: string): string {
  const earlier = readdirSync(folder)
    .filter((file) => file.endsWith('.sql') && file < `${newest}.sql`)
    .sort()
  const statements = earlier.flatMap((file) => readFileSync(join(folder, file), 'utf8').split(/;\s*/))
  const found = statements.findLast((text) => new RegExp(`CREATE (UNIQUE )?INDEX \`${index}\``).test(text))
  if (found === undefined) throw new Error(`no migration created ${index}`)
  return found.replace('--> statement-breakpoint', '')
}

/** Removes the newest migration from a store. */
function age(path: string): void {
  using db = new Database(path, { readwrite: true })
  const [newest] = db.query<{ name: string }, []>('SELECT name FROM migrations ORDER BY name DESC').all()
  if (newest === undefined || newest.name.startsWith('0000'))
    throw new Error('there is nothing to go back to')
  const sql = migration(newest.name)
  db.run('PRAGMA foreign_keys = OFF')
  for (const [, kind, name] of sql.matchAll(/CREATE (?:UNIQUE |VIRTUAL )?(TABLE|INDEX) `?(\w+)`?/g))
    db.run(`DROP ${kind} IF EXISTS ${name}`)
  for (const [, name] of sql.matchAll(/CREATE TRIGGER (\w+)/g)) db.run(`DROP TRIGGER ${name}`)
  for (const [, name] of sql.matchAll(/DROP INDEX `(\w+)`/g)) db.run(indexBefore(newest.name, name ?? ''))
  for (const [, table, column] of sql.matchAll(/ALTER TABLE `(\w+)` ADD `(\w+)`/g))
    db.run(`ALTER TABLE ${table} DROP COLUMN ${column}`)
  db.run('DELETE FROM migrations WHERE name = ?', [newest.name])
}

const copiesOf = (site: Site) => instanceFolders(backupsOf(site)).flatMap(listBackups)

test('an existing store is copied before it is migrated, and a new one is not', async () => {
  await using site = new Site()
  const { server } = await served(site, 3)
  expect(copiesOf(site)).toEqual([])
  await server.stop()
  const before = numbersOf(site.paths.database)
  age(site.paths.database)
  const again = await site.serve()
  expect(again.written).toContain('copied the store before migrating it')
  expect(await again.stop()).toBe(0)
  const [copy, ...others] = copiesOf(site)
  expect(others).toEqual([])
  expect(copy?.record).toMatchObject({ label: 'pre-migration', counts: { messages: 3 } })
  expect(numbersOf(copy?.names.database ?? '')).toEqual(before)
  expect((await verifyBackup(copy?.names.database ?? '')).problems).toEqual([])
  // The copy is the store before the migration.
  expect((await verifyBackup(copy?.names.database ?? '')).facts?.migrations).not.toContain(
    (await verifyBackup(site.paths.database)).facts?.migrations.at(-1),
  )
})

test('without a copy nothing is migrated, and the server says what to do', async () => {
  await using site = new Site()
  const { server } = await served(site, 1)
  await server.stop()
  age(site.paths.database)
  const aged = join(site.directory, 'aged.db')
  copyFileSync(site.paths.database, aged)
  mkdirSync(join(backupsOf(site), '..'), { recursive: true })
  writeFileSync(backupsOf(site), 'no folder')
  const refused = await site.run('serve', '--port', '0')
  expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining('no copy can be made before') })
  expect((await verifyBackup(site.paths.database)).facts?.migrations).toEqual(
    (await verifyBackup(aged)).facts?.migrations ?? [],
  )
  rmSync(backupsOf(site))
  const server2 = await site.serve()
  expect(await server2.stop()).toBe(0)
  expect(readdirSync(backupsOf(site))).toHaveLength(1)
})
