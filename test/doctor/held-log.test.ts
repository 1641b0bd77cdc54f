import { Database } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { statSync } from 'node:fs'
import { KEPT_LOG_BYTES } from '../../src/backup'
import { post, served } from '../backup/scene'
import { Site } from '../support/site'
import { examined } from './examined'

setDefaultTimeout(120_000)

test('doctor names the process whose long read makes the WAL grow, and the WAL shrinks when the read ends', async () => {
  await using site = new Site()
  const { server, token } = await served(site, 1)
  const log = () => statSync(`${site.paths.database}-wal`).size
  {
    using reader = new Database(site.paths.database, { readonly: true })
    reader.run('BEGIN')
    reader.query('SELECT seq FROM log_head').get()
    using writer = new Database(site.paths.database)
    writer.run('PRAGMA busy_timeout = 5000')
    writer.run('CREATE TABLE filling (bytes BLOB)')
    writer.query('INSERT INTO filling VALUES (zeroblob(?))').run(KEPT_LOG_BYTES + 1_000_000)
    expect(log()).toBeGreaterThan(KEPT_LOG_BYTES)
    const held = await examined(site)
    expect(held.of('store')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining(`process ${process.pid} (`),
      fix: expect.stringContaining('end that transaction'),
    })
  }
  // The first post checkpoints the WAL, the second one starts it from the beginning.
  await post(server, token, 'one')
  await post(server, token, 'two')
  expect(log()).toBeLessThanOrEqual(KEPT_LOG_BYTES)
  expect((await examined(site)).of('store')).toMatchObject({ status: 'pass' })
})
