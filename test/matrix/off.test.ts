// Without a server name there is no homeserver: no route, no row, no statement, no module of it.
import { Database } from 'bun:sqlite'
import { expect, spyOn, test } from 'bun:test'
import { join } from 'node:path'
import { startStatementWorker } from '../../src/store/sqlite/thread/thread'
import { world } from '../support/world'

/** A channel, people, and what they may do. */
async function works(w: Awaited<ReturnType<typeof world>>): Promise<void> {
  const town = await w.channel('town', { kind: 'public' })
  const ann = await w.human('ann', { channels: { town: 'admin' } })
  const bob = await w.agent('bob', { channels: { town: 'member' } })
  const first = await ann.posts(town, 'hello @bob')
  await bob.posts(town, 'a reply', { reply_to: first.id })
  await bob.put(`/v1/messages/${first.id}/reactions/ok`)
  await ann.patch(`/v1/messages/${first.id}`, { body: 'edited' })
  await ann.patch('/v1/me', { display_name: 'Ann' })
  await ann.patch('/v1/channels/town', { name: 'The town' })
  await ann.post('/v1/dms', { handle: 'bob' })
  await bob.hears(town)
  await w.archives(bob)
}

test('no statement of a server without a homeserver names a table of Matrix, and none has a row', async () => {
  const seen: string[] = []
  const noted = (text: string) => seen.push(text)
  const prepare = spyOn(Database.prototype, 'prepare')
  const query = spyOn(Database.prototype, 'query')
  const startWorker = () => {
    const worker = startStatementWorker()
    const { postMessage } = worker
    worker.postMessage = (message: unknown) => {
      noted(typeof message === 'string' ? message : JSON.stringify(message))
      postMessage.call(worker, message)
    }
    return worker
  }
  await using w = await world({ startWorker })
  await works(w)
  for (const spy of [prepare, query]) for (const [text] of spy.mock.calls) noted(text)
  prepare.mockRestore()
  query.mockRestore()
  const { kind } = w.database
  // Statements to Postgres do not pass here.
  if (kind === 'sqlite') expect(seen.some((text) => /insert into \\?"messages/.test(text))).toBe(true)
  expect(seen.filter((text) => text.includes('matrix_') && !text.includes('CREATE'))).toEqual([])
  const tables = await w.sql<{ name: string }>(
    kind === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'matrix_%'"
      : "SELECT tablename AS name FROM pg_tables WHERE tablename LIKE 'matrix_%'",
  )
  expect(tables.length).toBeGreaterThan(10)
  for (const { name } of tables) {
    const [row] = await w.sql<{ n: number }>(`SELECT count(*) AS n FROM ${name}`)
    expect([name, Number(row?.n)]).toEqual([name, 0])
  }
  const [head] = await w.sql<{ mx: number }>('SELECT mx FROM log_head')
  expect(Number(head?.mx)).toBe(0)
  expect(await w.sql("SELECT * FROM projections WHERE name LIKE 'matrix%'")).toEqual([])
  expect(await w.sql("SELECT * FROM accounts WHERE handle = 'system'")).toEqual([])
  expect((await w.guest.get('/_matrix/client/versions')).status).toBe(404)
})

test('a server without a homeserver loads none of its modules, and one with it does', async () => {
  const loaded = async (settings: Readonly<Record<string, string>>) => {
    const child = Bun.spawn([process.execPath, '--no-env-file', join(import.meta.dir, 'loaded-modules.ts')], {
      env: { ...process.env, ...settings },
      stdout: 'pipe',
    })
    const text = await new Response(child.stdout).text()
    expect(await child.exited).toBe(0)
    return text
      .split('\n')
      .filter((path) => /\/(?:core|http)\/matrix\/|\/platform\/matrix-|\/app\/matrix/.test(path))
  }
  expect(await loaded({})).toEqual([])
  expect((await loaded({ SYNAPSE_MATRIX_SERVER_NAME: 'example.org' })).length).toBeGreaterThan(20)
})
