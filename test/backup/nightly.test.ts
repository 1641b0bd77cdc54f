import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { keepBackups } from '../../src/app/backups'
import { listBackups } from '../../src/backup'
import { instanceFolders } from '../../src/backup/records'
import { loadConfig, settingRegistry } from '../../src/config'
import { toMicros } from '../../src/core/kernel/time'
import { ensureInstanceKey, homePaths, prepareHome } from '../../src/home'
import { Heartbeat, Runner } from '../../src/jobs'
import { systemSecrets } from '../../src/platform'
import { createLogger } from '../../src/platform/logger'
import { OutboundCalls } from '../../src/platform/outbound'
import { openStore } from '../../src/store'
import { rejectionOf } from '../home/temporary'
import { FakeClock, HOUR } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'

// Sealing keys is slow on purpose, and copies wait for the disk.
setDefaultTimeout(120_000)

/** The day in UTC when it is noon here, on this day of May. */
const noonOf = (day: number) => new Date(2026, 4, day, 12).toISOString().slice(0, 10)

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
    outbound: new OutboundCalls({ allowed: () => [] }),
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
      // The heartbeat follows the copy.
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
  expect(copies.slice(2).map((name) => name.slice(8, 16))).toEqual(
    [noonOf(10), noonOf(9)].map((day) => day.replaceAll('-', '')),
  )
  expect(here.status()).toEqual({
    last_ok_at: expect.stringContaining(noonOf(10)),
    last_error: null,
    last_verified_at: expect.stringContaining(noonOf(10)),
    heartbeat: null,
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
  expect(here.lines()).toContain('the scheduled backup failed')
  expect(here.status()).toEqual({
    last_ok_at: null,
    last_error: expect.stringContaining('SYNAPSE_BACKUP_DIR'),
    last_verified_at: null,
    heartbeat: null,
    dated_ahead: [],
  })
})

test('no nightly backup is made while it is switched off', async () => {
  await using here = await nights({ SYNAPSE_BACKUP_DAILY_AT: 'off' })
  await here.pass(100)
  expect(here.copies()).toHaveLength(0)
  expect(here.status()).toMatchObject({ last_ok_at: null, last_error: null, dated_ahead: [] })
})

test('with backup.retain a copy is made every full hour, and the generations are kept', async () => {
  await using here = await nights({
    SYNAPSE_BACKUP_RETAIN: 'hourly=2,daily=2',
    SYNAPSE_BACKUP_KEEP: '1',
    SYNAPSE_BACKUP_DAILY_AT: 'off',
  })
  // It starts at noon; a new store has its first copy at the next full hour.
  await here.pass(0.75)
  expect(here.copies()).toHaveLength(0)
  for (let quarter = 0; quarter < 4; quarter++) await here.pass(0.25)
  expect(here.copies().map(({ record }) => record.label)).toEqual(['hourly'])
  expect(here.lines()).toContain('made the hourly backup')
  for (let hour = 0; hour < 14; hour++) await here.pass(1)
  const kept = here.copies().map(({ record }) => new Date(record.created_at).getHours())
  // The last two hours, and the last hour of the day before.
  expect(kept).toEqual([3, 2, 23])
})

describe('the heartbeat', () => {
  /** A receiver of heartbeats that answers with this status. */
  function receiver(status = 200) {
    const state = { status, paths: [] as string[], methods: new Set<string>() }
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: ({ url, method }) => {
        state.paths.push(new URL(url).pathname)
        state.methods.add(method)
        return new Response(null, { status: state.status, headers: { location: '/elsewhere' } })
      },
    })
    const url = `http://127.0.0.1:${server.port}/secret-5f1c`
    return { state, url, [Symbol.dispose]: () => server.stop(true) }
  }

  test('the heartbeat URL is requested once after each automatic copy, also in a private network', async () => {
    using there = receiver()
    await using here = await nights({ SYNAPSE_BACKUP_HEARTBEAT_URL: there.url })
    for (let day = 0; day < 2; day++) await here.pass(24)
    await here.pass(1)
    expect(there.state).toMatchObject({ paths: ['/secret-5f1c', '/secret-5f1c'], methods: new Set(['GET']) })
    expect(here.status().heartbeat).toEqual({ at: expect.stringContaining(noonOf(9)), problem: null })
    expect(here.lines()).not.toContain('secret-5f1c')
  })

  test.each([500, 404, 302])(
    'a heartbeat that is answered with %d is tried three times and reported, and the copy stays good',
    async (status) => {
      using there = receiver(status)
      await using here = await nights({ SYNAPSE_BACKUP_HEARTBEAT_URL: there.url })
      await here.pass(24)
      for (let i = 0; i < 5; i++) await here.pass(1 / 60)
      expect(there.state.paths).toEqual(new Array(3).fill('/secret-5f1c'))
      const problem = `${new URL(there.url).host} answered ${status}`
      expect(here.status()).toMatchObject({ last_error: null, heartbeat: { problem } })
      expect(here.lines()).toContain('the heartbeat after a backup failed')
      expect(here.lines()).toContain(problem)
      expect(here.lines()).not.toContain('secret-5f1c')
      expect(here.copies()).toHaveLength(1)
      there.state.status = 200
      await here.pass(24)
      expect(here.status()).toMatchObject({ last_error: null, heartbeat: { problem: null } })
    },
  )

  test('a heartbeat that succeeds on the second try is not reported', async () => {
    using there = receiver(503)
    await using here = await nights({ SYNAPSE_BACKUP_HEARTBEAT_URL: there.url })
    await here.pass(24)
    there.state.status = 204
    await here.pass(1 / 60)
    await here.pass(1 / 60)
    expect(there.state.paths).toHaveLength(2)
    expect(here.status().heartbeat?.problem).toBeNull()
    expect(here.lines()).not.toContain('failed')
  })

  test('the heartbeat URL may not lead to a metadata service, and is not requested after a failed copy', async () => {
    await using blocked = await nights({ SYNAPSE_BACKUP_HEARTBEAT_URL: 'http://169.254.169.254/secret-5f1c' })
    await blocked.pass(24)
    for (let i = 0; i < 3; i++) await blocked.pass(1 / 60)
    expect(blocked.status().heartbeat?.problem).toContain('169.254.169.254')
    expect(blocked.lines()).not.toContain('secret-5f1c')
    using there = receiver()
    await using here = await nights({ SYNAPSE_BACKUP_HEARTBEAT_URL: there.url })
    writeFileSync(here.root, 'no folder')
    await here.pass(24)
    await here.pass(1 / 60)
    expect(there.state.paths).toEqual([])
  })

  test('a service that does not answer is given up after the time limit, and when the server stops', async () => {
    const { promise: never } = Promise.withResolvers<Response>()
    using hanging = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 0, fetch: () => never })
    const problems: (string | null)[] = []
    const heartbeat = new Heartbeat({
      url: () => hanging.url.href,
      outbound: new OutboundCalls({ allowed: () => [] }),
      done: (problem) => problems.push(problem),
      timeoutMs: 20,
    })
    const job = heartbeat.job()
    heartbeat.beat()
    for (let i = 0; i < 3; i++) {
      expect(job.wait()).toBe(0)
      job.report?.(await rejectionOf(job.run(new AbortController().signal)))
    }
    expect(job.wait()).toBeUndefined()
    expect(problems).toEqual([expect.stringContaining('did not answer within')])
    heartbeat.beat()
    const stop = new AbortController()
    const ended = rejectionOf(job.run(stop.signal))
    stop.abort()
    expect(await ended).toMatchObject({ problem: 'aborted' })
  })
})
