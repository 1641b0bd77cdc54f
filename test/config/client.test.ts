import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../src/config'
import { findClient } from '../../src/config/client'
import { temporaryDirectory, thrownBy } from '../home/temporary'

/** A user on a machine; `put` writes into the user's directory. */
function user() {
  const directory = temporaryDirectory()
  const [home, cwd] = [join(directory.path, 'user'), join(directory.path, 'cwd')]
  for (const path of [join(home, '.synapse'), cwd]) mkdirSync(path, { recursive: true })
  return {
    home,
    cwd,
    find: (env: Record<string, string> = {}, flags: Record<string, string> = {}) =>
      findClient({ env: { HOME: home, ...env }, cwd, ...flags }),
    put(path: string, text: string, mode = 0o600) {
      writeFileSync(join(directory.path, path), text)
      chmodSync(join(directory.path, path), mode)
      return join(directory.path, path)
    },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  }
}

const toml = (url: string, handle = 'ann', more = '') =>
  `[synapse]\nbase_url = "${url}"\nhandle = "${handle}"\n${more}[synapse.digest]\nmentions_only = true\n`

describe('the configuration of a client', () => {
  test('a token file alone configures no client', () => {
    using ann = user()
    ann.put('user/.synapse/ann.token', 'syn_a')
    expect(ann.find()).toBeUndefined()
    expect(ann.find({ SYNAPSE_HANDLE: 'ann' })).toBeUndefined()
  })

  test('a named file goes before the one in the current directory, and that before the one of the user', () => {
    using ann = user()
    ann.put('user/.synapse/synapse.toml', toml('http://user/'))
    expect(ann.find()).toMatchObject({ url: 'http://user', handle: 'ann', channels: [] })
    ann.put('cwd/synapse.toml', toml('http://cwd', 'Ann', 'channels = ["Ops"]\n'))
    expect(ann.find()).toMatchObject({ url: 'http://cwd', handle: 'ann', channels: ['ops'] })
    const named = ann.put('cwd/other.toml', toml('http://named'))
    expect(ann.find({ SYNAPSE_CONFIG: 'other.toml' })).toMatchObject({ url: 'http://named', file: named })
    expect(ann.find({ SYNAPSE_CONFIG: 'none.toml' }, { config: named })).toMatchObject({
      url: 'http://named',
    })
  })

  test('the environment goes before the file', () => {
    using ann = user()
    ann.put('cwd/synapse.toml', toml('http://cwd'))
    expect(ann.find({ SYNAPSE_URL: 'http://env/', SYNAPSE_HANDLE: 'bob' })).toMatchObject({
      url: 'http://env',
      handle: 'bob',
      credential: { from: join(ann.home, '.synapse/bob.token'), token: undefined },
    })
  })

  test('a token in the environment is enough, and the address is then the default one', () => {
    using ann = user()
    expect(ann.find({ SYNAPSE_TOKEN: ' syn_a\n' })).toMatchObject({
      url: 'http://localhost:8080',
      credential: { token: 'syn_a', from: 'SYNAPSE_TOKEN', isOpen: false },
    })
  })
})

describe('the token of a client', () => {
  test('the token comes from the environment, else from the file it names, else from that of the account', () => {
    using ann = user()
    const own = ann.put('user/.synapse/ann.token', 'syn_own\n')
    const other = ann.put('cwd/token', 'syn_other\n', 0o644)
    ann.put('cwd/synapse.toml', toml('http://cwd'))
    expect(ann.find()?.credential).toEqual({ token: 'syn_own', from: own, isOpen: false })
    const named = { token: 'syn_other', from: other, isOpen: true }
    expect(ann.find({ SYNAPSE_TOKEN_FILE: 'token' })?.credential).toEqual(named)
    expect(ann.find({ SYNAPSE_TOKEN_FILE: 'token', SYNAPSE_TOKEN: 'syn_env' })?.credential?.token).toBe(
      'syn_env',
    )
  })

  test('the token of an account is not sent to another server unless the account or the file was named', () => {
    using ann = user()
    ann.put('user/.synapse/ann.token', 'syn_own')
    const file = ann.put('user/.synapse/synapse.toml', toml('http://chat'))
    expect(ann.find({}, { url: 'http://chat/' })?.credential?.token).toBe('syn_own')
    expect(ann.find({}, { url: 'http://elsewhere' })?.credential).toBeUndefined()
    // The user named both on purpose.
    expect(ann.find({}, { url: 'http://elsewhere', config: file })?.credential?.token).toBe('syn_own')
    expect(ann.find({}, { url: 'http://elsewhere', handle: 'ann' })?.credential?.token).toBe('syn_own')
  })
})

test.each([
  ['[synapse', 'TOML'],
  ['[synapse]\nhandle = "ann"', 'synapse.base_url'],
  ['[synapse]\nbase_url = "http://chat"', 'synapse.handle'],
  [toml('ftp://chat'), 'synapse.base_url'],
  [toml('http://chat', '../ann'), 'is no handle'],
  [toml('http://chat', 'ann', 'channels = "ops"\n'), 'synapse.channels'],
])('the client configuration %j is refused with its problem', (text, problem) => {
  using ann = user()
  ann.put('cwd/synapse.toml', text)
  const error = thrownBy(() => ann.find())
  expect(error).toBeInstanceOf(ConfigError)
  expect(String(error)).toContain(problem)
})

test('a malformed server address is refused', () => {
  using ann = user()
  expect(String(thrownBy(() => ann.find({ SYNAPSE_URL: 'chat.example.org' })))).toContain(
    'no address of a server',
  )
})

describe('a configuration in mindstone.json', () => {
  const file = (synapse: object) => JSON.stringify({ channels: { synapse, telegram: {} } })
  const shared = { enabled: true, baseUrl: 'http://chat/', tokenFile: '~/tokens/ann', channels: ['#Ops'] }

  test('it names the server, the account and the file of the token', () => {
    using ann = user()
    mkdirSync(join(ann.home, 'tokens'))
    const token = ann.put('user/tokens/ann', 'syn_ann\n')
    const path = ann.put('cwd/mindstone.json', file({ ...shared, handle: 'ann', pollIntervalSeconds: 30 }))
    expect(ann.find({}, { config: path })).toMatchObject({
      url: 'http://chat',
      handle: 'ann',
      channels: ['ops'],
      credential: { token: 'syn_ann', from: token },
      tuning: { mentionsOnly: true, pollIntervalS: 30 },
    })
  })

  test('of several accounts one is named by its id or handle, and the outer keys are defaults', () => {
    using ann = user()
    const accounts = {
      main: { handle: 'ann', tokenFile: 'ann.token' },
      second: { handle: 'bob', channels: [], mentionsOnly: false },
      off: { enabled: false, handle: 'cy' },
    }
    const path = ann.put('cwd/mindstone.json', file({ ...shared, accounts }))
    const find = (handle?: string) =>
      ann.find({ SYNAPSE_CONFIG: path }, handle === undefined ? {} : { handle })
    expect(find('second')).toMatchObject({ handle: 'bob', channels: [], tuning: { mentionsOnly: false } })
    expect(find('ann')?.credential?.from).toBe(join(ann.cwd, 'ann.token'))
    expect(find('second')?.credential?.from).toBe(join(ann.home, 'tokens/ann'))
    expect(String(thrownBy(() => find()))).toContain('several accounts: main, second')
    expect(String(thrownBy(() => find('zed')))).toContain('several accounts: main, second')
    for (const disabled of ['off', 'Cy'])
      expect(String(thrownBy(() => find(disabled)))).toContain('the account off is disabled')
  })

  test.each([
    ['{', 'is not JSON'],
    ['{}', 'channels'],
    [file({ baseUrl: 'http://chat' }), 'has no handle'],
    [file({ ...shared, handle: 'ann', enabled: false }), 'no account that is enabled'],
  ])('the file %j is refused with its problem', (text, problem) => {
    using ann = user()
    const path = ann.put('cwd/mindstone.json', text)
    expect(String(thrownBy(() => ann.find({}, { config: path })))).toContain(problem)
  })
})

test('how a client reads is in its file, in the older spelling, too', () => {
  using ann = user()
  const keys =
    'limit_per_channel = 500\nfresh_session_seconds = 60\nhttp_timeout = 2\ndigest_mentions_only = false\n'
  ann.put('cwd/synapse.toml', `[synapse]\nbase_url = "http://chat"\nhandle = "ann"\n${keys}`)
  expect(ann.find()?.tuning).toEqual({
    limitPerChannel: 200,
    freshSessionS: 60,
    httpTimeoutMs: 2000,
    mentionsOnly: false,
    pollIntervalS: 15,
  })
})
