// A backup of a homeserver: it is whole with its files and keys, and a check recomputes the ids of its events.
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { examineMatrixEvents } from '../../src/backup'
import { TABLES } from '../../src/transfer/table-meta'
import { backUp } from '../backup/scene'
import { parsed } from '../support/finished'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { PASSWORD } from '../support/world'

setDefaultTimeout(120_000)

const V3 = '/_matrix/client/v3'
const ON = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }
const PASSPHRASE = { SYNAPSE_BACKUP_PASSPHRASE: 'a passphrase' }

let site: Site
let url: string
let token: string
let room: string
let file: string
beforeAll(async () => {
  site = new Site()
  url = (await site.serveWith(ON)).url
  await site.json('matrix', 'register', '--user', 'ada', '--password', PASSWORD)
  const login = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: 'ada' },
    password: PASSWORD,
  }
  token = (await call<{ access_token: string }>('POST', `${V3}/login`, login)).access_token
  room = (await call<{ room_id: string }>('POST', `${V3}/createRoom`, {})).room_id
  for (const n of [1, 2, 3])
    await call('PUT', `${V3}/rooms/${encodeURIComponent(room)}/send/m.room.message/${n}`, {
      msgtype: 'm.text',
      body: `message ${n}`,
    })
  file = (await call<{ content_uri: string }>('POST', '/_matrix/media/v3/upload', { a: 1 })).content_uri
})
afterAll(() => site[Symbol.asyncDispose]())

async function call<Body>(method: string, path: string, body?: object, at = url): Promise<Body> {
  const headers = { authorization: `Bearer ${token}` }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await fetch(`${at}${path}`, { method, headers, ...sent })
  expect([path, answer.status]).toEqual([path, 200])
  return (await answer.json()) as Body
}

const eventsOf = async (at: string) =>
  (
    await call<{ chunk: { event_id: string }[] }>(
      'GET',
      `${V3}/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=100`,
      undefined,
      at,
    )
  ).chunk.map(({ event_id: id }) => id)

test('a backup with files and keys starts on another machine: same ids, same key, devices still signed in', async () => {
  const before = await eventsOf(url)
  const key = await (await fetch(`${url}/_matrix/key/v2/server`)).json()
  const words = ['backup', 'create', '--json', '--with-blobs', '--with-keys']
  const copy = parsed<{ file: string; keys: string }>(await site.runWith(PASSPHRASE, ...words))
  expect((await site.run('backup', 'verify', copy.file)).code).toBe(0)
  await using other = new Site()
  const restored = await other.runWith(
    PASSPHRASE,
    ...['backup', 'restore', copy.file, '--keys', copy.keys, '--blobs', '--yes'],
  )
  expect(restored.code, restored.stderr).toBe(0)
  const there = (await other.serveWith(ON)).url
  expect(await eventsOf(there)).toEqual(before)
  const moved = (await (await fetch(`${there}/_matrix/key/v2/server`)).json()) as typeof key
  expect(moved).toMatchObject({ verify_keys: (key as { verify_keys: object }).verify_keys })
  expect(await call('GET', `${V3}/account/whoami`, undefined, there)).toMatchObject({
    user_id: '@ada:example.org',
  })
  const path = `/_matrix/client/v1/media/download/${file.slice('mxc://'.length)}`
  expect(await call('GET', path, undefined, there)).toEqual({ a: 1 })
})

/** A copy of the store in which something was changed behind the back of the server. */
async function changed(sql: string) {
  const copy = await backUp(site)
  const path = `${site.directory}/changed/${Bun.randomUUIDv7()}.db`
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(copy.file, path)
  const db = new Database(path)
  db.run(sql)
  db.close()
  return path
}

test('a check finds events whose content or place was changed', async () => {
  await until('the rows to be projected', async () => {
    const { lag } = await site.json<{ lag: number }>('matrix', 'projector', 'status')
    return lag === 0
  })
  const verified = async (path: string) => {
    const { code, stdout } = await site.run('backup', 'verify', path)
    return { code, stdout }
  }
  const whole = await verified(await changed('SELECT 1'))
  expect(whole.code).toBe(0)
  const text = await verified(
    await changed(
      `UPDATE matrix_events SET json = replace(json, 'message 2', 'message 9') WHERE json LIKE '%message 2%'`,
    ),
  )
  expect(text).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(
      /1 of the newest \d+ events .* do not have the id that follows from their content: \$/,
    ),
  })
  const place = await verified(
    await changed(`UPDATE matrix_events SET pos = pos + 64000000 WHERE json LIKE '%message 3%'`),
  )
  expect(place).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('at a place of the log that is not theirs'),
  })
})

test('a store without rooms is whole, and loads no rules of rooms', async () => {
  await using empty = new Site()
  expect((await empty.run('init')).code).toBe(0)
  using db = new Database(empty.paths.database, { readonly: true })
  expect(await examineMatrixEvents(db)).toEqual({ looked: 0, problems: [] })
})

test('a move to another database carries every table of the homeserver', () => {
  using db = new Database(site.paths.database, { readonly: true })
  const there = db
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'matrix_%'",
    )
    .all()
    .map(({ name }) => name)
  expect(there.length).toBeGreaterThan(15)
  expect(there.filter((name) => !TABLES.some((table) => table.name === name))).toEqual([])
})
