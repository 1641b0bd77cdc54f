/** A store that moves to the other database, and back: clients bind their ciphertext to ids, so these stay. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { databaseOn, type TestDatabase } from '../support/database'
import { parsed } from '../support/finished'
import { postgresMissing } from '../support/postgres'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { type Machine, Machines } from './machine'

setDefaultTimeout(120_000)

let site: Site
let machines: Machines
let database: TestDatabase | undefined
beforeAll(async () => {
  site = new Site()
  machines = await Machines.open()
  if (!postgresMissing) database = await databaseOn('postgres', '')
})
afterAll(async () => {
  await database?.release()
  await site[Symbol.asyncDispose]()
  await machines[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
})

const FORGET = 'DELETE FROM cs_entities WHERE id = ?'

interface Row {
  readonly id: number
}

async function idsIn(server: ServerProcess, token: string): Promise<unknown> {
  const client = server.as(token)
  const verified = await client.get('/api/auth/verify')
  const projects = await client.get<{ projects: Row[] }>('/api/projects')
  const [project] = projects.body.projects
  const variables = await client.get(`/api/projects/${project?.id}/env`)
  return [verified.body, projects.body, variables.body, (await client.get('/api/environments')).body]
}

/** Logs a machine in. Returns its token. */
async function loggedIn(server: ServerProcess, machine: Machine): Promise<string> {
  await server.operator.post('/v1/admin/accounts', { kind: 'agent', handle: 'ada', display_name: 'Ada' })
  await server.operator.post('/v1/admin/configsync/users/ada/enable')
  const path = '/v1/admin/configsync/users/ada/tokens'
  const { token } = (await server.operator.post<{ token: string }>(path, { label: 'a machine' })).body
  await machine.does('login', '--api-url', server.url, '--token', token)
  return token
}

async function newId(server: ServerProcess, token: string, slug: string): Promise<number> {
  const { body } = await server.as(token).post<{ config: Row }>('/api/configs', { slug, name: slug })
  return body.config.id
}

test.skipIf(postgresMissing)('keeps every id, and gives none out again', async () => {
  const machine = machines.machine('a')
  machine.write('app/data.txt', 'first')
  machine.write('app/.env', 'NAME=value\n')
  const sqlite = `sqlite:${site.paths.database}`
  const postgres = database?.url ?? ''

  const before = await site.serve()
  const token = await loggedIn(before, machine)
  await machine.does('env', 'create', 'dev')
  await machine.does('project', 'add', machine.path('app'))
  await machine.does('sync')
  const ids = await idsIn(before, token)
  const last = await newId(before, token, 'last')
  await before.stop()
  // As if it had been deleted long ago: its id is not given out again.
  using store = new Database(site.paths.database, { readwrite: true })
  store.run(FORGET, [last])
  store.close()

  parsed(await site.run('migrate-db', '--from', sqlite, '--to', postgres, '--json'))
  const moved = await site.serveWith({ SYNAPSE_DATABASE_URL: postgres })
  expect(await idsIn(moved, token)).toEqual(ids)
  expect(await newId(moved, token, 'moved')).toBeGreaterThan(last)
  machine.write('app/data.txt', 'lost')
  await machine.does('login', '--api-url', moved.url, '--token', token)
  await machine.does('pull', '--project', 'app')
  expect(machine.read('app/data.txt').toString()).toBe('first')
  const later = await newId(moved, token, 'later')
  await moved.stop()
  await database?.sql(FORGET, later)
  await database?.release()

  const back = `sqlite:${site.directory}/back.db`
  parsed(await site.run('migrate-db', '--from', postgres, '--to', back, '--json'))
  const again = await site.serveWith({ SYNAPSE_DATABASE_URL: back })
  expect(await idsIn(again, token)).toEqual(ids)
  expect(await newId(again, token, 'again')).toBeGreaterThan(later)
  await machine.does('login', '--api-url', again.url, '--token', token)
  expect(await machine.does('sync')).toBe('[noop] project/app\n')
})
