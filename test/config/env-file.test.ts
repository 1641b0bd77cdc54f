import { describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnvFile } from '../../src/config/env-file'
import { loading } from './loading'

describe('a line of synapse.env', () => {
  const rows: [string, Record<string, string>][] = [
    ['A=1', { A: '1' }],
    ['  A = 1  ', { A: '1' }],
    ['A=', { A: '' }],
    ['A=b=c', { A: 'b=c' }],
    ['A=a # b', { A: 'a # b' }],
    ['# A=1', {}],
    ['', {}],
    ['   ', {}],
    ['export A=1', { A: '1' }],
    ['A=\' 1 # \\n "x" \'', { A: ' 1 # \\n "x" ' }],
    ['A="1\\n2"', { A: '1\n2' }],
    ['A="a \\"b\\" \\\\n \\x"', { A: 'a "b" \\n \\x' }],
    ['A=""', { A: '' }],
    ['A=it"s', { A: 'it"s' }],
    ['\uFEFFA=1', { A: '1' }],
    ['A=1\nA=2', { A: '2' }],
    ['A=1\r\nB=2\r\n', { A: '1', B: '2' }],
  ]
  test.each(rows)('a line of synapse.env is parsed: %j', (text, values) => {
    expect(parseEnvFile(text, '/f')).toEqual({ values, problems: [] })
  })

  test.each(['A', '=1', 'A B=1', '1A=1', "A='x", 'A="', "A='x' # y"])(
    'a malformed line of synapse.env is reported by its number and not quoted: %s',
    (line) => {
      const { values, problems } = parseEnvFile(`OK=1\n${line}\n`, '/f')
      expect(values).toEqual({ OK: '1' })
      expect(problems).toMatchObject([{ name: '/f line 2' }])
      expect(['is not KEY=VALUE', 'has a quote that does not end']).toContain(problems[0]?.problem ?? '')
    },
  )
})

describe('synapse.env in the home', () => {
  test('the environment and flags override synapse.env', () => {
    using here = loading()
    here.file('# mine', 'SYNAPSE_PORT=9001', "SYNAPSE_HOST='127.0.0.1,::1'", 'SYNAPSE_LOG_LEVEL="debug"')
    const { port, hosts, logLevel, sources } = here.load(
      { SYNAPSE_PORT: '9002', SYNAPSE_LOG_LEVEL: '' },
      { host: '::1' },
    )
    expect({ port, hosts, logLevel }).toEqual({ port: 9002, hosts: ['::1'], logLevel: 'debug' })
    expect(sources).toMatchObject({ port: 'environment', host: 'flag', log_level: 'file', socket: 'default' })
  })

  test('the error for a wrong value in synapse.env names the file', () => {
    using here = loading()
    here.file('SYNAPSE_PORT=http', 'nonsense')
    expect(here.problems().map(({ name }) => name)).toEqual([
      `${here.home}/synapse.env line 2`,
      `SYNAPSE_PORT in ${here.home}/synapse.env`,
    ])
  })

  test('synapse.env cannot set the home or variables that are not of Synapse, and a notice says so', () => {
    using here = loading()
    here.file('SYNAPSE_HOME=/elsewhere', 'NODE_EXTRA_CA_CERTS=/x', 'SYNAPSE_PORT=9001')
    const { home, port, notices } = here.load()
    expect({ home, port }).toEqual({ home: here.home, port: 9001 })
    expect(notices).toHaveLength(2)
    expect(notices.join()).toContain('SYNAPSE_HOME in ')
    expect(notices.join()).toContain('NODE_EXTRA_CA_CERTS in ')
  })

  test('a synapse.env that cannot be read is a problem', () => {
    using here = loading()
    mkdirSync(join(here.home, 'synapse.env'))
    expect(here.problems()).toMatchObject([
      { name: `${here.home}/synapse.env`, problem: 'cannot be read (EISDIR)' },
    ])
  })

  test('a .env file in the current directory is not read', () => {
    using here = loading()
    here.put('.env', 'SYNAPSE_PORT=9001')
    expect(here.load().port).toBe(8080)
    expect(readFileSync(join(here.cwd, '.env'), 'utf8')).toContain('9001')
  })
})
