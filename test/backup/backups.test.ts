import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Backups, listBackups } from '../../src/backup'
import { BLOB_AREAS } from '../../src/core/kernel/blobs'
import { ensureInstanceKey, homePaths } from '../../src/home'
import { systemClock, systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { rejectionOf } from '../home/temporary'
import { fastDirectory } from '../support/fast-directory'

// Sealing keys is slow on purpose, and copies wait for the disk.
setDefaultTimeout(120_000)

/** A home with a store, and its backups, one day apart. */
async function scene({ keep = 2 } = {}) {
  const directory = fastDirectory()
  const home = join(directory.path, 'home')
  const root = join(directory.path, 'backups')
  const paths = homePaths(home)
  for (const path of [paths.keys, paths.blobs]) mkdirSync(path, { recursive: true })
  const key = ensureInstanceKey(paths.instanceKey)
  const report = () => {}
  const store = await openStore(
    { kind: 'sqlite', path: paths.database },
    { clock: systemClock, secrets: systemSecrets, report },
  )
  await store.noteFact('did', key.did)
  let day = Date.UTC(2026, 4, 1, 3)
  const warnings: string[] = []
  const backups = new Backups({
    home,
    store: { kind: 'sqlite', path: paths.database },
    blobs: { path: paths.blobs, areas: BLOB_AREAS },
    root,
    version: '1.0.0',
    key,
    passphrase: undefined,
    rule: () => ({ keep, generations: null }),
    now: () => new Date(day),
    warn: (message) => warnings.push(message),
  })
  return {
    paths,
    backups,
    root,
    tomorrow: () => {
      day += 24 * 3600_000
    },
    files: () => readdirSync(join(root, key.did.slice(-12)), { recursive: true, encoding: 'utf8' }).sort(),
    [Symbol.asyncDispose]: async () => {
      await store.close()
      directory[Symbol.dispose]()
    },
  }
}

test('pruning deletes a copy with its side file, its keys and the blobs that no other copy needs', async () => {
  await using here = await scene()
  const blob = (name: string) => join(here.paths.blobs, name)
  writeFileSync(blob('old'), 'old')
  writeFileSync(blob('kept'), 'kept')
  await here.backups.create({ blobs: true, passphrase: 'correct horse' })
  rmSync(blob('old'))
  for (const passphrase of ['correct horse', undefined]) {
    here.tomorrow()
    await here.backups.create({ blobs: true, passphrase })
  }
  expect(here.files()).toEqual([
    'blobs',
    'blobs-20260502T030000.000Z.json',
    'blobs-20260503T030000.000Z.json',
    'blobs/kept',
    'keys-20260502T030000.000Z.sealed',
    'synapse-20260502T030000.000Z.db',
    'synapse-20260502T030000.000Z.json',
    'synapse-20260503T030000.000Z.db',
    'synapse-20260503T030000.000Z.json',
  ])
  // The newest keys stay although their copy goes: they open every copy of this instance.
  here.tomorrow()
  await here.backups.create({})
  here.tomorrow()
  const { pruned } = await here.backups.create({})
  expect(pruned).toHaveLength(1)
  expect(here.files().filter((name) => name.startsWith('keys'))).toEqual(['keys-20260502T030000.000Z.sealed'])
  expect(here.files().filter((name) => name.startsWith('blobs/'))).toEqual([])
})

test('a second copy at the same moment fails and does not overwrite the first', async () => {
  await using here = await scene()
  await here.backups.create({})
  const before = here.files()
  expect(await rejectionOf(here.backups.create({}))).toMatchObject({ kind: 'unusable' })
  expect(here.files()).toEqual(before)
})

test('a blob whose content does not match its name fails the backup', async () => {
  await using here = await scene()
  const name = new Bun.CryptoHasher('sha256').update('right').digest('hex')
  writeFileSync(join(here.paths.blobs, name), 'wrong')
  expect(await rejectionOf(here.backups.create({ blobs: true }))).toMatchObject({ kind: 'damaged' })
  writeFileSync(join(here.paths.blobs, name), 'right')
  here.tomorrow()
  expect(await here.backups.create({ blobs: true })).toMatchObject({ blobs: 1 })
})

test('the status shows the last good copy, and the last failure until the next good copy', async () => {
  await using here = await scene()
  expect(here.backups.status).toEqual({
    last_ok_at: null,
    last_error: null,
    last_verified_at: null,
    heartbeat: null,
    dated_ahead: [],
  })
  await here.backups.create({})
  expect(here.backups.status).toMatchObject({
    last_ok_at: '2026-05-01T03:00:00.000Z',
    last_error: null,
    dated_ahead: [],
  })
  rmSync(here.root, { recursive: true })
  writeFileSync(here.root, 'no folder')
  here.tomorrow()
  await rejectionOf(here.backups.create({}))
  expect(here.backups.status).toEqual({
    dated_ahead: [],
    last_ok_at: '2026-05-01T03:00:00.000Z',
    last_verified_at: null,
    heartbeat: null,
    last_error: expect.stringContaining('cannot be used'),
  })
  rmSync(here.root)
  await here.backups.create({})
  expect(here.backups.status).toEqual({
    last_ok_at: '2026-05-02T03:00:00.000Z',
    last_error: null,
    last_verified_at: '2026-05-02T03:00:00.000Z',
    heartbeat: null,
    dated_ahead: [],
  })
  expect(existsSync(here.root)).toBe(true)
})

test('an incomplete copy is ignored and deleted with the next backup', async () => {
  await using here = await scene()
  const { file } = await here.backups.create({})
  const folder = join(file ?? '', '..')
  const before = here.files()
  for (const name of [
    'synapse-20260501T040000.000Z.db.partial',
    'synapse-20260501T040000.000Z.db.partial-journal',
  ])
    writeFileSync(join(folder, name), 'half')
  writeFileSync(join(folder, 'synapse-20260501T050000.000Z.json'), '{}')
  expect(listBackups(folder)).toHaveLength(1)
  here.tomorrow()
  await here.backups.create({})
  expect(here.files().filter((name) => !before.includes(name))).toEqual([
    'synapse-20260501T050000.000Z.json',
    'synapse-20260502T030000.000Z.db',
    'synapse-20260502T030000.000Z.json',
  ])
})
