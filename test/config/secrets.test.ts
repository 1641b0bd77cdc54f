import { describe, expect, test } from 'bun:test'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { bootstrapToken, ConfigError } from '../../src/config'
import { thrownBy } from '../home/temporary'
import { loading } from './loading'

const TOKEN = 'correct-horse-battery-staple-0123456789'
const PEM = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

describe('a secret', () => {
  test.each(['', '\n', '\r\n'])(
    'a secret can come from a file, and one line break at its end is removed: %j',
    (end) => {
      using here = loading()
      const file = here.put('token', TOKEN + end)
      for (const path of [file, 'token']) {
        expect(here.load({ SYNAPSE_ADMIN_TOKEN_FILE: path }).adminToken).toBe(TOKEN)
      }
    },
  )

  test('only one line break at the end of a secret file is removed', () => {
    using here = loading()
    const file = here.put('token', `${TOKEN}\n\n`)
    const config = here.load({ SYNAPSE_ADMIN_TOKEN_FILE: file })
    expect(thrownBy(() => bootstrapToken(config))).toBeInstanceOf(ConfigError)
  })

  test.each([
    ['SYNAPSE_ADMIN_TOKEN', TOKEN],
    ['SYNAPSE_ADMIN_BOOTSTRAP_TOKEN', TOKEN],
    ['SYNAPSE_INSTANCE_KEY', PEM],
    ['SYNAPSE_DATABASE_URL', 'postgres://ada:s3cret@host/db'],
  ])('%s cannot be given both as a value and as a file', (name, value) => {
    using here = loading()
    const file = here.put('secret', value)
    expect(() => here.load({ [name]: value })).not.toThrow()
    expect(() => here.load({ [`${name}_FILE`]: file })).not.toThrow()
    expect(here.problems({ [name]: value, [`${name}_FILE`]: file })).toMatchObject([
      { name: `${name}_FILE`, problem: `${name} is set as well` },
    ])
  })

  test('a secret in the environment goes before a secret file in synapse.env', () => {
    using here = loading()
    here.file('SYNAPSE_ADMIN_TOKEN_FILE=/nowhere')
    expect(here.load({ SYNAPSE_ADMIN_TOKEN: TOKEN }).adminToken).toBe(TOKEN)
  })

  test('a secret file that cannot be read is a problem that names the file', () => {
    using here = loading()
    const path = join(here.cwd, 'none')
    expect(here.problems({ SYNAPSE_INSTANCE_KEY_FILE: path })).toMatchObject([
      { name: 'SYNAPSE_INSTANCE_KEY_FILE', problem: `cannot read ${path} (ENOENT)` },
    ])
  })

  test('a setting that is not a secret cannot come from a file', () => {
    using here = loading()
    const { port, notices } = here.load({ SYNAPSE_PORT_FILE: here.put('port', '9001') })
    expect(port).toBe(8080)
    expect(notices).toEqual([
      'SYNAPSE_PORT_FILE is no setting of Synapse; the nearest known name is SYNAPSE_PORT',
    ])
  })
})

describe('the admin token', () => {
  test.each(['x'.repeat(32), 'x'.repeat(256), '!"#$%&()*+,-./:;<=>?@[]^_`{|}~0123'])(
    'the admin token can be %s',
    (token) => {
      using here = loading()
      expect(bootstrapToken(here.load({ SYNAPSE_ADMIN_TOKEN: token }))).toBe(token)
    },
  )

  test('the admin token is optional', () => {
    using here = loading()
    const config = here.load()
    expect(bootstrapToken(config)).toBeUndefined()
    expect('adminToken' in config).toBe(false)
  })

  test('the admin token can have its original name, and the present name goes before it', () => {
    using here = loading()
    expect(here.load({ SYNAPSE_ADMIN_BOOTSTRAP_TOKEN: TOKEN }).adminToken).toBe(TOKEN)
    const both = { SYNAPSE_ADMIN_BOOTSTRAP_TOKEN: 'x'.repeat(40), SYNAPSE_ADMIN_TOKEN: TOKEN }
    expect(here.load(both).adminToken).toBe(TOKEN)
  })

  const malformed = ['s3cret', 's3cret'.padEnd(31, 'x'), 's3cret'.padEnd(257, 'x'), 's3cret '.padEnd(40, 'x')]
  test.each([...malformed, 's3cret\t'.padEnd(40, 'x'), 's3cretä'.padEnd(40, 'x')])(
    'a malformed admin token is refused only when it is needed, and never quoted: %j',
    (token) => {
      using here = loading()
      const config = here.load({ SYNAPSE_ADMIN_TOKEN: token })
      expect(config.adminToken).toBeUndefined()
      const error = thrownBy(() => bootstrapToken(config))
      expect(error).toBeInstanceOf(ConfigError)
      expect(error).toMatchObject({ problems: [{ name: 'SYNAPSE_ADMIN_TOKEN' }] })
      expect(String(error) + JSON.stringify(error)).not.toContain('s3cret')
    },
  )
})

describe('the instance key', () => {
  test('the instance key can be a PEM in several lines, in one line, or in a file', () => {
    using here = loading()
    const ways = [
      { SYNAPSE_INSTANCE_KEY: PEM },
      { SYNAPSE_INSTANCE_KEY: PEM.replaceAll('\n', '\\n') },
      { SYNAPSE_INSTANCE_KEY_FILE: here.put('key', PEM) },
    ]
    for (const env of ways) expect(here.load(env).instanceKey?.trim()).toBe(PEM.trim())
    here.file(`SYNAPSE_INSTANCE_KEY="${PEM.replaceAll('\n', '\\n')}"`)
    expect(here.load().instanceKey).toBe(PEM)
  })

  test.each(['s3cret', PEM.replace('PRIVATE', 'PUBLIC'), PEM.slice(0, 70)])(
    'a malformed instance key is refused and not quoted',
    (text) => {
      using here = loading()
      const problems = here.problems({ SYNAPSE_INSTANCE_KEY: text })
      expect(problems).toMatchObject([{ name: 'SYNAPSE_INSTANCE_KEY' }])
      expect(JSON.stringify(problems)).not.toContain('s3cret')
      expect(JSON.stringify(problems)).not.toContain(PEM.slice(40, 60))
    },
  )
})
