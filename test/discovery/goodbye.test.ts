import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../src/config'
import { MdnsBrowser } from '../../src/discovery'
import { boot } from '../../src/main'
import { fastDirectory } from '../support/fast-directory'
import { until } from '../support/sockets'
import { freePort } from '../support/supervised'

// Sealing keys is slow on purpose.
setDefaultTimeout(120_000)

test('a stopping server says goodbye on the local network only after its jobs have ended', async () => {
  using folder = fastDirectory()
  const umask = process.umask()
  const wire = { port: freePort(), interface: '127.0.0.1' }
  const backups = join(folder.path, 'backups')
  const env = {
    HOME: folder.path,
    SYNAPSE_HOME: join(folder.path, 'home'),
    SYNAPSE_BACKUP_DIR: backups,
    SYNAPSE_LAN: '1',
    SYNAPSE_PORT: '0',
  }
  await using listener = new MdnsBrowser({ ...wire, trouble: () => {} })
  listener.browse()
  const running = await boot(loadConfig({ env, cwd: '/', command: 'serve' }), {
    listen: true,
    log: () => {},
    multicast: wire,
    addresses: () => ['192.168.1.20'],
  })
  await until('the announcement', () => listener.hints.length > 0)

  const order: string[] = []
  const body = JSON.stringify({ passphrase: 'correct horse battery staple' })
  const request = new Request('http://synapse/v1/admin/backups', { method: 'POST', body })
  const backup = running.handle(request).then(({ status }) => order.push(`backup ${status}`))
  await until('the backup to begin', () => existsSync(backups))
  const stopped = running.stop()
  await until('the goodbye', () => listener.hints.length === 0)
  order.push('goodbye')
  await Promise.all([backup, stopped])
  process.umask(umask)
  expect(order).toEqual(['backup 201', 'goodbye'])
})
