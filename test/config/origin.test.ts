import { describe, expect, test } from 'bun:test'
import { loading } from './loading'

const cors = 'SYNAPSE_AUTH_CORS_ORIGINS'

describe('CORS origins', () => {
  const rows: [string, string[]][] = [
    ['https://a.example', ['https://a.example']],
    ['https://a.example,https://b.example', ['https://a.example', 'https://b.example']],
    ['https://a.example  https://b.example,', ['https://a.example', 'https://b.example']],
    ['HTTPS://A.Example', ['https://a.example']],
    ['https://a.example,https://A.example', ['https://a.example']],
    ['https://a.example:443,http://a.example:80', ['https://a.example', 'http://a.example']],
    ['https://a.example:80,http://a.example:443', ['https://a.example:80', 'http://a.example:443']],
    ['http://localhost:5173', ['http://localhost:5173']],
    ['http://[::1]:8080', ['http://[::1]:8080']],
    ['http://pi', ['http://pi']],
    ['https://Bücher.example:8443', ['https://xn--bcher-kva.example:8443']],
    ['https://ä.example,https://xn--4ca.example', ['https://xn--4ca.example']],
    ['["https://a.example"]', ['https://a.example']],
    ['[]', []],
  ]
  test.each(rows)('CORS origins can be written as %s', (written, origins) => {
    using here = loading()
    expect(here.load({ [cors]: written }).settings['auth.cors_origins']).toEqual(origins)
  })

  const bad = [
    ...['*', 'null', 'https://*', 'https://*.example', 'https://a.example/', 'https://a.example/path'],
    ...['a.example', '//a.example', 'ftp://a.example', 'file://', 'https://', 'https://a.example?x'],
    ...['https://a.example#x', 'https://a.example:'],
    ...['https://a.example:99999', 'https://a.example:x', 'https://a_b/..', 'https://[::1', 'https://[x]'],
    ...['https://-a', 'https:/a.example', 'https://a\\b', 'https://ä.example/', 'chrome-extension://abc'],
  ]
  test.each([
    'https://ada@a.example',
    'https://ada:s3cret@a.example',
    'https://ada:s3cret,x@a.example',
    's3cret@a',
  ])('an origin with a user or a password is refused and not quoted: %s', (entry) => {
    using here = loading()
    for (const name of [cors, 'SYNAPSE_BASE_URL', 'SYNAPSE_TRUSTED_PROXIES']) {
      const problems = here.problems({ [name]: entry })
      expect(problems).toMatchObject([
        { name, problem: expect.stringMatching(/^names a user or a password/) },
      ])
      expect(JSON.stringify(problems)).not.toContain('s3cret')
    }
  })

  test.each(bad)('one invalid entry refuses the whole list of CORS origins: %s', (entry) => {
    using here = loading()
    const problems = here.problems({ [cors]: `https://good.example,${entry}` })
    expect(problems).toMatchObject([{ name: cors, problem: `'${entry}' is not an origin` }])
  })
})

describe('the base URL', () => {
  const rows: [string, Record<string, string>, string | null][] = [
    ['is null by default', {}, null],
    ['can be the word null', { SYNAPSE_BASE_URL: 'null' }, null],
    ['is an origin', { SYNAPSE_BASE_URL: 'https://chat.example.org' }, 'https://chat.example.org'],
    ['keeps a port', { SYNAPSE_BASE_URL: 'http://localhost:8080' }, 'http://localhost:8080'],
    [
      'loses a trailing slash',
      { SYNAPSE_BASE_URL: 'https://Chat.example.org:443/' },
      'https://chat.example.org',
    ],
    ['follows from SYNAPSE_DOMAIN', { SYNAPSE_DOMAIN: 'chat.example.org' }, 'https://chat.example.org'],
    [
      'goes before SYNAPSE_DOMAIN',
      { SYNAPSE_DOMAIN: 'a.example', SYNAPSE_BASE_URL: 'http://b.example' },
      'http://b.example',
    ],
  ]
  test.each(rows)('the base URL %s', (_, env, expected) => {
    using here = loading()
    expect(here.load(env).settings.base_url).toBe(expected)
  })

  test.each([
    'chat.example.org',
    'https://chat.example.org/path',
    'https://chat.example.org//',
    'ws://x',
    '*',
  ])('an invalid base URL is refused: %s', (written) => {
    using here = loading()
    expect(here.problems({ SYNAPSE_BASE_URL: written })).toMatchObject([{ name: 'SYNAPSE_BASE_URL' }])
  })

  test('an invalid domain is reported under SYNAPSE_DOMAIN', () => {
    using here = loading()
    expect(here.problems({ SYNAPSE_DOMAIN: 'https://x' })).toMatchObject([{ name: 'SYNAPSE_DOMAIN' }])
  })
})

test.each([[{ SYNAPSE_BASE_URL: 'https://bücher.example/' }], [{ SYNAPSE_DOMAIN: 'bücher.example' }]])(
  'a base URL with an international host name is kept in its ASCII form: %p',
  (env) => {
    using here = loading()
    expect(here.load(env).settings.base_url).toBe('https://xn--bcher-kva.example')
  },
)
