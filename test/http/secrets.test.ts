import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Fields, type World, world } from '../support/world'

/** Sends secrets through every endpoint, and then looks for them wherever the server writes. */
const word = (what: string) => `canary-${what}-${Bun.randomUUIDv7().slice(-12)}`
const password = word('password')
const wrong = word('wrong')
const body = word('body')
const email = `${word('mail')}@example.org`
const inQuery = word('query')
let tokens: string[] = []
let sessions: string[] = []
let w: World
let log = ''

beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_LOG_LEVEL: 'debug', SYNAPSE_LOG_REQUESTS: 'all' } })
  await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const made = await w.operator.post('/v1/admin/accounts', { kind: 'human', handle: 'bob', password, email })
  expect(made.status).toBe(201)
  const login = await w.guest.post('/v1/auth/login', { handle: 'bob', password })
  const [, session = ''] = /synapse_session_\w+=([^;]+)/.exec(login.headers.get('set-cookie') ?? '') ?? []
  await w.guest.post('/v1/auth/login', { handle: 'bob', password: wrong })
  await w.guest.post('/v1/auth/login', { handle: 'bob', password: [wrong] })
  const onboarded = await w.operator.post<Fields & { token: string }>('/v1/admin/onboard', {
    handle: 'helper',
    channels: ['general'],
  })
  const bad = `syn_${word('bad').padEnd(43, 'x')}`
  tokens = [ann.secret, onboarded.body.token, bad]
  sessions = [session]
  await w.bearer(bad).get('/v1/auth/me')
  await w.guest.get(`/v1/auth/me?token=${ann.secret}&q=${inQuery}`)
  await w.guest.get(`/v1/nothing/${inQuery}`)
  await w.caller({ cookie: `synapse_session=${session}` }).get(`/v1/messages?channel=general&from=${inQuery}`)
  const { id } = await ann.posts('general', body, { metadata: { body }, client_msg_id: body })
  await ann.post('/v1/messages', { channel: 'general', body: [body] })
  await ann.post('/v1/messages', { channel: 'general', body, thread_id: body })
  await ann.fetch('/v1/messages', {
    method: 'POST',
    body: `{"channel":"general","body":"${body}`,
    headers: { 'content-type': 'application/json' },
  })
  // A fault: the table is missing, and the error of the driver contains the values of the query.
  await w.sql('ALTER TABLE threads RENAME TO elsewhere')
  for (const attempt of [
    await ann.post('/v1/messages', { channel: 'general', body, client_msg_id: body.slice(1), reply_to: id }),
    await ann.get(`/v1/messages?channel=general&thread=${id}&nonsense=${inQuery}`),
  ])
    expect([attempt.status, attempt.text.includes('canary')]).toEqual([500, false])
  await w.stop()
  ;({ log } = w)
})
afterAll(() => w[Symbol.asyncDispose]())

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
}

describe('the log and secrets', () => {
  const rows: [string, () => string[]][] = [
    ['a token', () => tokens],
    ['a session', () => sessions],
    ['a password, right or wrong', () => [password, wrong]],
    ['a message', () => [body]],
    ['an address', () => [email]],
    ['a query string', () => [inQuery]],
    ['any other secret of this test', () => ['canary']],
  ]
  test.each(rows)('no log line contains %s', (_, secrets) => {
    expect(log.length).toBeGreaterThan(1000)
    for (const secret of secrets()) expect(log.includes(secret)).toBeFalse()
  })
})

/** Everything that the server stores: the files of its home directory and its database. */
async function kept(): Promise<[string, Buffer][]> {
  const found = files(w.home).map((path): [string, Buffer] => [path, readFileSync(path)])
  if (w.database.kind === 'sqlite') return found
  const tables = await w.sql<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  )
  for (const { name } of tables) {
    const rows = await w.sql<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`)
    found.push([name, Buffer.from(rows.map(({ row }) => row).join('\n'))])
  }
  return found
}

test('nothing stored contains a token, a session or a password in clear text', async () => {
  const places = await kept()
  expect(places.length).toBeGreaterThan(3)
  for (const [place, bytes] of places)
    for (const secret of [...tokens, ...sessions, password, wrong])
      expect([place, bytes.includes(secret)]).toEqual([place, false])
})

test('a message is stored in clear text, which proves that this test can find one', async () => {
  const places = await kept()
  expect(places.some(([, bytes]) => bytes.includes(body))).toBeTrue()
})

test('with log.requests=all each request is one line of JSON with time, caller, route, status and duration', () => {
  const lines = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Fields)
  const requests = lines.filter((line) => 'route' in line && 'status' in line)
  expect(requests.length).toBeGreaterThan(10)
  for (const request of requests)
    expect(Object.keys(request)).toEqual([
      'timestamp',
      'level',
      'request_id',
      'account_id',
      'route',
      'status',
      'latency_ms',
    ])
  expect(requests.find(({ route }) => route === 'POST /v1/messages')).toMatchObject({
    level: 'info',
    status: 201,
  })
  const failed = lines.find(({ message }) => message === 'request failed')
  expect(failed).toMatchObject({ level: 'error', error: { name: expect.any(String) } })
  expect(
    requests.some(({ request_id, status }) => request_id === failed?.request_id && status === 500),
  ).toBeTrue()
})
