import { describe, expect, test } from 'bun:test'
import { loading } from './loading'

describe('the addresses to listen on', () => {
  const rows: [string, string[]][] = [
    ['127.0.0.1', ['127.0.0.1']],
    ['localhost', ['localhost']],
    ['LocalHost', ['localhost']],
    ['127.0.0.1,100.64.0.7', ['127.0.0.1', '100.64.0.7']],
    ['127.0.0.1, ::1 ,10.0.0.1', ['127.0.0.1', '::1', '10.0.0.1']],
    ['[::1]', ['::1']],
    ['[::1],127.0.0.1', ['::1', '127.0.0.1']],
    ['0:0:0:0:0:0:0:1,::1', ['::1']],
    ['::ffff:10.0.0.1', ['10.0.0.1']],
    ['0.0.0.0', ['0.0.0.0']],
    ['["127.0.0.1","::1"]', ['127.0.0.1', '::1']],
  ]
  test.each(rows)('the server can listen on %s', (written, hosts) => {
    using here = loading()
    expect(here.load({ SYNAPSE_HOST: written }).hosts).toEqual(hosts)
    expect(here.load({}, { host: written }).hosts).toEqual(hosts)
  })

  const refused = [
    'example.org',
    '127.0.0',
    '1.2.3.4.5',
    '10.0.0.1/8',
    '1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5',
    ',',
  ]
  test.each([...refused, 'http://127.0.0.1', '127.0.0.1:8080', '[]'])(
    'an invalid list of addresses is refused: %s',
    (written) => {
      using here = loading()
      expect(here.problems({ SYNAPSE_HOST: written })).toMatchObject([{ name: 'SYNAPSE_HOST' }])
      expect(here.problems({}, { host: written })).toMatchObject([{ name: '--host' }])
    },
  )
})

describe('the port', () => {
  test.each(['0', '1', '8080', '65535', ' 80 '])('the port can be %p', (written) => {
    using here = loading()
    expect(here.load({ SYNAPSE_PORT: written }).port).toBe(Number(written))
  })
  test.each(['65536', '-1', '80.5', '8080x', '0x50', '1e3', 'http', '9'.repeat(40)])(
    'an invalid port is refused: %s',
    (written) => {
      using here = loading()
      expect(here.problems({ SYNAPSE_PORT: written })).toMatchObject([
        { name: 'SYNAPSE_PORT', problem: 'must be a whole number from 0 to 65535' },
      ])
    },
  )
})

describe('SYNAPSE_BIND, the original spelling,', () => {
  const rows: [string, Record<string, string>, string[], number][] = [
    ['sets host and port', { SYNAPSE_BIND: '10.0.0.1:9000' }, ['10.0.0.1'], 9000],
    ['accepts IPv6 in brackets', { SYNAPSE_BIND: '[::1]:9000' }, ['::1'], 9000],
    ['accepts localhost', { SYNAPSE_BIND: 'localhost:9000' }, ['localhost'], 9000],
    [
      'sets only the port when a host is set',
      { SYNAPSE_BIND: '10.0.0.1:9000', SYNAPSE_HOST: '::1' },
      ['::1'],
      9000,
    ],
    [
      'sets only the host when a port is set',
      { SYNAPSE_BIND: '10.0.0.1:9000', SYNAPSE_PORT: '1' },
      ['10.0.0.1'],
      1,
    ],
    [
      'is ignored when both are set',
      { SYNAPSE_BIND: 'x', SYNAPSE_HOST: '::1', SYNAPSE_PORT: '1' },
      ['::1'],
      1,
    ],
  ]
  test.each(rows)('SYNAPSE_BIND %s', (_, env, hosts, port) => {
    using here = loading()
    expect(here.load(env)).toMatchObject({ hosts, port, notices: [] })
  })

  test('SYNAPSE_BIND is ignored with one notice if it has the sample value of older setups', () => {
    using here = loading()
    const { hosts, port, notices, sources } = here.load({ SYNAPSE_BIND: '0.0.0.0:8000' })
    expect({ hosts, port }).toEqual({ hosts: ['127.0.0.1'], port: 8080 })
    expect(notices).toEqual(['SYNAPSE_BIND=0.0.0.0:8000 is ignored: it is the sample value of older setups'])
    expect(sources).toMatchObject({ host: 'default', port: 'default' })
  })

  test.each(['9000', ':9000', '10.0.0.1', '::1:9000', 'host:port', '0.0.0.0:', '[::1]'])(
    'an invalid SYNAPSE_BIND is reported once: %s',
    (written) => {
      using here = loading()
      expect(here.problems({ SYNAPSE_BIND: written })).toMatchObject([{ name: 'SYNAPSE_BIND' }])
    },
  )

  test('SYNAPSE_BIND with a host name and an impossible port reports both', () => {
    using here = loading()
    expect(here.problems({ SYNAPSE_BIND: 'example.org:70000' })).toHaveLength(2)
  })
})

describe('the socket', () => {
  test('the socket is in the home unless SYNAPSE_SOCKET moves it or turns it off', () => {
    using here = loading()
    expect(here.load().socket).toBe(`${here.home}/run/synapse.sock`)
    expect(here.load({ SYNAPSE_SOCKET: '/run/synapse.sock' }).socket).toBe('/run/synapse.sock')
    expect(here.load({ SYNAPSE_SOCKET: 's.sock' }).socket).toBe(`${here.cwd}/s.sock`)
    expect(here.load({ SYNAPSE_SOCKET: 'Off' }).socket).toBeNull()
  })

  test('the path of the socket can be 107 bytes long, and no longer', () => {
    using here = loading()
    const path = (bytes: number) => `/${'é'.repeat((bytes - 1) / 2)}`
    expect(here.load({ SYNAPSE_SOCKET: path(107) }).socket).toBe(path(107))
    const problems = here.problems({ SYNAPSE_SOCKET: path(109) })
    expect(problems).toMatchObject([
      { name: 'SYNAPSE_SOCKET', remedy: expect.stringContaining('SYNAPSE_SOCKET') },
    ])
  })

  test('a home that makes the socket path too long is refused, unless the socket is turned off', () => {
    using here = loading()
    const home = `/tmp/${'h'.repeat(100)}`
    expect(here.problems({}, { home })).toMatchObject([{ name: 'SYNAPSE_SOCKET' }])
    expect(here.load({ SYNAPSE_SOCKET: 'off' }, { home }).socket).toBeNull()
  })
})

describe('allowed webhook targets', () => {
  test('webhook targets are lower-case host names and networks', () => {
    using here = loading()
    const written = 'Hooks.LAN.,pi,10.0.0.0/8,fd00::/8,127.0.0.1,pi'
    expect(here.load({ SYNAPSE_WEBHOOKS_ALLOW_TARGETS: written }).settings['webhooks.allow_targets']).toEqual(
      [...['hooks.lan', 'pi', '10.0.0.0/8', 'fd00::/8', '127.0.0.1/32']],
    )
  })

  test.each(['10.0.0.0/33', '10.0.0', '1.2.3.4.5', 'http://a.lan', 'a.lan:80', '*.lan', 'a b'])(
    'an invalid webhook target is refused: %s',
    (written) => {
      using here = loading()
      expect(here.problems({ SYNAPSE_WEBHOOKS_ALLOW_TARGETS: JSON.stringify([written]) })).toMatchObject([
        { name: 'SYNAPSE_WEBHOOKS_ALLOW_TARGETS', problem: expect.stringContaining(written) },
      ])
    },
  )
})

describe('trusted proxies', () => {
  const rows: [string, string[]][] = [
    ['10.0.0.0/8', ['10.0.0.0/8']],
    ['10.0.0.0/8 fd00::/8,127.0.0.1/32', ['10.0.0.0/8', 'fd00::/8', '127.0.0.1/32']],
    ['10.1.2.3', ['10.1.2.3/32']],
    ['0:0::1', ['::1/128']],
    ['10.0.0.0/8,10.0.0.0/8', ['10.0.0.0/8']],
    ['0.0.0.0/0', ['0.0.0.0/0']],
    ['[]', []],
  ]
  test.each(rows)('trusted proxies can be written as %s', (written, networks) => {
    using here = loading()
    expect(here.load({ SYNAPSE_TRUSTED_PROXIES: written }).settings.trusted_proxies).toEqual(networks)
  })

  test.each([
    '10.0.0.0/33',
    '::/129',
    'proxy',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::ffff:10.0.0.0/104',
    'fe80::1%a/64',
  ])('an invalid trusted proxy is refused: %s', (written) => {
    using here = loading()
    expect(here.problems({ SYNAPSE_TRUSTED_PROXIES: `127.0.0.1,${written}` })).toMatchObject([
      { name: 'SYNAPSE_TRUSTED_PROXIES', problem: expect.stringContaining(written) },
    ])
  })
})
