import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import postgres from 'postgres'
import { isAlive } from '../../src/home'
import { rejectionOf } from '../home/temporary'
import { type PostgresServer, postgresMissing, sharedPostgres, startPostgres } from './postgres'
import { until } from './sockets'

setDefaultTimeout(120_000)

/** A test process that is going to be killed: prints the postmaster and its folder, and then does nothing. */
const FORGETFUL = `
const { startPostgres } = await import(${JSON.stringify(`${import.meta.dir}/postgres.ts`)})
const server = await startPostgres({ fsync: false })
const [row] = await server.query('SHOW data_directory')
console.log(JSON.stringify({ pid: server.pid, folder: row.data_directory }))
await new Promise(() => setInterval(() => {}, 1000))
`

describe.skipIf(postgresMissing)('the Postgres of the tests', () => {
  test('a test Postgres keeps committed data and its port when it is stopped and when it is killed', async () => {
    await using server = await startPostgres()
    const url = await server.createDatabase()
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    await sql`CREATE TABLE notes (text text)`
    const endings = ['fast', 'immediate', 'killed'] as const
    for (const ending of endings) {
      await sql`INSERT INTO notes VALUES (${ending})`
      if (ending === 'killed') await server.kill()
      else await server.stop(ending)
      expect(server.pid).toBeUndefined()
      expect(await rejectionOf(Promise.resolve(sql`SELECT 1`))).toBeInstanceOf(Error)
      await server.start()
    }
    const rows = await sql<{ text: string }[]>`SELECT text FROM notes`
    expect(rows.map(({ text }) => text)).toEqual([...endings])
    expect(server.log()).toContain('database system was not properly shut down')
    await sql.end()
  })

  test('a test Postgres listens on loopback only, syncs commits and checks passwords', async () => {
    const server = await sharedPostgres()
    const url = await server.createDatabase()
    expect(new URL(url).hostname).toBe('127.0.0.1')
    const [settings] = await server.query(
      "SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS listens, current_setting('max_connections') AS most",
    )
    expect(settings).toEqual({ fsync: 'on', listens: '127.0.0.1', most: '200' })
    await server.query("CREATE ROLE reader LOGIN PASSWORD 'right'")
    const tried = async (password: string) => {
      const sql = postgres(server.url('postgres', { user: 'reader', password }), { max: 1 })
      try {
        return [...(await sql`SELECT current_user AS me`)]
      } finally {
        await sql.end()
      }
    }
    expect(await tried('right')).toEqual([{ me: 'reader' }])
    expect(await rejectionOf(tried('wrong'))).toMatchObject({ code: '28P01' })
  })

  test('all tests of a process share one Postgres, each with its own database', async () => {
    const [server, again] = await Promise.all([sharedPostgres(), sharedPostgres()])
    expect(again).toBe(server)
    const [one, other] = await Promise.all([server.createDatabase(), server.createDatabase()])
    await server.query('CREATE TABLE mine (n int)', nameOf(one))
    const seen = await server.query("SELECT 1 FROM pg_tables WHERE tablename = 'mine'", nameOf(other))
    expect(seen).toEqual([])
    const copy = await server.createDatabase({ template: nameOf(one) })
    expect(await server.query("SELECT 1 AS n FROM pg_tables WHERE tablename = 'mine'", nameOf(copy))).toEqual(
      [{ n: 1 }],
    )
  })

  test('a disposed test Postgres leaves no process and no folder', async () => {
    const server = await startPostgres({ fsync: false })
    const left = await traces(server)
    await server[Symbol.asyncDispose]()
    expectGone(left)
    // Also if it was stopped before.
    const stopped = await startPostgres({ fsync: false })
    const leftStopped = await traces(stopped)
    await stopped.stop()
    await stopped[Symbol.asyncDispose]()
    expectGone(leftStopped)
  })

  for (const victims of ['the run', 'the run and its shell'])
    test(`a test Postgres ends when ${victims} is killed`, async () => {
      const child = Bun.spawn([process.execPath, '--no-env-file', '-e', FORGETFUL], {
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'inherit',
      })
      const { value } = await child.stdout.getReader().read()
      const left = JSON.parse(new TextDecoder().decode(value)) as { pid: number; folder: string }
      expect(isAlive(left.pid)).toBe(true)
      // A test runner kills the processes of a test that takes too long.
      if (victims !== 'the run') process.kill(parentOf(left.pid), 'SIGKILL')
      child.kill('SIGKILL')
      await child.exited
      await until('its folder to go', () => !existsSync(dirname(left.folder)))
      await until('the end of the server', () => !isAlive(left.pid))
    })
})

function parentOf(pid: number): number {
  const { stdout } = Bun.spawnSync(['ps', '-o', 'ppid=', '-p', String(pid)])
  return Number(stdout.toString())
}

async function traces(server: PostgresServer): Promise<{ pid: number; folder: string }> {
  const [row] = await server.query<{ data_directory: string }>('SHOW data_directory')
  return { pid: server.pid ?? 0, folder: row?.data_directory ?? '' }
}

function expectGone({ pid, folder }: { pid: number; folder: string }): void {
  expect(isAlive(pid)).toBe(false)
  expect(existsSync(dirname(folder))).toBe(false)
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1)
}
