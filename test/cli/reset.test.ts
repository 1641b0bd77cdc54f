import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { runFile } from '../home/run-file-of'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

/** A home that has been used and that no process uses now. */
async function used(): Promise<Site> {
  const site = new Site()
  site.environment.SYNAPSE_BACKUP_DIR = `${site.userHome}/backups`
  // Another server may be running on the default port.
  site.environment.SYNAPSE_PORT = '1'
  await site.json('quickstart', '--yes', '--json')
  writeFileSync(site.paths.env, 'SYNAPSE_LOG_LEVEL=info\n', { mode: 0o600 })
  return site
}

test('reset makes a backup and deletes everything but settings and backups', async () => {
  await using site = await used()
  const { instanceKey, database } = site.paths
  const key = readFileSync(instanceKey, 'utf8')
  const dry = await site.json<{ deleted: string[] }>('reset', '--dry-run', '--json')
  expect(dry.deleted).toContain(database)
  expect(existsSync(database)).toBe(true)

  expect((await site.run('reset')).code).toBe(2)
  expect(existsSync(database)).toBe(true)

  const kept = await site.json<{ backup: string }>('reset', '--keep-keys', '--yes', '--json')
  expect(readdirSync(site.home).toSorted()).toEqual(['keys', 'synapse.env'])
  expect(readFileSync(instanceKey, 'utf8')).toBe(key)
  expect((await site.run('backup', 'verify', kept.backup)).code).toBe(0)

  await site.json('quickstart', '--yes', '--json')
  await site.json('reset', '--yes', '--json')
  expect(readdirSync(site.home)).toEqual(['synapse.env'])
  expect(existsSync(kept.backup)).toBe(true)
})

test('a second reset deletes what the first one kept, and a third one does nothing', async () => {
  await using site = await used()
  await site.json('reset', '--keep-keys', '--yes', '--json')
  const { keys } = site.paths
  expect(await site.json('reset', '--yes', '--json')).toMatchObject({ backup: null, deleted: [keys] })
  expect(await site.json('reset', '--yes', '--json')).toMatchObject({ backup: null, deleted: [] })
  expect(readdirSync(site.home)).toEqual(['synapse.env'])
})

test('reset refuses with 5 while a process uses the home', async () => {
  await using site = await used()
  const { database, run, runFile: path } = site.paths
  const refused = async (part: string) => {
    const { code, stderr } = await site.run('reset', '--yes')
    expect({ code, part: stderr.includes(part) ? part : stderr }).toEqual({ code: 5, part })
    expect(existsSync(database)).toBe(true)
  }
  {
    const server = await site.serve()
    await refused(`pid ${server.pid}`)
    await server.stop()
  }
  mkdirSync(run, { recursive: true })
  // Only one sign of a running server is left.
  using socket = Bun.listen({ unix: `${run}/synapse.sock`, socket: { data() {} } })
  await refused('synapse.sock')
  socket.stop(true)
  const listener = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => listener.once('listening', resolve))
  const address = listener.address()
  const port = typeof address === 'object' ? address?.port : 0
  const gone = Bun.spawn(['true'])
  await gone.exited
  const leftover = runFile({
    pid: gone.pid,
    home: site.home,
    socket: null,
    urls: [`http://127.0.0.1:${port}`],
  })
  writeFileSync(path, JSON.stringify(leftover))
  await refused(`127.0.0.1:${port}`)
  listener.close()
  expect((await site.run('reset', '--yes')).code).toBe(0)
})
