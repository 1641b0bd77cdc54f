// Exports and imports of ConfigSync in real processes: a server that is killed, and the memory that many bytes take.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { pushed, sealedBytes } from '../configsync/blob-scene'
import { tokenOn } from '../configsync/sync-user'
import type { Caller } from '../support/caller'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { watchMemory } from '../support/watch-memory'

setDefaultTimeout(180_000)

const USER = '/v1/admin/configsync/users/ada'

const pushTo = (caller: Caller, bytes: Buffer) => pushed({ caller }, bytes)

const importTo = (server: ServerProcess, file: Blob) =>
  server.operator.fetch<Record<string, unknown>>(`${USER}/import`, { method: 'POST', body: file })

const exportedBy = async (server: ServerProcess) => (await server.operator.open(`${USER}/export`)).blob()

test('a server that is killed during an import has the whole account or nothing of it', async () => {
  await using site = new Site()
  let server = await site.serve()
  const token = await tokenOn(server)
  for (let seed = 1; seed <= 20; seed++) await pushTo(server.as(token), sealedBytes(300_000, seed))
  const file = await exportedBy(server)
  const history = async () => (await server.as(token).get('/api/machines/history?limit=200')).text
  const before = await history()
  const whole = { checked: 20, missing: [], corrupt: [] }
  let [lost, kept] = [0, 0]
  for (let round = 0; round < 10; round++) {
    await server.operator.post(`${USER}/purge`, { confirm: 'ada' })
    const answer = importTo(server, file).catch(() => undefined)
    // The last round is not interrupted in its first half.
    await Bun.sleep(round < 9 ? Math.random() * 150 : 5000)
    await server.kill()
    const acknowledged = (await answer)?.status === 201
    server = await site.serve()
    const { status } = await server.operator.get(USER)
    if (status === 404) {
      expect(acknowledged, `in round ${round}`).toBe(false)
      expect((await server.as(token).get('/api/machines/latest')).status).toBe(403)
      const { body } = await server.operator.get('/v1/admin/configsync/verify')
      expect(body).toMatchObject({ ...whole, checked: 0 })
      // What the killed server left does not hinder another import.
      expect((await importTo(server, file)).status).toBe(201)
      lost++
    } else kept++
    expect(await history()).toBe(before)
    expect((await server.operator.get('/v1/admin/configsync/verify')).body).toMatchObject(whole)
  }
  expect(lost).toBeGreaterThan(0)
  expect(kept).toBeGreaterThan(0)
})

describe('an account of 120 MB', () => {
  test('takes less memory than it has bytes on its way out and in', async () => {
    await using site = new Site()
    const server = await site.serve()
    const token = await tokenOn(server)
    for (let seed = 1; seed <= 6; seed++) await pushTo(server.as(token), sealedBytes(20_000_000, seed))
    const path = `${site.directory}/ada.ndjson`
    // What the first requests need once is not counted.
    await Bun.write(path, await server.operator.open(`${USER}/export`))
    const leaving = watchMemory(server)
    await Bun.write(path, await server.operator.open(`${USER}/export`))
    expect(leaving.grownBy()).toBeLessThan(120_000_000)
    expect(Bun.file(path).size).toBeGreaterThan(150_000_000)
    await server.operator.post(`${USER}/purge`, { confirm: 'ada' })
    const coming = watchMemory(server)
    expect((await importTo(server, Bun.file(path))).status).toBe(201)
    expect(coming.grownBy()).toBeLessThan(120_000_000)
    expect(await server.stop()).toBe(0)
  })
})
