import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../src/config'
import { thrownBy } from '../home/temporary'
import { Site } from '../support/site'
import { freePort } from '../support/supervised'
import { loading } from './loading'

// Starts the program once for each kind of password.
setDefaultTimeout(120_000)

/** Parts of the passwords: none of them may appear in any output. */
const WORDS = /Battery|Horse|Staple/i

/** Passwords pasted into a URL without escaping, and how they are read (undefined: refused). */
const passwords: readonly [written: string, read: string | undefined][] = [
  ['Battery#Horse', undefined],
  ['Battery/Horse', undefined],
  ['Battery?Horse=Staple', undefined],
  ['Battery@Staple/Horse', undefined],
  ['Battery%Horse', undefined],
  ['100%Battery', undefined],
  ['#Battery', undefined],
  ['Battery://Horse', undefined],
  ['Battery@Horse', 'Battery@Horse'],
  ['Battery:Horse', 'Battery:Horse'],
  ['Battery Horse', 'Battery Horse'],
  ['Battery+Horse&Staple=1', 'Battery+Horse&Staple=1'],
  ['Bättery,Hörse\\Staple', 'Bättery,Hörse\\Staple'],
  ['"Battery\'[Horse]$Staple', '"Battery\'[Horse]$Staple'],
  ['Battery%23%40%2F%3F%25Horse', 'Battery#@/?%Horse'],
]

describe('a password in a URL', () => {
  test.each(passwords)(
    'a password in a URL is read as intended, or refused without being quoted: %s',
    (written, read) => {
      using here = loading()
      for (const [name, scheme] of [
        ['SYNAPSE_DATABASE_URL', 'postgres'],
        ['SYNAPSE_BUS_URL', 'rediss'],
      ] as const) {
        const env = { [name]: `${scheme}://ada:${written}@db.example` }
        const inFile = { [`${name}_FILE`]: here.put('url', `${env[name]}\n`) }
        if (read !== undefined) {
          const { databaseUrl, busUrl = '' } = here.load(env)
          const url = new URL(name === 'SYNAPSE_BUS_URL' ? busUrl : databaseUrl)
          expect([url.hostname, decodeURIComponent(url.password)]).toEqual(['db.example', read])
          expect(here.load(inFile)).toMatchObject({ databaseUrl, ...(busUrl && { busUrl }) })
          continue
        }
        for (const [named, given] of [
          [name, env],
          [`${name}_FILE`, inFile],
        ] as const) {
          const error = thrownBy(() => here.load(given))
          expect(error).toBeInstanceOf(ConfigError)
          expect(error).toMatchObject({ problems: [{ name: named }] })
          expect(String(error)).toContain('must be percent-encoded')
          expect(Bun.inspect(error)).not.toMatch(WORDS)
        }
      }
    },
  )

  test('a password is not quoted when a URL is given instead of a file name', () => {
    using here = loading()
    for (const name of [
      'SYNAPSE_DATABASE_URL_FILE',
      'SYNAPSE_BUS_URL_FILE',
      'SYNAPSE_BACKUP_PASSPHRASE_FILE',
    ])
      for (const text of ['postgres://u:Battery@h/db', 'Battery Horse'])
        expect(JSON.stringify(here.problems({ [name]: text }))).not.toMatch(WORDS)
  })

  test('a bus password written in place of the user name is refused', () => {
    using here = loading()
    const problems = here.problems({ SYNAPSE_BUS_URL: 'redis://Battery@h' })
    expect(problems).toMatchObject([{ problem: 'names a user without a password' }])
    expect(JSON.stringify(problems)).not.toMatch(WORDS)
  })
})

describe('no command shows the password of a URL at any log level', () => {
  /** Runs commands one after another and returns their exit codes. */
  async function codesOf(site: Site, settings: Record<string, string>, commands: readonly string[][]) {
    const codes: number[] = []
    for (const words of commands) {
      const finished = await site.runWith({ ...settings, SYNAPSE_LOG_LEVEL: 'debug' }, ...words)
      const said = finished.stdout + finished.stderr
      expect([words.join(' '), said.match(WORDS), said.match(/bug in Synapse/)]).toEqual([
        words.join(' '),
        null,
        null,
      ])
      codes.push(finished.code)
    }
    return codes
  }

  test('no command shows the password of a URL that is refused', async () => {
    await using site = new Site()
    const url = 'postgres://u:Battery@Staple/Horse@127.0.0.1/db'
    const other = url.replace('postgres', 'https')
    writeFileSync(join(site.directory, 'url'), url)
    const settings = { SYNAPSE_DATABASE_URL_FILE: join(site.directory, 'url'), SYNAPSE_BUS_URL: other }
    expect(
      await codesOf(site, settings, [['serve'], ['serve', '--daemon'], ['config', 'check'], ['doctor']]),
    ).toEqual([78, 78, 2, 2])
    const commands = [
      ['config', 'check', '--json'],
      ['init'],
      ['list-accounts'],
      ['migrate-db', '--from', url, '--to', 'sqlite:other.db'],
      ['import-original', '--from', url],
      ['serve', url],
      ['doctor', '--url', other],
    ]
    expect(await codesOf(site, settings, commands)).not.toContain(0)
    expect(await codesOf(site, {}, [['config', 'set', 'base_url', other]])).toEqual([2])
  })

  test('no command shows the password of a URL whose server cannot be reached', async () => {
    await using site = new Site()
    const url = `postgres://u:Battery@Horse@127.0.0.1:${freePort()}/db`
    const commands = [['serve'], ['doctor'], ['backup', 'create'], ['import-original', '--from', url]]
    const codes = await codesOf(site, { SYNAPSE_DATABASE_URL: url }, commands)
    expect(codes[0]).toBe(1)
  })
})
