import { expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Backups, listBackups, verifyBackup } from '../../src/backup'
import { BLOB_AREAS } from '../../src/core/kernel/blobs'
import { ensureInstanceKey, homePaths } from '../../src/home'
import { systemClock, systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { fastDirectory } from '../support/fast-directory'

// Sealing keys is slow on purpose, and copies wait for the disk.
setDefaultTimeout(120_000)

test('a prune that is killed before any change of a file leaves only whole copies, and the next one completes it', async () => {
  using directory = fastDirectory()
  const home = join(directory.path, 'home')
  const paths = homePaths(home)
  for (const path of [paths.keys, paths.blobs]) mkdirSync(path, { recursive: true })
  const key = ensureInstanceKey(paths.instanceKey)
  const report = () => {}
  const deps = { clock: systemClock, secrets: systemSecrets, report }
  await using store = await openStore({ kind: 'sqlite', path: paths.database }, deps)
  await store.noteFact('did', key.did)
  let now = new Date('2026-05-01T03:00:00Z')
  const backups = new Backups({
    home,
    store: { kind: 'sqlite', path: paths.database },
    blobs: { path: paths.blobs, areas: BLOB_AREAS },
    root: join(directory.path, 'backups'),
    version: '1.0.0',
    key,
    passphrase: undefined,
    rule: () => ({ keep: 7, generations: null }),
    now: () => now,
    warn: report,
  })
  let made = ''
  for (const name of ['first', 'second', 'third']) {
    for (const blob of readdirSync(paths.blobs)) rmSync(join(paths.blobs, blob))
    writeFileSync(join(paths.blobs, name), name)
    const passphrase = name === 'first' ? undefined : 'correct horse'
    made = (await backups.create({ blobs: true, ...(passphrase && { passphrase }) })).file ?? ''
    now = new Date(now.getTime() + 86_400_000)
  }
  const folder = dirname(made)
  const whole = join(directory.path, 'whole')
  cpSync(folder, whole, { recursive: true })

  const program = join(import.meta.dir, 'fixtures/prune-until.ts')
  const pruneUntil = async (n: number | 'end') => {
    const child = Bun.spawn([process.execPath, '--no-env-file', program, folder, String(n)], {
      stderr: 'pipe',
    })
    await child.exited
    return child.signalCode
  }
  const complete = [
    'blobs',
    'blobs-20260503T030000.000Z.json',
    'blobs/third',
    'keys-20260503T030000.000Z.sealed',
    'synapse-20260503T030000.000Z.db',
    'synapse-20260503T030000.000Z.json',
  ]
  let killed = 0
  for (let signal: Awaited<ReturnType<typeof pruneUntil>> = 'SIGKILL'; signal === 'SIGKILL'; ) {
    rmSync(folder, { recursive: true })
    cpSync(whole, folder, { recursive: true })
    signal = await pruneUntil(killed)
    const listed = listBackups(folder)
    expect(listed.map(({ names }) => basename(names.database))).toContain(basename(made))
    for (const { names } of listed) expect((await verifyBackup(names.database)).problems).toEqual([])
    expect(await pruneUntil('end')).toBeNull()
    expect(readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()).toEqual(complete)
    if (signal === 'SIGKILL') killed++
  }
  // Two names are changed, and then each of the two copies has four files.
  expect(killed).toBe(10)
})
