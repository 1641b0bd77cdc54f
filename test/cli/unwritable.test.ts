// An answer that cannot be written is an error, and a secret that could not be printed is revoked.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Outbox } from '../../src/cli/client/outbox'
import { ENTRIES } from '../../src/cli/program'
import { sealedBytes, stateOf } from '../configsync/blob-scene'
import { keypair } from '../configsync/sync-user'
import { SmallDisk } from '../faults/small-disk'
import { program, Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

const HERE = [process.execPath, '--no-env-file', join(import.meta.dir, 'one-after-another.ts')]
const SCOPES = 'channel:*:read'

let site: Site
const tokens: string[] = []
const syncTokens: string[] = []
/** A room that was made over Matrix, and two files, for each round. */
const rooms: { readonly room: string; readonly files: readonly string[] }[] = []
const ROUNDS = [0, 1] as const
let url: string
let tokenFile: string

beforeAll(async () => {
  site = new Site()
  url = (await site.serveWith({ SYNAPSE_MATRIX_SERVER_NAME: 'example.org' })).url
  await site.json('quickstart', '--yes', '--json')
  await makeClient()
  for (const handle of ['ada', 'ben'])
    await site.json('add-account', '--kind', 'human', '--handle', handle, '--password', 'correct horse')
  for (const round of ROUNDS) {
    const words = ['issue-token', '--account', 'assistant', '--scopes', SCOPES]
    tokens.push((await site.json<{ id: string }>(...words)).id)
    await site.json('pair', '--device', `tablet-${round}`, '--account', 'ada', '--json')
    syncTokens.push(await readyToSync(`sync-${round}`))
  }
  for (const handle of ['mia', 'max']) rooms.push(await onMatrix(handle))
  await site.json('backup', 'create', '--json')
})
afterAll(() => site[Symbol.asyncDispose]())

/** Makes the user of this machine a client, as `synapse setup` does. */
async function makeClient(): Promise<void> {
  const scopes = 'channel:*:read,channel:*:post'
  const { token } = await site.json<{ token: string }>(
    'issue-token',
    '--account',
    'assistant',
    '--scopes',
    scopes,
  )
  mkdirSync(join(site.userHome, '.synapse'), { recursive: true, mode: 0o700 })
  tokenFile = join(site.userHome, '.synapse/assistant.token')
  writeFileSync(tokenFile, token, { mode: 0o600 })
  await site.json('setup', '--url', url, '--token-file', tokenFile, '--json')
  await site.json('post', 'general', 'hello', '--json')
  const outbox = Outbox.open(join(site.userHome, '.synapse/assistant.outbox'), url)
  outbox.add({ key: 'one', post: { channel: 'general', body: 'not sent yet' } })
  outbox[Symbol.dispose]()
  // What the commands of the inbox show.
  const bo = await site.json<{ token: string }>('onboard-agent', '--handle', 'bo', '--channels', 'general')
  const sent = await site.runWith({ SYNAPSE_TOKEN: bo.token }, 'post', 'general', '@assistant look')
  expect(sent.code).toBe(0)
  // A message is found a moment after it was posted.
  await until('the index', async () => (await site.run('search', 'hello', '--json')).stdout !== '')
}

/** Creates a user of ConfigSync with a machine, a key pair and an environment. Returns the id of its token. */
async function readyToSync(handle: string): Promise<string> {
  await site.json('add-account', '--kind', 'agent', '--handle', handle)
  await site.json('configsync', 'enable', handle)
  const words = ['configsync', 'token', 'issue', handle, '--label', 'laptop']
  const { id, token } = await site.json<{ id: string; token: string }>(...words)
  const headers = { authorization: `Bearer ${token}` }
  const send = async (method: string, path: string, body: object) => {
    const answer = await fetch(`${url}/api/${path}`, { method, headers, body: JSON.stringify(body) })
    expect(answer.status).toBeWithin(200, 202)
  }
  await send('POST', 'machines/register', { machine_id: 'laptop', name: 'laptop' })
  await send('POST', 'auth/keypair', keypair())
  const dev = { name: 'dev', tier: 'development', color: null, protect: false }
  await send('PUT', 'environments/sync', { environments: [dev] })
  await send('POST', 'machines/snapshot', stateOf(sealedBytes(40), { machine_id: 'laptop' }))
  await send('POST', 'projects', { slug: 'notes', name: 'notes' })
  return id
}

/** Registers a person on Matrix, who makes a room and uploads two files. */
async function onMatrix(user: string) {
  const password = 'correct horse battery'
  await site.json('matrix', 'register', '--user', user, '--password', password)
  const login = { type: 'm.login.password', identifier: { type: 'm.id.user', user }, password }
  const send = async (path: string, body: object, token = '') => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${url}/_matrix/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    expect(answer.status).toBe(200)
    return (await answer.json()) as Record<string, string>
  }
  const { access_token: token } = await send('client/v3/login', login)
  const { room_id: room = '' } = await send('client/v3/createRoom', {}, token)
  const files: string[] = []
  for (const one of [1, 2]) files.push((await send('media/v3/upload', { one }, token)).content_uri ?? '')
  await site.json('matrix', 'token', 'create', `spare-${user}`)
  return { room, files }
}

/** One command line for every command that can use the running server, in an order that works. */
function commandLines(round: (typeof ROUNDS)[number] = 0): string[][] {
  const syncing = `sync-${round}`
  const person = ['mia', 'max'][round] ?? ''
  const { room = '', files: [file = '', spare = ''] = [] } = rooms[round] ?? {}
  const alias = `#hall-${round}:example.org`
  return [
    ['discover', '--url', url],
    ['quickstart', '--yes'],
    ['setup', '--url', url, '--token-file', tokenFile],
    ['login', '--url', url, '--token-file', tokenFile],
    ['activate'],
    ['deactivate'],
    ['status'],
    ['post', 'general', `hello ${round}`],
    ['outbox', '--json'],
    ['check', '--channel', 'general'],
    ['fetch', '--channel', 'general'],
    ['inbox', '--json', '--consumer', `round-${round}`],
    ['ack', '--json', '--consumer', `round-${round}`],
    ['presence', 'idle'],
    ['probe', '--channel', 'general'],
    ['await', '--channel', 'general', '--since', 'oldest', '--timeout', '9'],
    ['ask', 'general', 'Go on?', '--wait', '0'],
    ['claim', `task:${round}`],
    ['tail', 'general', '-n', '1'],
    ['search', 'hello'],
    ['init'],
    ['add-account', '--kind', 'agent', '--handle', `cyd-${round}`],
    ['list-accounts'],
    ['set-admin', 'ben'],
    ['unset-admin', 'ben'],
    ['set-password', 'ben', '--password', 'another horse'],
    ['archive-account', 'ben'],
    ['unarchive-account', 'ben'],
    ['add-channel', '--slug', `den-${round}`, '--name', 'Den'],
    ['seed-channel', `lab-${round}`, 'Lab'],
    ['list-channels'],
    ['set-channel', `lab-${round}`, '--set', `retention_days=${round + 1}`],
    ['archive-channel', `lab-${round}`],
    ['unarchive-channel', `lab-${round}`],
    ['add-member', 'ada', `den-${round}`],
    ['set-role', 'ada', `den-${round}`, '--role', 'read_only'],
    ['list-members', `den-${round}`],
    ['remove-member', 'ada', `den-${round}`],
    ['pause', 'assistant', '--minutes', '5'],
    ['resume', 'assistant'],
    ['set-push', '--account', 'assistant', '--webhook-url', 'http://127.0.0.1:9/'],
    ['disable-push', '--account', 'assistant'],
    ['webhooks list'],
    ['webhooks deliveries'],
    ['onboard-agent', '--handle', 'dot', '--channels', `den-${round}`],
    ['issue-token', '--account', 'assistant', '--scopes', SCOPES],
    ['list-tokens', '--account', 'assistant'],
    ['revoke-token', '--id', tokens[round] ?? ''],
    ['pair', '--device', 'phone', '--account', 'ada'],
    ['pair list'],
    ['pair revoke', `tablet-${round}`],
    ['config show'],
    ['config get', 'base_url'],
    ['config set', 'rate.read', '99/9'],
    ['config unset', 'rate.read'],
    ['config history'],
    ['config check'],
    ['config path'],
    ['export-account', 'ada'],
    ['erase-account', `cyd-${round}`, '--mode', 'anonymize', '--yes'],
    ['purge', `lab-${round}`, '--keep', '0', '--dry-run'],
    ['configsync enable', syncing],
    ['configsync usage'],
    ['configsync quota', syncing, '--machines', '0'],
    ['configsync token issue', syncing, '--label', 'tablet'],
    ['configsync token list', syncing],
    ['configsync token revoke', syncing, syncTokens[round] ?? ''],
    ['configsync machines', syncing],
    ['configsync machine rename', syncing, 'laptop', 'Laptop'],
    ['configsync snapshots', syncing],
    ['configsync snapshot export', String(round + 1), '-o', join(site.directory, `state-${round}`)],
    ['configsync snapshot delete', String(round + 1)],
    ['configsync entities', syncing],
    ['configsync versions', String(round + 1)],
    ['configsync export', syncing, '-o', join(site.directory, `export-${round}`)],
    ['configsync prune'],
    ['configsync gc'],
    ['configsync verify'],
    ['configsync action add', syncing, 'laptop', 'add_module', '--payload', '{"name":"zsh"}'],
    ['configsync action list', syncing],
    ['configsync action clear', syncing, 'laptop'],
    ['configsync machine remove', syncing, 'laptop'],
    ['configsync env list', syncing],
    ['configsync env remove', syncing, 'dev'],
    ['configsync keypair show', syncing],
    ['configsync keypair reset', syncing, '--i-understand-data-loss'],
    ['configsync audit', syncing],
    ['configsync disable', syncing],
    ['configsync purge', syncing, '--yes'],
    ['configsync import', syncing, join(site.directory, `export-${round}`)],
    ['matrix status'],
    ['matrix config-snippet', 'caddy'],
    ['matrix register', '--user', `eve-${round}`, '--password', 'correct horse battery'],
    ['matrix user list'],
    ['matrix user show', person],
    ['matrix user devices', person],
    ['matrix pushers'],
    ['matrix user lock', person],
    ['matrix user unlock', person],
    ['matrix user suspend', person],
    ['matrix user logout', person],
    ['matrix token create', `picnic-${round}`],
    ['matrix token list'],
    ['matrix token revoke', `spare-${person}`],
    ['matrix room list'],
    ['matrix room show', 'general'],
    ['matrix room members', 'general'],
    ['matrix room make-admin', `den-${round}`, '--user', 'ada'],
    ['matrix alias add', alias, 'general'],
    ['matrix alias list', 'general'],
    ['matrix alias remove', alias],
    ['matrix room block', room],
    ['matrix room delete', room, '--yes'],
    ['matrix key show'],
    ['matrix key rotate'],
    ['matrix key export', '-o', join(site.directory, `key-${round}`)],
    ['matrix media usage'],
    ['matrix media quarantine', file],
    ['matrix media delete', spare],
    ['matrix media purge', '--before', '2026-01-31', '--dry-run'],
    ['matrix projector status'],
    ['matrix projector rebuild', `den-${round}`],
    ['matrix user deactivate', person, '--yes'],
    ['audit'],
    ['audit list', '--json'],
    ['audit verify'],
    ['backup create'],
    ['backup list'],
    ['backup prune', '--dry-run'],
    ['backup verify'],
    ['doctor', '--json'],
    ['drain start'],
    ['drain status'],
    ['drain stop'],
    ['serve', '--status'],
    ['--version'],
    ['--help'],
    ['help', 'serve'],
  ].map(([name = '', ...words]) => [...name.split(' '), ...words])
}

/** Commands that print in the same way, and need another server, a database or the token of a person. */
const ELSEWHERE = [
  ...['join', 'decide', 'config auth-set-cors-origins', 'migrate-db', 'import-original', 'backup restore'],
  ...['epoch rotate', 'reset', 'configsync migrate-store', 'webhooks redeliver', 'mcp', 'matrix key import'],
  // It needs a token of an admin, and is tested beside its other tests.
  'conformance',
  // They go on until they are stopped, or print nothing if anything goes wrong.
  ...['watch', 'wake', 'hook', 'decide'],
]

test('every command is in the list', () => {
  const lines = commandLines().map((words) => words.join(' '))
  const missing = ENTRIES.map(({ name }) => name).filter(
    (name) =>
      !ELSEWHERE.includes(name) && !lines.some((line) => line === name || line.startsWith(`${name} `)),
  )
  expect(missing).toEqual([])
})

test('the command line prints in one way only', () => {
  const folder = join(import.meta.dir, '../../src/cli')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const printing = files.filter((name) =>
    /console\.\w+\(|stdout\.write\(|Bun\.stdout/.test(readFileSync(join(folder, name), 'utf8')),
  )
  expect(printing).toEqual([])
})

/** Runs every command with the given redirection; returns those that did not exit with 1 and an error on stderr. */
async function successes(redirection: string, round: (typeof ROUNDS)[number]): Promise<string[]> {
  const lines = commandLines(round)
  const cmd = ['sh', '-c', `"$@" ${redirection}`, 'sh', ...HERE]
  const { stderr } = await site.spawn(cmd, {}, lines.map((words) => JSON.stringify(words)).join('\n'))
  const parts = stderr.split('\0')
  return lines.flatMap((words, index) => {
    const [said = '', code] = parts.slice(2 * index)
    const isTold = code === '1' && said.includes('the answer could not be written')
    return isTold ? [] : [`${words.join(' ')}: ${code} ${said}`]
  })
}

describe('a command whose answer cannot be written', () => {
  test('every command exits with 1 and says so if the disk is full', async () => {
    expect(await successes('>/dev/full', 0)).toEqual([])
  })

  // Linux alone tells a closed stdout from /dev/null, in /proc.
  test.skipIf(process.platform !== 'linux')(
    'every command exits with 1 and says so if stdout is closed',
    async () => {
      expect(await successes('>&-', 1)).toEqual([])
    },
  )
})

test('a reader that closes the pipe early is not an error', async () => {
  const pipes = [
    ['"$@" list-accounts', 0],
    ['"$@" config show', 0],
    ['"$@" --help', 0],
  ] as const
  for (const [line, code] of pipes) {
    // The reader has ended before anything is written.
    const script = `mkfifo f; sh -c ': <f' & exec 3>f; wait; ${line} >&3; echo "$?"; rm f`
    const { stdout, stderr } = await site.spawn(['sh', '-c', script, 'sh', ...program])
    expect({ line, stdout, stderr }).toEqual({ line, stdout: `${code}\n`, stderr: '' })
  }
})

describe('a secret that could not be printed', () => {
  async function lost(...words: string[]): Promise<string> {
    const { code, stderr } = await site.spawn(['sh', '-c', '"$@" >/dev/full', 'sh', ...program, ...words])
    expect(code).toBe(1)
    return stderr
  }

  async function liveTokens(): Promise<number> {
    const tokens = await site.json<{ revoked_at: string | null }[]>('list-tokens', '--account', 'assistant')
    return tokens.filter(({ revoked_at }) => revoked_at === null).length
  }

  test('a token that could not be printed is revoked', async () => {
    const before = await liveTokens()
    expect(await lost('issue-token', '--account', 'assistant', '--scopes', SCOPES)).toContain('was revoked')
    const onboard = ['onboard-agent', '--handle', 'assistant', '--channels', 'general']
    expect(await lost(...onboard)).toContain('was revoked')
    expect(await lost('quickstart', '--yes')).toContain('was revoked')
    expect(await liveTokens()).toBe(before)
  })

  test('a token written to a closed pipe is revoked', async () => {
    const before = await liveTokens()
    const script = `mkfifo f; sh -c ': <f' & exec 3>f; wait; "$@" >&3; echo "$?"; rm f`
    const words = ['issue-token', '--account', 'assistant', '--scopes', SCOPES]
    const { stdout, stderr } = await site.spawn(['sh', '-c', script, 'sh', ...program, ...words])
    expect({ stdout, stderr }).toEqual({ stdout: '1\n', stderr: expect.stringContaining('was revoked') })
    expect(await liveTokens()).toBe(before)
  })

  test('a pairing code that could not be printed is withdrawn', async () => {
    expect(await lost('pair', '--device', 'watch', '--account', 'ada')).toContain('was revoked')
    const devices = await site.json<{ device: string; state: string }[]>('pair', 'list')
    expect(devices.find(({ device }) => device === 'watch')?.state).toBe('revoked')
  })

  test('a password that could not be printed is named, with the command that sets another', async () => {
    for (const words of [
      ['set-password', 'ada'],
      ['add-account', '--kind', 'human', '--handle', 'eve'],
    ])
      expect(await lost(...words)).toMatch(
        /new password that could not be shown.* synapse set-password (ada|eve)\n/,
      )
  })
})

test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'join does not use up its code if the token file cannot be written',
  async () => {
    const folder = join(site.userHome, '.synapse')
    mkdirSync(folder, { recursive: true })
    using disk = SmallDisk.mount(folder, 1)
    disk.fill(0)
    const { code, link } = await site.json<{ code: string; link: string }>(
      ...['pair', '--device', 'box', '--account', 'assistant', '--json'],
    )
    expect(code).toBeString()
    expect((await site.run('join', link)).code).toBe(1)
    expect(readdirSync(folder)).toEqual(['filler'])
    disk.empty()
    const joined = await site.json<{ token_file: string }>('join', link)
    expect(statSync(joined.token_file).mode & 0o777).toBe(0o600)
    expect(readFileSync(joined.token_file, 'utf8')).toMatch(/^\S{20,200}\n$/)
  },
)

test.each(['>/dev/full 2>/dev/full', '>&- 2>&-'])(
  'a server with %s keeps running and can be stopped',
  async (streams) => {
    await using other = new Site()
    const cmd = [...program, 'serve', '--port', '0']
    const child = Bun.spawn(['sh', '-c', `exec "$@" ${streams}`, 'sh', ...cmd], {
      cwd: other.userHome,
      env: other.environment,
    })
    other.remember(child.pid)
    const answers = () =>
      fetch('http://localhost/v1/healthz', { unix: other.paths.socket }).catch(() => undefined)
    await until('the server', answers)
    for (const path of ['/v1/health', '/nowhere', '/v1/admin/accounts'])
      expect((await fetch(`http://localhost${path}`, { unix: other.paths.socket })).status).toBeLessThan(500)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  },
)

test.each(['>/dev/full', '| true'])(
  'a server whose log cannot be written because of %s reports it once, in one line',
  async (stdout) => {
    await using other = new Site()
    const script = `"$@" 2>errors ${stdout}`
    const child = Bun.spawn(['sh', '-c', script, 'sh', ...program, 'serve', '--port', '0'], {
      cwd: other.directory,
      env: other.environment,
    })
    other.remember(child.pid)
    const answers = () =>
      fetch('http://localhost/v1/healthz', { unix: other.paths.socket }).catch(() => undefined)
    await until('the server', answers)
    const errors = () => readFileSync(join(other.directory, 'errors'), 'utf8')
    await until('the line', () => errors().includes('cannot be written'))
    await until('the banner', () => errors().includes('is running'))
    for (let failed = 0; failed < 3; failed++)
      await fetch('http://localhost/nowhere', { unix: other.paths.socket })
    expect((await other.run('serve', '--stop')).code).toBe(0)
    await child.exited
    expect(
      errors().match(/^warning: the log cannot be written: .+; the server continues without it/gm),
    ).toHaveLength(1)
    expect(errors()).not.toMatch(/^\s+at |error:/m)
  },
)
