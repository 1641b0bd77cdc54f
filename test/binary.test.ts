import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './home/temporary'
import type { Finished } from './support/finished'
import type { ServerProcess } from './support/server-process'
import { Site } from './support/site'
import { LiveSocket } from './support/sockets'

setDefaultTimeout(120_000)

/*
 * The executable as people get it: copied alone to a machine without Bun, Node and checkout, into a directory with
 * harmful files. One server serves all of these tests.
 */

const root = join(import.meta.dir, '..')
const workshop = temporaryDirectory()
let site: Site
let server: ServerProcess
let quickstart: Finished & { readonly facts: Facts }

interface Facts {
  readonly admin: { readonly handle: string; readonly password: string }
  readonly agent: { readonly handle: string; readonly token: string }
  readonly channel: { readonly slug: string }
  readonly url: string
  readonly running: boolean
  readonly _next: string
}

beforeAll(async () => {
  const executable = join(workshop.path, 'synapse')
  copyFileSync(await built(), executable)
  site = new Site({ program: [executable], path: tools(), isBare: true })
  layTraps(site.userHome)
  server = await site.daemon()
  const done = await site.run('quickstart', '--yes', '--json')
  quickstart = { ...done, facts: JSON.parse(done.stdout) }
})

afterAll(async () => {
  await site[Symbol.asyncDispose]()
  workshop[Symbol.dispose]()
})

/** The executable of this source: the one in dist if it is newer than all its sources, otherwise a new one. */
async function built(): Promise<string> {
  const present = join(root, 'dist/synapse')
  const sources = ['src', 'drizzle', 'scripts', 'packages'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(root, folder, name),
    ),
  )
  const newest = Math.max(
    ...[...sources, join(root, 'package.json'), join(root, 'bun.lock')].map((path) => statSync(path).mtimeMs),
  )
  if (existsSync(present) && statSync(present).mtimeMs > newest) return present
  const outfile = join(workshop.path, 'build/synapse')
  const build = Bun.spawnSync([process.execPath, 'scripts/build.ts', '--outfile', outfile], { cwd: root })
  if (!build.success) throw new Error(`the build failed: ${build.stderr}`)
  return outfile
}

/** A PATH with the few tools that the printed shell lines need, without Bun and Node. */
function tools(): string {
  const folder = join(workshop.path, 'tools')
  mkdirSync(folder)
  for (const name of ['sh', 'cat', 'chmod', 'mkdir', 'curl']) {
    const path = Bun.which(name)
    if (path) symlinkSync(path, join(folder, name))
  }
  return folder
}

/** Files that Bun would use if this were Bun; each one that runs leaves a file. */
function layTraps(folder: string): void {
  writeFileSync(
    join(folder, '.env'),
    'SYNAPSE_PORT=1\nSYNAPSE_HOME=/nonexistent\nSYNAPSE_ADMIN_TOKEN=short\n',
  )
  writeFileSync(join(folder, '.env.production'), 'SYNAPSE_HOST=0.0.0.0\n')
  writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./preload.ts"]\n[serve]\nport = 1\n')
  const trap = (name: string) =>
    `require('node:fs').writeFileSync(${JSON.stringify(join(folder, `${name}-ran`))}, '')`
  writeFileSync(join(folder, 'preload.ts'), trap('preload'))
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs","imports":{"elysia":"./preload.ts"}}')
  writeFileSync(join(folder, 'tsconfig.json'), '{"compilerOptions":{"paths":{"elysia":["./module.ts"]}}}')
  for (const name of ['elysia', 'citty', 'drizzle-orm']) {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true })
    writeFileSync(join(folder, 'node_modules', name, 'index.js'), trap('module'))
  }
}

const as = () => server.as(quickstart.facts.agent.token)

/** The text shows no path of the build machine, no path inside the executable, and no stack trace. */
function expectNoInsides(text: string): void {
  expect(text).not.toContain(root)
  expect(text).not.toMatch(/\$bunfs|node_modules|\bat (async )?\S+ \(|\.ts:\d+/)
}

test('the executable prints its version and its build', async () => {
  const { code, stdout, stderr } = await site.run('--version')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^synapse \d+\.\d+\.\d+ .*contract 1\.0\.0\n$/)
})

test('the executable runs as a daemon and reports that it is healthy', async () => {
  expect(await fetch(`${server.url}/healthz`).then((answer) => answer.json())).toEqual({
    status: 'ok',
    service: 'synapse',
    version: '1.0.0',
  })
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  const { code, stdout } = await site.run('serve', '--status', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    running: true,
    pid: server.pid,
    urls: [server.url],
    home: site.home,
  })
})

test('the executable ignores the files of its working directory', () => {
  expect(readdirSync(site.userHome).filter((name) => name.endsWith('-ran'))).toEqual([])
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:/)
  expect(new URL(server.url).port).not.toBe('1')
})

test('quickstart creates an admin, a channel and an agent', () => {
  expect({ code: quickstart.code, stderr: quickstart.stderr }).toEqual({ code: 0, stderr: '' })
  expect(quickstart.facts).toMatchObject({
    admin: { handle: 'admin', created: true },
    channel: { slug: 'general', created: true },
    agent: { handle: 'assistant', joined: true },
    running: true,
    url: server.url,
  })
})

test.skipIf(Bun.which('curl') === null)(
  "the printed lines post the agent's first message, which reaches sockets and pages",
  async () => {
    const { facts } = quickstart
    const { admin, channel, agent } = facts
    const response = await fetch(`${server.url}/v1/auth/login`, {
      method: 'POST',
      body: JSON.stringify({ handle: admin.handle, password: admin.password }),
    })
    expect(response.status).toBe(200)
    const session = { cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '' }
    const { body: before } = await as().get<{ head_cursor: string }>('/v1/server')
    using socket = await LiveSocket.open(server.url, session, { path: `/v1/ws?channel=${channel.slug}` })
    using multiplexed = await LiveSocket.open(server.url, as().credential)
    await socket.next('hello')
    await multiplexed.subscribe(['*'])

    const said = await site.spawn(['sh', '-c', facts._next])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    const posted = JSON.parse(said.stdout)
    expect(posted).toMatchObject({ channel: channel.slug, sender_handle: agent.handle })
    expect(statSync(join(site.userHome, `.synapse/${agent.handle}.token`)).mode & 0o777).toBe(0o600)

    expect((await socket.next('message.created')).message).toMatchObject({ id: posted.id, body: posted.body })
    expect((await multiplexed.next('message.created')).message).toMatchObject({ id: posted.id })
    const page = await as().get<{ messages: { id: string }[] }>(
      `/v1/messages?channel=${channel.slug}&since=${before.head_cursor}`,
    )
    expect(page.body.messages.map(({ id }) => id)).toEqual([posted.id])
  },
)

test('the documentation pages load nothing from other servers', async () => {
  const openApi = await fetch(`${server.url}/openapi.json`)
  expect(openApi.status).toBe(200)
  expect(Object.keys(((await openApi.json()) as { paths: object }).paths)).toContain('/v1/messages')
  const docs = await fetch(`${server.url}/docs`)
  const html = await docs.text()
  expect(docs.status).toBe(200)
  expect(docs.headers.get('content-type')).toStartWith('text/html')
  // What a browser would load: scripts, styles, pictures, fonts. Links that a person follows are allowed.
  expect(html).not.toMatch(/<(script|img|iframe|source|video)[^>]+src=["']?(https?:)?\/\//i)
  expect(html).not.toMatch(/<link[^>]+href=["']?(https?:)?\/\//i)
  expect(html).not.toMatch(/@import|url\(["']?(https?:)?\/\//i)
})

const shapes: readonly (readonly [
  title: string,
  path: string,
  init: RequestInit,
  status: number,
  code: string,
])[] = [
  ['a request without a credential', '/v1/auth/me', {}, 401, 'not_authenticated'],
  ['a bad token', '/v1/auth/me', { headers: { authorization: 'Bearer no' } }, 401, 'invalid_token'],
  [
    'an invalid body without a credential',
    '/v1/messages',
    { method: 'POST', body: '{' },
    401,
    'not_authenticated',
  ],
  ['an unknown path', '/v1/nowhere', {}, 404, 'not_found'],
  ['another method', '/healthz', { method: 'DELETE' }, 405, 'method_not_allowed'],
]
test.each([...shapes])(
  'the executable refuses %s like the program from source',
  async (_, path, init, status, code) => {
    const answer = await fetch(`${server.url}${path}`, init)
    const text = await answer.text()
    expect({ status: answer.status, body: JSON.parse(text) }).toMatchObject({ status, body: { code } })
    expectNoInsides(text)
  },
)

test('the web console is in the executable, with every file that it may ask for', async () => {
  const text = async (path: string) => (await fetch(`${server.url}${path}`)).text()
  const document = await text('/')
  const seen = new Set(document.match(/\/console\/[\w-]+\.js/g))
  expect(seen.size).toBe(1)
  // Each file names those that it fetches later.
  for (const path of seen) {
    const code = await text(path)
    expect([path, code.startsWith('{')]).toEqual([path, false])
    for (const [further] of code.matchAll(/\/console\/[\w-]+\.js/g))
      if (!further.endsWith('worker.js')) seen.add(further)
  }
  expect(seen.size).toBeGreaterThan(5)
})

test('a validation error names each field and does not repeat the body', async () => {
  const answer = await as().post('/v1/messages', {
    channel: '',
    body: 7,
    priority: 'loud',
    client_msg_id: 'x'.repeat(200),
  })
  expect(answer.status).toBe(422)
  const problems = answer.body.detail as { type: string; loc: string[]; msg: string; input: unknown }[]
  expect(problems.map(({ loc }) => loc.join('.')).sort()).toEqual([
    'body.body',
    'body.channel',
    'body.client_msg_id',
    'body.priority',
  ])
  expect(problems.find(({ loc }) => loc[1] === 'body')).toMatchObject({ type: 'string_type', input: null })
  expect(problems.find(({ loc }) => loc[1] === 'channel')).toMatchObject({
    type: 'string_too_short',
    msg: 'String should have at least 1 character',
  })
  expectNoInsides(answer.text)
  expect(await as().get('/v1/messages?limit=x')).toMatchObject({
    status: 422,
    body: { code: 'validation_error' },
  })
  const broken = await as().fetch('/v1/messages', { method: 'POST', body: '{' })
  expect(broken).toMatchObject({ status: 422, body: { detail: [{ type: 'json_invalid' }] } })
})

test('event streams and long polls deliver a new message', async () => {
  const { body: before } = await as().get<{ head_cursor: string }>('/v1/server')
  const stream = await as().open('/v1/events?type=message.created', {
    headers: { accept: 'text/event-stream' },
  })
  const reader = stream.body?.getReader()
  const waiting = as().get<{ events: object[] }>(
    `/v1/events?since=${before.head_cursor}&type=message.created&wait=20`,
  )
  await as().post('/v1/messages', { channel: 'general', body: 'streamed' })
  let text = ''
  while (!text.includes('streamed')) text += new TextDecoder().decode((await reader?.read())?.value)
  expect(text).toStartWith('retry: 2000\nevent: hello\n')
  expect((await waiting).body.events).toHaveLength(1)
  await reader?.cancel()
})

const mistakes: readonly (readonly [words: string, code: number])[] = [
  ['shout', 2],
  ['serve --port x', 78],
  ['serve --daemon --stop', 2],
  ['serve --nonsense', 2],
  ['serve --daemon --port 0', 5],
  ['add-account', 2],
  ['list-tokens --account nobody', 4],
]
test.each([...mistakes])('a wrong command line is explained on stderr: synapse %s', async (words, code) => {
  const done = await site.run(...words.split(' '))
  expect(done.code).toBe(code)
  expect(done.stderr).not.toBe('')
  expectNoInsides(done.stdout + done.stderr)
})

test('a file that is not a database is refused with an explanation', async () => {
  const bad = join(site.directory, 'not-a-database.db')
  writeFileSync(bad, 'this is no database, however long it may be. '.repeat(100))
  const done = await site.run(
    'serve',
    '--port',
    '0',
    '--home',
    join(site.directory, 'other'),
    '--database-url',
    `sqlite:${bad}`,
  )
  expect(done.code).not.toBe(0)
  expect(done.stderr).toContain('is not a SQLite database')
  expectNoInsides(done.stdout + done.stderr)
})

test('a running server is backed up, and the copy can be verified', async () => {
  const made = await site.run('backup', 'create', '--json')
  expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' })
  const { file } = JSON.parse(made.stdout)
  expect(await site.run('backup', 'verify', file)).toMatchObject({ code: 0 })
  expect((await site.run('doctor')).stdout).toContain('the keys were never backed up')
})

test('serve --stop stops the server and leaves no run files', async () => {
  const place = new Site({
    program: [join(workshop.path, 'synapse')],
    path: site.environment.PATH ?? '',
    isBare: true,
  })
  await using _ended = place
  const daemon = await place.daemon()
  const { code, stdout } = await place.run('serve', '--stop', '--json')
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({
    code: 0,
    stopped: true,
    killed: false,
    pid: daemon.pid,
  })
  for (const path of [place.paths.pid, place.paths.runFile, place.paths.socket])
    expect(existsSync(path)).toBe(false)
  expect((await place.run('serve', '--status')).code).toBe(3)
  expect((await place.run('serve', '--stop')).code).toBe(0)
  expectNoInsides(daemon.written)
})

test('the log of the whole run holds no error, no stack trace and no secret', async () => {
  const log = server.written
  expect(log).not.toContain('"level":"error"')
  expectNoInsides(log)
  for (const secret of [quickstart.facts.agent.token, quickstart.facts.admin.password])
    expect(log).not.toContain(secret)
})

test.each(['/api', '/configsync/api'])(
  'below %s, words of the path win over ids, and an unknown path or method has a JSON error',
  async (mount) => {
    const { handle } = quickstart.facts.agent
    for (const words of [
      ['enable', handle],
      ['token', 'issue', handle, '--label', 'laptop'],
    ])
      await site.json('configsync', ...words)
    const { token } = await site.json<{ token: string }>(
      'configsync',
      'token',
      'issue',
      handle,
      '--label',
      'x',
    )
    const ask = async (method: string, path: string) => {
      const answer = await fetch(`${server.url}${mount}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        redirect: 'manual',
      })
      const type = answer.headers.get('content-type') ?? ''
      const body: unknown = type.startsWith('application/json') ? await answer.json() : await answer.text()
      return { status: answer.status, allow: answer.headers.get('allow'), body }
    }
    const unknown = { status: 404, allow: null, body: { error: 'Not Found' } }
    for (const path of ['', '/', '/nowhere', '/machines/', '/machines/aaaa/nowhere', '/projects/1/env/A/b'])
      expect([path, await ask('GET', path)]).toEqual([path, unknown])
    const wrong = (allow: string) => ({ status: 405, allow, body: { error: expect.any(String) } })
    for (const [method, path, allow] of [
      ['PUT', '/machines', 'GET, POST'],
      ['DELETE', '/auth/verify', 'GET'],
      ['POST', '/environments', 'GET'],
      ['PATCH', '/projects/1/versions/1', 'GET'],
      ['POST', '/machines/latest/nowhere/actions', ''],
    ] as const)
      expect([method, path, await ask(method, path)]).toEqual([
        ...[method, path],
        allow === '' ? unknown : wrong(allow),
      ])
    // `latest`, `history`, `snapshot` and `register` are no machines.
    expect(await ask('GET', '/machines/latest')).toMatchObject({ status: 404 })
    expect(await ask('GET', '/machines/history')).toMatchObject({ status: 200, body: { snapshots: [] } })
    expect(await ask('GET', '/machines/snapshot/1')).toMatchObject({ status: 404 })
    expect(await ask('DELETE', '/machines/latest')).toMatchObject({ status: expect.any(Number) })
    expect(await ask('GET', '/machines')).toMatchObject({ status: 200, body: { machines: [] } })
  },
)
