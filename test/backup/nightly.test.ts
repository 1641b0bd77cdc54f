import { expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { keepBackups } from '../../src/app/backups'
import { listBackups } from '../../src/backup'
import { instanceFolders } from '../../src/backup/records'
import { loadConfig, settingRegistry } from '../../src/config'
import { toMicros } from '../../src/core/kernel/time'
import { ensureInstanceKey, homePaths, prepareHome } from '../../src/home'
import { Runner } from '../../src/jobs'
import { systemSecrets } from '../../src/platform'
import { createLogger } from '../../src/platform/logger'
import { openStore } from '../../src/store'
import { FakeClock, HOUR } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'

// Sealing keys is slow on purpose, and copies wait for the disk.
setDefaultTimeout(120_000)

async function nights(settings: Record<string, string> = {}) {
  const directory = fastDirectory()
  const home = join(directory.path, 'home')
  const umask = process.umask()
  prepareHome(home)
  const root = join(directory.path, 'backups')
  const env = { HOME: directory.path, SYNAPSE_HOME: home, SYNAPSE_BACKUP_DIR: root, ...settings }
  const config = loadConfig({ env, cwd: home, command: 'serve' })
  const clock = new FakeClock()
  clock.set(toMicros(new Date(2026, 4, 7, 12).getTime() * 1000))
  const key = ensureInstanceKey(homePaths(home).instanceKey)
  const store = await openStore(config.database, { clock, secrets: systemSecrets, report: () => {} })
  await store.noteFact('did', key.did)
  const lines: string[] = []
  const logger = createLogger('info', (text) => lines.push(text))
  const keeping = keepBackups({
    config,
    store,
    key,
    clock,
    logger,
    onMade: () => {},
    settings: { get: (name) => settingRegistry(config).valuesWith(new Map())[name] },
  })
  const runner = new Runner({ leases: store, clock, report: () => {} })
  for (const job of await keeping.jobs()) runner.add(job)
  runner.start()
  return {
    root,
    lines: () => {
      logger.flush()
      return lines.join('')
    },
    copies: () => instanceFolders(root).flatMap(listBackups),
    status: () => keeping.backups.status,
    jump: (hours: number) => clock.set(toMicros(clock.now() + hours * HOUR * 1000)),
    async pass(hours: number) {
      clock.advance(hours * HOUR)
      await runner.check()
    },
    [Symbol.asyncDispose]: async () => {
      await runner.stop()
      await keeping.stop()
      await store.close()
      directory[Symbol.dispose]()
      process.umask(umask)
    },
  }
}

test('a server copies its store every night, with its keys if there is a passphrase, and prunes old copies', async () => {
  await using here = await nights({ SYNAPSE_BACKUP_KEEP: '2', SYNAPSE_BACKUP_PASSPHRASE: 'correct horse' })
  await here.pass(14)
  expect(here.copies()).toHaveLength(0)
  await here.pass(1)
  await here.pass(1)
  expect(here.copies().map(({ record }) => record)).toEqual([
    expect.objectContaining({ label: 'daily', keys: true, blobs: true }),
  ])
  expect(here.lines()).toContain('made the daily backup')
  for (let day = 0; day < 3; day++) await here.pass(24)
  expect(here.copies()).toHaveLength(2)
})

test('copies dated ahead of the clock prevent no nightly copy, displace no other, and are reported', async () => {
  await using here = await nights({ SYNAPSE_BACKUP_KEEP: '2' })
  here.jump(365 * 24)
  for (let day = 0; day < 3; day++) await here.pass(24)
  const ahead = here.copies().map(({ names }) => basename(names.database))
  expect(ahead).toHaveLength(2)
  here.jump(-(365 + 3) * 24)
  for (let day = 0; day < 3; day++) await here.pass(24)
  const copies = here.copies().map(({ names }) => basename(names.database))
  expect(copies.slice(0, 2)).toEqual(ahead)
  expect(copies.slice(2).map((name) => name.slice(8, 16))).toEqual(['20260510', '20260509'])
  expect(here.status()).toEqual({
    last_ok_at: expect.stringContaining('2026-05-10'),
    last_error: null,
    dated_ahead: ahead,
  })
  const warned = here
    .lines()
    .split('\n')
    .filter((line) => line.includes('neither pruned nor counted'))
  expect(warned.at(-1)).toContain(ahead[0] ?? 'a name')
})

test('a failed nightly backup is logged and shown in the status', async () => {
  await using here = await nights()
  writeFileSync(here.root, 'no folder')
  await here.pass(15)
  expect(here.lines()).toContain('the daily backup failed')
  expect(here.status()).toEqual({
    last_ok_at: null,
    last_error: expect.stringContaining('SYNAPSE_BACKUP_DIR'),
    dated_ahead: [],
  })
})

test('no nightly backup is made while it is switched off', async () => {
  await using here = await nights({ SYNAPSE_BACKUP_DAILY_AT: 'off' })
  await here.pass(100)
  expect(here.copies()).toHaveLength(0)
  expect(here.status()).toEqual({ last_ok_at: null, last_error: null, dated_ahead: [] })
})
