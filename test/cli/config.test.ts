import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { declaredSettings } from '../../src/config'
import { selfSigned } from '../support/certificate'
import { Site } from '../support/site'

// Every test starts programs, some of which wait for one another.
setDefaultTimeout(120_000)

interface Row {
  readonly key: string
  readonly value: unknown
  readonly source: string
}

/** Sets, shows and unsets settings; `where` says which server gets the commands. */
async function roundTrip(site: Site, ...where: string[]) {
  const run = (...words: string[]) => site.run('config', ...words, ...where)
  expect((await run('set', 'wait.max_s', '30')).stdout).toBe('wait.max_s = 30\n')
  expect((await run('set', 'drain', 'on')).stdout).toBe('drain = true\n')
  expect((await run('auth-set-cors-origins', 'https://A.example https://b.example')).stdout).toBe(
    'auth.cors_origins = ["https://a.example","https://b.example"]\n',
  )
  const { settings } = await site.json<{ settings: Row[] }>('config', 'show', '--json', ...where)
  expect(settings.filter(({ source }) => source === 'set').map(({ key }) => key)).toEqual([
    'auth.cors_origins',
    'drain',
    'wait.max_s',
  ])
  expect((await run('get', 'auth.cors_origins')).stdout).toBe('["https://a.example","https://b.example"]\n')
  expect((await run('get', 'backup.daily_at')).stdout).toBe('03:00\n')
  expect((await run('auth-set-cors-origins', '')).stdout).toBe('auth.cors_origins = []\n')
  expect((await run('unset', 'drain')).stdout).toBe('drain = false  (the default)\n')
  const history = (await run('history')).stdout.trimEnd().split('\n')
  expect(history.map((line) => line.split('  ').at(-1))).toEqual([
    'unset drain',
    'set auth.cors_origins []',
    'set auth.cors_origins ["https://a.example","https://b.example"]',
    'set drain true',
    'set wait.max_s 30',
  ])
  expect((await run('history', 'wait.max_s', '--limit', '1')).stdout).toContain('set wait.max_s 30')
}

describe('changing settings', () => {
  test('settings changed while no server runs apply when one starts', async () => {
    await using site = new Site()
    await roundTrip(site)
    const server = await site.serve()
    expect(server.url).toStartWith('http://127.0.0.1:')
    expect((await site.run('config', 'get', 'wait.max_s')).stdout).toBe('30\n')
  })

  test('settings changed over the socket apply to the next request', async () => {
    await using site = new Site()
    const server = await site.serve()
    await roundTrip(site)
    await site.json('add-channel', '--slug', 'general', '--name', 'General')
    const cairn = ['--handle', 'cairn', '--channels', 'general']
    const { token } = await site.json<{ token: string }>('onboard-agent', ...cairn)
    const answer = await fetch(`${server.url}/v1/server`, { headers: { authorization: `Bearer ${token}` } })
    expect(await answer.json()).toMatchObject({ limits: { wait_seconds: 30 } })
  })

  test('settings can be changed from another machine with a token', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_ADMIN_TOKEN = 'bootstrap-token-of-the-tests-0123456789'
    const server = await site.serve()
    await roundTrip(site, '--url', server.url)
  })
})

test('onboard-agent prints the public address that was set', async () => {
  await using site = new Site()
  await site.serve()
  await site.run('config', 'set', 'base_url', 'https://chat.example.org')
  await site.json('add-channel', '--slug', 'general', '--name', 'General')
  const { _next } = await site.json<{ _next: string }>(
    'onboard-agent',
    ...['--handle', 'cairn', '--channels', 'general'],
  )
  expect(_next).toContain('https://chat.example.org')
})

describe('refused settings', () => {
  const rows: [string[], number, string][] = [
    [['set', 'wait.max_s', 'soon'], 2, 'wait.max_s must be a whole number from 1 to 300'],
    [['set', 'wait.max', '5'], 4, 'the nearest is wait.max_s'],
    [['set', 'port', '5'], 4, 'set SYNAPSE_PORT and restart it'],
    [['get', 'port'], 4, 'there is no setting port'],
    [['unset', 'nothing'], 4, 'There is no setting of that name'],
    [['history', 'nothing'], 4, 'there is no setting nothing'],
    [['auth-set-cors-origins', 'https://a.example,*'], 2, "'*' is not an origin"],
    [['set', 'wait.max_s'], 2, 'VALUE is missing'],
    [['set', 'base_url', 'https://example.org/synapse'], 2, 'Synapse needs a host name of its own'],
  ]
  let site: Site
  beforeAll(() => {
    site = new Site()
  })
  afterAll(() => site[Symbol.asyncDispose]())

  test.each(rows)('config %j is refused', async (words, code, message) => {
    expect(await site.run('config', ...words)).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringContaining(message),
    })
  })
})

describe('config check', () => {
  test('config check shows the effective configuration without passwords', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_WAIT_MAX_S = '20'
    site.environment.SYNAPSE_PROT = '1'
    site.environment.SYNAPSE_DATABASE_URL = 'postgres://ada:hunter2@db.example/synapse'
    const { code, stdout } = await site.run('config', 'check')
    expect(code).toBe(0)
    expect(stdout).toContain('wait.max_s = 20  (environment)')
    expect(stdout).toContain('port = 8080  (default)')
    expect(stdout).toContain(
      'note: SYNAPSE_PROT is no setting of Synapse; the nearest known name is SYNAPSE_PORT',
    )
    expect(stdout).not.toContain('hunter2')
  })

  test('config check lists every option and masks secrets', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_LAN = '1'
    const { cert, key } = selfSigned(site.directory, 'tls', 40)
    site.environment.SYNAPSE_TLS_CERT = cert
    site.environment.SYNAPSE_TLS_KEY = key
    site.environment.SYNAPSE_BACKUP_PASSPHRASE = 'correct horse'
    site.environment.SYNAPSE_ADMIN_TOKEN = 'short'
    const { options, notices } = await site.json<{ options: Row[]; notices: string[] }>(
      ...['config', 'check', '--json'],
    )
    const boot = declaredSettings.filter(({ applies }) => applies === 'boot').map(({ key }) => key)
    expect(options.map(({ key }) => key)).toEqual(expect.arrayContaining(boot))
    expect(options).toContainEqual({ key: 'lan', value: true, source: 'environment' })
    expect(options).toContainEqual({ key: 'tls_key', value: key, source: 'environment' })
    expect(options).toContainEqual({ key: 'backup_passphrase', value: '***', source: 'environment' })
    expect(options).toContainEqual({ key: 'instance_key', value: null, source: 'default' })
    // A start refuses it only where the token is needed.
    expect(notices).toEqual([expect.stringContaining('SYNAPSE_ADMIN_TOKEN must be 32 to 256')])
  })

  test('config check names every problem', async () => {
    await using site = new Site()
    site.environment.SYNAPSE_WAIT_MAX_S = 'soon'
    site.environment.SYNAPSE_PORT = 'eighty'
    const { code, stderr } = await site.run('config', 'check')
    expect(code).toBe(2)
    for (const name of ['SYNAPSE_WAIT_MAX_S', 'SYNAPSE_PORT']) expect(stderr).toContain(name)
  })
})

test('config path prints the home', async () => {
  await using site = new Site()
  expect((await site.run('config', 'path')).stdout).toBe(`${site.home}\n`)
})
