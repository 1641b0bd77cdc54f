// The checks of doctor on a homeserver: each is made to fail and to pass, against a real server.
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { projector } from '../../src/cli/doctor/matrix/state'
import type { MatrixSubject } from '../../src/cli/doctor/matrix/subject'
import type { Front } from '../proxies/front'
import { carelessNginx, hasNginx } from '../proxies/nginx'
import { selfSigned } from '../support/certificate'
import { Site } from '../support/site'
import { PASSWORD } from '../support/world'
import { type Examined, examined } from './examined'

setDefaultTimeout(120_000)

type Answers = (request: Request) => Response | Promise<Response> | undefined

let site: Site
let url: string
let front: Bun.Server<undefined>
/** What the machine before the server answers itself. */
let fault: Answers = () => undefined
let environment: Record<string, string>

beforeAll(async () => {
  site = new Site()
  const folder = join(site.directory, 'tls')
  mkdirSync(folder)
  const { cert, key } = selfSigned(folder)
  front = Bun.serve({
    port: 0,
    hostname: 'localhost',
    tls: { cert: Bun.file(cert), key: Bun.file(key) },
    fetch: async (request) => {
      const answer = await fault(request)
      if (answer) return answer
      const { pathname, search } = new URL(request.url)
      const { method, headers, body } = request
      return fetch(`${url}${pathname}${search}`, { method, headers, body, redirect: 'manual' })
    },
  })
  const name = `localhost:${front.port}`
  const names = { SYNAPSE_MATRIX_SERVER_NAME: name, SYNAPSE_BASE_URL: `https://${name}` }
  environment = { ...names, NODE_EXTRA_CA_CERTS: cert }
  url = (await site.serveWith(names)).url
})
afterAll(async () => {
  await front.stop(true)
  await site[Symbol.asyncDispose]()
})

/** The report of doctor while something stands before the server. */
async function doctor(answers: Answers = () => undefined, further = {}): Promise<Examined> {
  fault = answers
  return examined(site, { ...environment, ...further })
}

const at = (path: string, answer: () => Response): Answers => {
  return ({ url: asked }) => (new URL(asked).pathname === path ? answer() : undefined)
}
const store = () => new Database(site.paths.database)
const call = async (path: string, body: object, token = '') => {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await answer.json()) as Record<string, string>
}

const NEEDS_PATH = ['/.well-known/matrix/client', '/.well-known/matrix/server']

describe('the addresses', () => {
  test('pass where all paths lead to the server', async () => {
    const found = await doctor(encodedToo())
    for (const name of ['well_known', 'bare_domain', 'auth', 'login'])
      expect(found.of(`matrix.${name}`)).toMatchObject({ status: 'pass' })
  })

  test('well_known fails for every way in which the documents are wrong', async () => {
    const [client = ''] = NEEDS_PATH
    const cors = { 'access-control-allow-origin': '*' }
    const right = { 'm.homeserver': { base_url: `https://localhost:${front.port}` } }
    for (const [answer, detail] of [
      [() => new Response('', { status: 404 }), 'is answered with status 404'],
      [() => new Response('<html>', { headers: cors }), 'is no JSON'],
      [
        () => Response.json({ 'm.homeserver': { base_url: 'https://other.example' } }, { headers: cors }),
        'is at https://other.example, not at',
      ],
      [() => Response.json(right), 'has no header Access-Control-Allow-Origin'],
    ] as const) {
      const found = await doctor(encodedToo(at(client, answer)))
      expect(found.of('matrix.well_known')).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining(detail),
        fix: expect.stringContaining('config-snippet'),
      })
    }
    const [, server = ''] = NEEDS_PATH
    const delegated = await doctor(
      encodedToo(at(server, () => Response.json({ 'm.server': 'elsewhere:443' }))),
    )
    expect(delegated.of('matrix.well_known')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('is at elsewhere:443'),
    })
  })

  test('bare_domain warns where the server name leads elsewhere', async () => {
    const found = await doctor(
      encodedToo(at('/_matrix/client/versions', () => new Response('', { status: 404 }))),
    )
    expect(found.of('matrix.bare_domain')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('is not this server (status 404)'),
    })
  })

  test('auth fails where something before the server answers for it, asks itself, or finds nothing', async () => {
    const whoami = '/_matrix/client/v3/account/whoami'
    for (const [status, detail] of [
      [200, 'lets an unknown token in'],
      [401, 'asks for credentials of its own'],
      [503, 'the proxy does not reach this server'],
      [404, 'is answered with status 404'],
    ] as const) {
      const found = await doctor(encodedToo(at(whoami, () => new Response('{}', { status }))))
      expect(found.of('matrix.auth')).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining(detail),
      })
    }
  })

  test('login and keys fail where another program answers', async () => {
    const other = () => Response.json({ flows: [{ type: 'm.login.sso' }], verify_keys: {} })
    const login = await doctor(encodedToo(at('/_matrix/client/v3/login', other)))
    expect(login.of('matrix.login')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('is answered by another program'),
    })
    const keys = await doctor(encodedToo(at('/_matrix/key/v2/server', other)))
    expect(keys.of('matrix.keys')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('does not show the key'),
    })
  })
})

/** With a fault of the path too, so that the check of the path does not wait for 35 s. */
function encodedToo(answers: Answers = () => undefined): Answers {
  return (request) =>
    request.url.includes('/directory/room/') ? new Response('no', { status: 400 }) : answers(request)
}

describe('the path behind nginx', () => {
  const lines = [
    'proxy_http_version 1.1;',
    'proxy_set_header Host $http_host;',
    'proxy_set_header X-Forwarded-For $remote_addr;',
    'proxy_request_buffering off;',
  ]
  const behind = async (start: (upstream: string) => Promise<Front>) => {
    await using proxy = await start(new URL(url).host)
    return (await doctor(undefined, { SYNAPSE_BASE_URL: proxy.origin })).of('matrix.path')
  }

  test.skipIf(!hasNginx)('fails where paths are decoded', async () => {
    const found = await behind((to) =>
      carelessNginx(to, [...lines, 'client_max_body_size 64m;'], { path: '/' }),
    )
    expect(found).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('does not arrive as it was sent'),
      fix: expect.stringContaining('nginx: proxy_pass without a path'),
    })
  })

  test.skipIf(!hasNginx)('fails where large bodies are refused', async () => {
    expect(await behind((to) => carelessNginx(to, lines))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('is refused on the way with status 413'),
      fix: expect.stringContaining('client_max_body_size'),
    })
  })

  test.skipIf(!hasNginx)('fails where long waits are cut', async () => {
    const short = [...lines, 'client_max_body_size 64m;', 'proxy_read_timeout 5s;']
    expect(await behind((to) => carelessNginx(to, short))).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/waits for 35 s is cut after [5-7] s \(status 504\)/),
      fix: expect.stringContaining('proxy_read_timeout'),
    })
  })

  test.skipIf(!hasNginx)('passes where nothing is changed', async () => {
    const found = await behind((to) => carelessNginx(to, [...lines, 'client_max_body_size 64m;']))
    expect(found).toMatchObject({ status: 'pass' })
  })
})

describe('the state', () => {
  /** Without a public address, so that no check of the path waits. */
  const state = async () =>
    examined(site, {
      SYNAPSE_MATRIX_SERVER_NAME: environment.SYNAPSE_MATRIX_SERVER_NAME ?? '',
      SYNAPSE_BASE_URL: '',
    })

  test('registration warns without a person who administers, and while it is open', async () => {
    expect((await state()).of('matrix.registration')).toMatchObject({
      status: 'warn',
      detail: 'no person administers this server',
    })
    await site.json('matrix', 'register', '--user', 'root', '--password', PASSWORD, '--admin')
    {
      // More accounts than one page of a list, all before `root`.
      using db = store()
      db.run('PRAGMA busy_timeout = 5000')
      db.run(
        `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000)
        INSERT INTO accounts (uuid, kind, handle, display_name, created_at)
        SELECT randomblob(16), 'agent', 'agent-' || n, 'Agent', 1 FROM numbers`,
      )
    }
    expect((await state()).of('matrix.registration')).toMatchObject({ status: 'pass' })
    await site.run('config', 'set', 'matrix.registration', 'open')
    expect((await state()).of('matrix.registration')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('matrix.registration is open'),
    })
    const far = { SYNAPSE_BASE_URL: 'https://chat.example.org' }
    const open = await examined(site, { ...environment, ...far })
    expect(open.of('matrix.registration')).toMatchObject({ status: 'fail' })
    await site.run('config', 'unset', 'matrix.registration')
  })

  test('keys warns until the store and its keys are in a backup that has the key', async () => {
    const never = expect.stringContaining('was never backed up')
    expect((await state()).of('matrix.keys')).toMatchObject({ status: 'warn', detail: never })
    const passphrase = { SYNAPSE_BACKUP_PASSPHRASE: 'a passphrase' }
    await site.runWith(passphrase, 'backup', 'create', '--with-keys')
    expect((await state()).of('matrix.keys')).toMatchObject({ status: 'pass' })
    await site.json('matrix', 'key', 'rotate')
    expect((await state()).of('matrix.keys')).toMatchObject({ status: 'warn', detail: never })
    await site.run('backup', 'create')
    expect((await state()).of('matrix.keys')).toMatchObject({ status: 'pass' })
  })

  test('database fails where an event was changed behind the back of the server', async () => {
    const login = {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: 'root' },
      password: PASSWORD,
    }
    const { access_token: token } = await call('/_matrix/client/v3/login', login)
    await call('/_matrix/client/v3/createRoom', { name: 'Hall' }, token)
    expect((await state()).of('matrix.database')).toMatchObject({ status: 'pass' })
    const swap = (from: string, to: string) => {
      using db = store()
      db.run('PRAGMA busy_timeout = 5000')
      db.run(
        `UPDATE matrix_events SET json = replace(json, '"${from}"', '"${to}"') WHERE type = 'm.room.name'`,
      )
    }
    swap('Hall', 'Fall')
    expect((await state()).of('matrix.database')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('1 of the newest'),
    })
    swap('Fall', 'Hall')
  })

  test('media fails for a file that is missing, and warns near the quota', async () => {
    const login = {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: 'root' },
      password: PASSWORD,
    }
    const { access_token: token } = await call('/_matrix/client/v3/login', login)
    await call('/_matrix/media/v3/upload', { some: 'bytes' }, token)
    expect((await state()).of('matrix.media')).toMatchObject({ status: 'pass' })
    const path = readdirSync(site.paths.blobs, { recursive: true, encoding: 'utf8' }).find((one) =>
      /-[0-9a-f]{32}$/.test(one),
    )
    const file = join(site.paths.blobs, path ?? '')
    renameSync(file, `${file}.away`)
    expect((await state()).of('matrix.media')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('1 of the newest 1 files'),
    })
    renameSync(`${file}.away`, file)
    await site.run('config', 'set', 'matrix.media.quota', '17')
    expect((await state()).of('matrix.media')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('nearly at matrix.media.quota: root'),
    })
    await site.run('config', 'unset', 'matrix.media.quota')
  })

  test('push warns for a gateway that was not reached for an hour', async () => {
    using db = store()
    db.run('PRAGMA busy_timeout = 5000')
    const hours = (n: number) => (Date.now() - n * 3_600_000) * 1000
    const insert = (key: string, failingSince: number | null) =>
      db.run(
        `INSERT INTO matrix_pushers (account_id, app_id, pushkey, device, json, set_at, pos, failing_since)
        SELECT account_id, 'app', ?, id, '{"data":{"url":"https://push.example.org/"}}', 1, 1, ? FROM matrix_devices LIMIT 1`,
        [key, failingSince],
      )
    insert('well', null)
    insert('short', hours(0.5))
    expect((await state()).of('matrix.push')).toMatchObject({
      status: 'pass',
      detail: '2 pushers, none failing for an hour',
    })
    insert('long', hours(2))
    expect((await state()).of('matrix.push')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('1 of 3 pushers failing'),
    })
    db.run('DELETE FROM matrix_pushers')
  })

  test('the projector passes near the log, warns while it catches up, and fails where it does not', async () => {
    const lags = (...values: number[]) =>
      projector.look({ ask: async () => ({ lag: values.shift() ?? 0 }) } as unknown as MatrixSubject)
    expect(await lags(4096)).toMatchObject([{ status: 'pass' }])
    expect(await lags(9000, 10)).toMatchObject([{ status: 'pass' }])
    expect(await lags(9000, 8000)).toMatchObject([
      { status: 'warn', detail: expect.stringContaining('1000 fewer than 3 s before') },
    ])
    expect(await lags(9000, 9000)).toMatchObject([
      { status: 'fail', detail: expect.stringContaining('do not catch up') },
    ])
    expect((await state()).of('matrix.projector')).toMatchObject({ status: 'pass' })
  })
})

test('a home without a homeserver has one line that says so', async () => {
  await using other = new Site()
  const { lines } = await examined(other)
  expect(lines.filter(({ name }) => name.startsWith('matrix'))).toEqual([
    { name: 'matrix', status: 'skip', detail: 'no homeserver (SYNAPSE_MATRIX_SERVER_NAME)', fix: null },
  ])
})
