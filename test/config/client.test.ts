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
