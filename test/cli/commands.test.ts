import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parsed } from '../support/finished'
import { Site } from '../support/site'

// Every test starts programs, some of which wait for one another.
setDefaultTimeout(120_000)

const TOKEN = 'bootstrap-token-of-the-tests-0123456789'

interface Ran {
  readonly id: string
  readonly [key: string]: unknown
}

/** The commands of the original server's manual, written as there, and their answers. */
async function runManual(run: <Answer>(...words: string[]) => Promise<Answer>) {
  const channel = await run<Ran>(
    'add-channel',
    '--slug',
    'family-ops',
    '--name',
    'Family Ops',
    '--topic',
    'Us',
  )
  expect(channel).toEqual({ id: expect.any(String), slug: 'family-ops', name: 'Family Ops', kind: 'public' })

  const human = await run<Ran>(
    'add-account',
    '--kind',
    'human',
    '--handle',
    'clint',
    '--display-name',
    'Clint',
  )
  expect(human).toEqual({
    id: expect.any(String),
    handle: 'clint',
    kind: 'human',
    display_name: 'Clint',
    password: expect.stringMatching(/^[a-z0-9]{5}(-[a-z0-9]{5}){3}$/),
    _warning: expect.stringContaining('once'),
  })

  const agent = await run<Ran>('add-account', '--kind', 'agent', '--handle', 'cairn')
  expect(agent).toEqual({ id: expect.any(String), handle: 'cairn', kind: 'agent', display_name: 'cairn' })

  const member = await run<Ran>('add-member', 'cairn', 'family-ops')
  expect<unknown>(member).toEqual({ account: 'cairn', channel: 'family-ops', role: 'member' })

  const scopes = ['channel:family-ops:read', 'channel:family-ops:post']
  const issued = await run<Ran>('issue-token', '--account', 'cairn', '--scopes', scopes.join(','))
  expect(issued).toEqual({
    id: expect.any(String),
    account: 'cairn',
    scopes,
    token: expect.stringMatching(/^syn_[\w-]{43}$/),
    _warning: expect.any(String),
  })
  return { human, issued }
}

describe('the commands of the original manual', () => {
  test('the commands of the original manual work while no server runs', async () => {
    await using site = new Site()
    await runManual((...words) => site.json('admin', ...words))
  })

  test('the commands of the original manual work over the socket of a running server', async () => {
    await using site = new Site()
    const server = await site.serve()
    const { human, issued } = await runManual((...words) => site.json(...words))
    const me = await fetch(`${server.url}/v1/auth/me`, {
      headers: { authorization: `Bearer ${issued.token}` },
    })
    expect(await me.json()).toMatchObject({ handle: 'cairn' })
    const login = await fetch(`${server.url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ handle: 'clint', password: human.password }),
    })
    expect(login.status).toBe(200)
  })

  test('the commands of the original manual work from another machine with --url and a token', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_ADMIN_TOKEN = TOKEN
    const server = await site.serve()
    await using other = new Site()
    other.environment.SYNAPSE_ADMIN_TOKEN = TOKEN
    await runManual((...words) => other.json(...words, '--url', `${server.url}/`))
    // As over the socket: only the named account is a member.
    const members = await site.json<{ account: string }[]>('list-members', 'family-ops')
    expect(members.map(({ account }) => account)).toEqual(['cairn'])
    expect(existsSync(other.home)).toBe(false)
  })
})

describe('the other commands', () => {
  test('every other command answers as the contract says', async () => {
    await using site = new Site()
    await site.serve()
    const admin = await site.json<Ran>(
      'add-account',
      '--kind',
      'human',
      '--handle',
      'ada',
      '--password',
      'correct horse',
      '--admin',
    )
    expect(admin).toEqual({
      id: expect.any(String),
      handle: 'ada',
      kind: 'human',
      display_name: 'ada',
      is_admin: true,
    })
    const channel = await site.json<Ran>(
      'seed-channel',
      'ops',
      'Ops',
      '--description',
      'd',
      '--kind',
      'private',
    )
    expect(channel).toEqual({ id: expect.any(String), slug: 'ops', name: 'Ops', kind: 'private' })

    expect(
      await site.json<unknown>('onboard-agent', '--handle', 'cairn', '--channels', 'ops', '--read-only'),
    ).toEqual({
      handle: 'cairn',
      account_created: true,
      channels_joined: ['ops'],
      channels_already_member: [],
      token_scopes: ['channel:ops:read'],
      token: expect.stringMatching(/^syn_/),
      _warning: expect.any(String),
      _next: expect.stringContaining('.synapse/cairn.token'),
    })
    expect(await site.json<unknown>('onboard-agent', '--handle', 'cairn', '--channels', 'ops')).toMatchObject(
      {
        account_created: false,
        channels_joined: [],
        channels_already_member: ['ops(read_only)'],
      },
    )

    expect(await site.json<unknown>('add-member', 'ada', 'ops', '--role', 'read-only')).toEqual({
      account: 'ada',
      channel: 'ops',
      role: 'read_only',
    })
    expect(await site.json<unknown>('set-role', 'ada', 'ops', '--role', 'admin')).toEqual({
      account: 'ada',
      channel: 'ops',
      role: 'admin',
    })
    expect(await site.json<unknown>('list-members', 'ops')).toEqual([
      { account: 'ada', channel: 'ops', role: 'admin', joined_at: expect.any(String) },
      { account: 'cairn', channel: 'ops', role: 'read_only', joined_at: expect.any(String) },
    ])
    expect(await site.json<unknown>('remove-member', 'ada', 'ops')).toEqual({
      account: 'ada',
      channel: 'ops',
      role: 'admin',
    })

    expect(await site.json<unknown>('unset-admin', 'ada')).toMatchObject({ handle: 'ada', is_admin: false })
    expect(await site.json<unknown>('set-admin', 'ada')).toMatchObject({ handle: 'ada', is_admin: true })
    expect(await site.json<unknown>('set-password', 'ada')).toMatchObject({
      handle: 'ada',
      password: expect.any(String),
    })
    expect(await site.json<unknown>('archive-account', 'cairn')).toMatchObject({
      handle: 'cairn',
      archived: true,
    })
    expect(await site.json<unknown>('unarchive-account', 'cairn')).toMatchObject({
      archived: false,
      archived_at: null,
    })
    const changed = await site.json<unknown>(
      ...['set-channel', 'ops', '--topic', 'Work', '--set', 'history=joined, legal_hold=true,chain_limit=3'],
    )
    expect(changed).toMatchObject({
      topic: 'Work',
      settings: { history: 'joined', legal_hold: true, chain_limit: 3 },
    })
    expect(await site.json<unknown>('set-channel', 'ops', '--set', 'legal_hold=,history=')).toMatchObject({
      settings: { chain_limit: 3 },
    })
    expect(await site.json<unknown>('purge', 'ops', '--keep', '5', '--dry-run')).toEqual({
      slug: 'ops',
      messages: 0,
      through_cursor: expect.any(String),
      done: true,
    })
    expect(await site.json<unknown>('purge', 'ops', '--before', '90d')).toMatchObject({
      messages: 0,
      done: true,
    })
    expect((await site.run('purge', 'ops')).code).toBe(2)
    const exported = await site.run('export-account', 'ada')
    expect(JSON.parse(exported.stdout.split('\n')[0] ?? '')).toMatchObject({ type: 'account', handle: 'ada' })
    expect(await site.json<unknown>('archive-channel', 'ops')).toMatchObject({ slug: 'ops', archived: true })
    expect(await site.json<unknown>('list-channels')).toEqual([
      { id: channel.id, slug: 'ops', name: 'Ops', kind: 'private', archived: true },
    ])
    expect(await site.json<unknown>('unarchive-channel', 'OPS')).toMatchObject({
      slug: 'ops',
      archived: false,
    })
    expect(await site.json<unknown>('list-accounts')).toEqual([
      { id: admin.id, handle: 'ada', kind: 'human', display_name: 'ada', archived: false, is_admin: true },
      {
        id: expect.any(String),
        handle: 'cairn',
        kind: 'agent',
        display_name: 'cairn',
        archived: false,
        is_admin: false,
      },
    ])
  })

  test('a token expires at the time that --expires-in gives, and can be revoked only once', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_ADMIN_TOKEN = TOKEN
    const server = await site.serve()
    await site.json('add-account', '--kind', 'agent', '--handle', 'cairn')
    const words = ['issue-token', '--account', 'cairn', '--scopes', 'channel:*:read', '--name', 'desk']
    const issued = await site.json<Ran>(...words, '--expires-in', '1d')
    expect(issued.name).toBe('desk')
    const inADay = Date.now() + 86_400_000
    expect(Math.abs(Date.parse(String(issued.expires_at)) - inADay)).toBeLessThan(60_000)

    const revoked = await site.json<Ran>('revoke-token', '--id', issued.id)
    expect<unknown>(revoked).toEqual({ id: issued.id, revoked_at: expect.any(String) })
    expect(await site.json<unknown>('list-tokens', '--account', 'cairn')).toEqual([
      expect.objectContaining({ id: issued.id, scopes: ['channel:*:read'], revoked_at: revoked.revoked_at }),
    ])
    const again = await site.run('revoke-token', '--id', issued.id)
    expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('already revoked') })
    const fresh = await site.json<Ran>(...words)
    expect((await site.run('revoke-token', '--id', fresh.id, '--url', server.url)).code).toBe(0)
  })

  test('init creates the home, the key and the database, and can be repeated, even while a server runs', async () => {
    await using site = new Site()
    const { paths } = site
    expect(await site.run('init')).toMatchObject({ code: 0, stdout: expect.stringContaining(site.home) })
    const key = await Bun.file(paths.instanceKey).text()
    expect(await Bun.file(paths.database).exists()).toBe(true)
    expect((await site.run('init')).code).toBe(0)
    expect(await Bun.file(paths.instanceKey).text()).toBe(key)
    await site.serve()
    const beside = await site.run('admin', 'init', '--json')
    expect(parsed<unknown>(beside)).toMatchObject({ home: site.home, running: true })
  })
})

describe('errors', () => {
  test('a refused command prints its reason on stderr and exits with the documented code', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_ADMIN_TOKEN = TOKEN
    const { url } = await site.serve()
    await site.json('add-account', '--kind', 'agent', '--handle', 'cairn')
    await site.json('add-channel', 'ops', 'Ops')
    await site.json('add-member', 'cairn', 'ops')
    const { token } = await site.json<Ran>('issue-token', '--account', 'cairn', '--scopes', 'channel:*:read')
    const unknownId = '01980000-0000-7000-8000-000000000000'
    const cases: [words: string[], code: number, message: string, environment?: Record<string, string>][] = [
      [['add-account', '--kind', 'agent', '--handle', 'cairn'], 5, 'Handle already exists'],
      [['add-channel', 'ops', 'Ops'], 5, 'Slug already exists'],
      [['add-member', 'cairn', 'ops'], 5, 'Already a member (role=member)'],
      [['add-member', 'nobody', 'ops'], 4, 'Account not found'],
      [['add-member', 'cairn', 'nowhere'], 4, 'Channel not found'],
      [['remove-member', 'nobody', 'ops'], 4, 'Account not found'],
      [['list-members', 'nowhere'], 4, 'Channel not found'],
      [['list-tokens', '--account', 'nobody'], 4, 'Account not found'],
      [['onboard-agent', '--handle', 'new', '--channels', 'ops,nowhere'], 4, 'Channel not found'],
      [['revoke-token', '--id', unknownId], 4, 'Token not found'],
      [['revoke-token', '--id', 'x'], 2, 'Invalid token id'],
      [['add-account', '--kind', 'agent', '--handle', '9lives'], 2, 'A handle is'],
      [
        ['add-account', '--kind', 'agent', '--handle', 'x', '--password', 'correct horse'],
        2,
        'not passwords',
      ],
      [['add-account', '--kind', 'human', '--handle', 'x', '--password', 'short'], 2, 'A password has'],
      [['issue-token', '--account', 'cairn', '--scopes', 'fly'], 2, 'Unknown scope: fly'],
      [['list-accounts', '--url', url], 3, 'Invalid token', { SYNAPSE_ADMIN_TOKEN: 'x'.repeat(40) }],
      [['list-accounts', '--url', url], 3, 'admin:*', { SYNAPSE_ADMIN_TOKEN: String(token) }],
      [['list-accounts', '--url', url], 3, 'no admin token configured', { SYNAPSE_ADMIN_TOKEN: '' }],
      [['list-accounts', '--url', 'http://127.0.0.1:1'], 8, 'cannot reach http://127.0.0.1:1'],
    ]
    for (const [words, code, message, environment] of cases) {
      const finished = await site.runWith(environment ?? {}, ...words)
      expect({ words, ...finished }).toMatchObject({ words, code, stdout: '' })
      expect(finished.stderr).toContain(message)
      expect(finished.stderr).not.toMatch(/\n\s+at /)
    }
    // The onboarding that failed has stored nothing.
    expect(await site.json<Ran[]>('list-accounts')).not.toContainEqual(
      expect.objectContaining({ handle: 'new' }),
    )
  })

  test('an answer that is not from Synapse is an error, which does not show the password of the URL', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_ADMIN_TOKEN = TOKEN
    const page = () => new Response('<h1>hello</h1>')
    const moved = () =>
      new Response(null, { status: 301, headers: { location: 'https://chat.example.org/' } })
    using stranger = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      routes: { '/page/*': page, '/moved/*': moved },
    })
    const address = `http://ada:hunter2@127.0.0.1:${stranger.port}`
    const foreign = await site.run('list-accounts', '--url', `${address}/page`)
    expect(foreign.code).toBe(1)
    expect(foreign.stderr).toContain('does not answer like a Synapse server')
    expect(foreign.stderr).not.toContain('hunter2')
    const redirected = await site.run('list-accounts', '--url', `${address}/moved`)
    expect(redirected).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('https://chat.example.org/'),
    })
  })

  test('a refused configuration is an error that names the setting', async () => {
    await using site = new Site()
    const finished = await site.runWith({ SYNAPSE_PORT: 'eighty' }, 'list-accounts')
    expect(finished).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('SYNAPSE_PORT') })
  })
})

describe.concurrent('commands while no server runs', () => {
  test('commands that run at once wait for one another', async () => {
    await using site = new Site()
    await site.json('init', '--json')
    const handles = ['ada', 'ben', 'cyd']
    const results = await Promise.all(
      handles.map((handle) => site.run('add-account', '--kind', 'agent', '--handle', handle)),
    )
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(await site.json<unknown[]>('list-accounts')).toHaveLength(3)
  })

  test('the first command says that it created the store, in case the home was wrong', async () => {
    await using site = new Site()
    const said = async () => (await site.run('list-accounts')).stderr
    expect(await said()).toBe(`there was no store at ${site.paths.database}: a new one was made\n`)
    expect(await said()).toBe('')
    await using other = new Site()
    expect((await other.run('quickstart', '--yes')).stderr).not.toContain('there was no store')
  })

  test('a command does not use the server of another home, even if SYNAPSE_SOCKET names its socket', async () => {
    await using other = new Site()
    await other.serve()
    await using site = new Site()
    site.environment.SYNAPSE_SOCKET = other.paths.socket
    await site.json('add-account', '--kind', 'agent', '--handle', 'cairn')
    expect(await other.json<unknown>('list-accounts')).toEqual([])
    expect(await site.json<unknown[]>('list-accounts')).toHaveLength(1)
  })

  test('a command ignores the socket of a killed server', async () => {
    await using site = new Site()
    const server = await site.serve()
    await server.kill()
    expect(site.paths.socket).toEndWith('synapse.sock')
    expect(await site.json<unknown>('list-accounts')).toEqual([])
  })
})

describe('at a terminal', () => {
  test('a password is asked for twice and never shown', async () => {
    await using site = new Site()
    const server = await site.serve()
    const { code, stdout } = await site.type(
      [
        ['Password for ada', 'correct horse\r'],
        ['Once more', 'wrong\r'],
        ['Try again', ''],
        ['Password for ada', 'corrr\u007fect horse\r'],
        ['Once more', 'correct horse\r'],
      ],
      ...['add-account', '--kind', 'human', '--handle', 'ada'],
    )
    expect(code).toBe(0)
    expect(stdout).not.toContain('horse')
    expect(stdout).not.toContain('_warning')
    const login = await fetch(`${server.url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ handle: 'ada', password: 'correct horse' }),
    })
    expect(login.status).toBe(200)
  })

  test('an empty password means a generated one, and Ctrl-C stops without writing anything', async () => {
    await using site = new Site()
    await site.serve()
    const left = await site.type(
      [['Password for ada', 'secr\u0003']],
      'add-account',
      '--kind',
      'human',
      '--handle',
      'ada',
    )
    expect(left.code).toBe(130)
    const made = await site.type(
      [['Password for ada', '\r']],
      'add-account',
      '--kind',
      'human',
      '--handle',
      'ada',
    )
    expect(made.code).toBe(0)
    expect(made.stdout).toContain('"password": "')
    expect(existsSync(join(site.userHome, '.synapse'))).toBe(false)
  })
})

test('erase-account asks before it erases, and --yes answers', async () => {
  await using site = new Site()
  await site.serve()
  for (const handle of ['gone', 'kept']) await site.json('add-account', '--kind', 'agent', '--handle', handle)
  const words = ['erase-account', 'gone', '--mode', 'delete_messages']
  expect((await site.run('erase-account', 'gone', '--yes')).code).toBe(2)
  expect((await site.run(...words)).code).toBe(2)
  const { code } = await site.type([['Erase the account gone for good? yes or no', 'no\r']], ...words)
  expect(code).toBe(130)
  expect(await site.json<unknown>(...words, '--redact-mentions', '--yes')).toEqual({
    id: expect.any(String),
    handle: 'gone',
    mode: 'delete_messages',
    messages_deleted: 0,
    messages_anonymized: 0,
    tokens_revoked: 0,
    done: true,
  })
  expect((await site.run(...words, '--yes')).code).toBe(4)
  const left = await site.json<{ handle: string; archived: boolean }[]>('list-accounts')
  expect(left).toMatchObject([
    { handle: expect.stringMatching(/^erased-/), archived: true },
    { handle: 'kept' },
  ])
})
