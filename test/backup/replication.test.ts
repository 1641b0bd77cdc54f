// What a program that copies the WAL as it grows, such as Litestream, needs of a store, and what it does to it.
import { Database } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { numbersOf, post, served } from './scene'

setDefaultTimeout(120_000)

function connect(path: string): Database {
  const db = new Database(path, { readwrite: true })
  db.run('PRAGMA busy_timeout = 1000')
  return db
}

test('the store uses a WAL and normal locking, so other processes can open it', async () => {
  await using site = new Site()
  const { server, token } = await served(site, 1)
  using db = connect(site.paths.database)
  expect(db.query('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
  await post(server, token, 'meanwhile')
  expect(db.query('SELECT count(*) AS n FROM messages').get()).toEqual({ n: 2 })
  expect(await server.stop()).toBe(0)
})

test('a long reader and checkpoints by other processes block neither writing nor stopping', async () => {
  await using site = new Site()
  const { server, token } = await served(site, 1)
  using reader = connect(site.paths.database)
  using other = connect(site.paths.database)
  reader.run('BEGIN')
  reader.query('SELECT count(*) FROM messages').get()
  for (let i = 0; i < 30; i++) {
    await post(server, token, `${i} ${'x'.repeat(10_000)}`)
    if (i % 10 === 0) other.query('PRAGMA wal_checkpoint(PASSIVE)').get()
    if (i % 15 === 7) other.query('PRAGMA wal_checkpoint(RESTART)').get()
  }
  // The reader still sees its snapshot, so no page was overwritten beneath it.
  expect(reader.query('SELECT count(*) AS n FROM messages').get()).toEqual({ n: 1 })
  const begun = performance.now()
  expect(await server.stop()).toBe(0)
  expect(performance.now() - begun).toBeLessThan(20_000)
  reader.run('COMMIT')
  reader.close()
  other.close()
  expect(numbersOf(site.paths.database)?.messages).toBe(31)
})

test('a writer that holds the lock briefly, like Litestream, delays a post and fails none', async () => {
  await using site = new Site()
  const { server, token } = await served(site, 1)
  using other = connect(site.paths.database)
  other.run('CREATE TABLE IF NOT EXISTS _litestream_lock (id INTEGER)')
  for (let i = 0; i < 5; i++) {
    other.run('BEGIN IMMEDIATE')
    const waiting = post(server, token, `while it is held ${i}`)
    await Bun.sleep(100)
    other.run('ROLLBACK')
    expect((await waiting).seq).toBeGreaterThan(0)
  }
  expect(await server.stop()).toBe(0)
  const again = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
  expect((await post(again, token, 'the foreign tables are none of our business')).seq).toBeGreaterThan(0)
  expect(await again.stop()).toBe(0)
})

test('the database and its WAL, copied while no process writes, are a valid store', async () => {
  await using site = new Site()
  const { server, token } = await served(site, 20)
  await post(server, token, 'last')
  server.signal('SIGSTOP')
  const copy = join(site.directory, 'copy.db')
  for (const end of ['', '-wal']) await Bun.write(`${copy}${end}`, Bun.file(`${site.paths.database}${end}`))
  server.signal('SIGCONT')
  expect(numbersOf(copy)?.messages).toBe(21)
  expect(await server.stop()).toBe(0)
})

const litestream = Bun.which('litestream')

test.skipIf(litestream === null)(
  'Litestream follows a busy server, and its replica can be restored like a backup',
  async () => {
    await using site = new Site()
    const { server, token } = await served(site, 5)
    const replica = `file://${site.directory}/replica`
    const restored = join(site.directory, 'restored.db')
    const followed = async () => {
      rmSync(restored, { force: true })
      const { code } = await site.spawn([litestream ?? '', 'restore', '-o', restored, replica])
      return code === 0 ? numbersOf(restored)?.messages : undefined
    }
    const follower = Bun.spawn([litestream ?? '', 'replicate', site.paths.database, replica], {
      stdout: 'ignore',
      stderr: 'ignore',
    })
    try {
      // More than the WAL holds before a checkpoint, so that both processes make checkpoints.
      for (let round = 0; round < 60; round++)
        await Promise.all(
          Array.from({ length: 50 }, (_, i) => post(server, token, `${i} ${'x'.repeat(8000)}`)),
        )
      await until('all of it to be followed', async () => (await followed()) === 3005, 20_000)
      expect(follower.exitCode).toBeNull()
    } finally {
      follower.kill('SIGTERM')
      await follower.exited
    }
    const lost = await post(server, token, 'nobody followed any more')
    expect(await server.stop()).toBe(0)

    expect(await followed()).toBe(3005)
    const back = await site.run('backup', 'restore', restored, '--yes')
    expect({ code: back.code, stderr: back.stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('no side file'),
    })
    const again = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
    expect((await again.as(token).get(`/v1/events?since=${lost.cursor}`)).status).toBe(409)
    expect(await again.stop()).toBe(0)
  },
)
