import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { homePaths } from '../../src/home'
import { type Foreground, Site } from '../cli/site'
import { carelessNginx, hasNginx } from '../proxies/nginx'
import { examinedBy } from './examined'

setDefaultTimeout(60_000)

/** What doctor says on this machine, with these environment variables. */
async function examined(site: Site, environment: Record<string, string> = {}) {
  return examinedBy(await site.runWith(environment, 'doctor', '--json'))
}

describe.skipIf(!hasNginx)('behind a careless proxy doctor names what is wrong', () => {
  let site: Site
  let server: Foreground
  const upstream = () => new URL(server.url).host

  beforeAll(async () => {
    site = new Site()
    server = await site.serve()
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const sockets = [
    'proxy_http_version 1.1;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection upgrade;',
  ]
  const forwards = 'proxy_set_header X-Forwarded-For $remote_addr;'
  const host = 'proxy_set_header Host $http_host;'
  const rows: [title: string, lines: string[], path: string, check: string, detail: string, fix: string][] = [
    ['no WebSockets', [host, forwards], '', 'base_url', 'WebSockets do not open', 'Upgrade'],
    [
      'a name without its port',
      [...sockets, forwards, 'proxy_set_header Host $host;'],
      '',
      'base_url',
      'Host arrives as localhost instead of localhost:',
      '$http_host',
    ],
    ['decoded paths', [...sockets, forwards, host], '/', 'base_url', 'decodes paths', 'not even a slash'],
    [
      'buffered streams',
      [
        ...sockets,
        forwards,
        host,
        'proxy_ignore_headers X-Accel-Buffering;',
        'gzip on; gzip_min_length 0; gzip_proxied any; gzip_types text/event-stream;',
      ],
      '',
      'base_url',
      'event streams are buffered',
      'proxy_buffering off',
    ],
    [
      'nameless clients',
      [...sockets, host],
      '',
      'proxy',
      'everybody seems to be the proxy',
      'X-Forwarded-For',
    ],
  ]
  test.each(rows)('%s', async (_, lines, path, check, detail, fix) => {
    await using front = await carelessNginx(upstream(), lines, { path })
    const { code, of } = await examined(site, { SYNAPSE_BASE_URL: front.origin })
    const found = of(check)
    expect(found).toMatchObject({
      detail: expect.stringContaining(detail),
      fix: expect.stringContaining(fix),
    })
    expect(found?.status).toBe(check === 'proxy' ? 'warn' : 'fail')
    expect(code).toBe(check === 'proxy' ? 1 : 2)
  })

  test('dot-paths that are swallowed', async () => {
    const block = '} location /.well-known { return 404;'
    await using front = await carelessNginx(upstream(), [...sockets, forwards, host, block])
    expect((await examined(site, { SYNAPSE_BASE_URL: front.origin })).of('base_url')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('/.well-known/synapse does not arrive here (status 404)'),
    })
  })
})

describe('doctor names', () => {
  test('a public address that leads nowhere, or to somebody else', async () => {
    await using site = new Site()
    await site.serve()
    const nowhere = await examined(site, { SYNAPSE_BASE_URL: 'http://127.0.0.1:1' })
    expect(nowhere.of('base_url')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('does not lead to this server'),
    })
    using other = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('another') })
    const elsewhere = await examined(site, { SYNAPSE_BASE_URL: `http://127.0.0.1:${other.port}` })
    expect(elsewhere.of('base_url')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('something else answers there'),
    })
  })

  test('a public address without the strict flags', async () => {
    await using site = new Site()
    await site.json('init', '--json')
    const env = { SYNAPSE_BASE_URL: 'https://chat.example.org' }
    expect((await examined(site, env)).of('flags')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('strict_actor_header is off'),
      fix: expect.stringContaining('synapse config set strict_impersonation_enforcement true'),
    })
    await site.json('config', 'set', 'strict_actor_header', 'true', '--json')
    await site.json('config', 'set', 'strict_impersonation_enforcement', 'true', '--json')
    expect((await examined(site, env)).of('flags')).toMatchObject({ status: 'pass' })
  })

  test('rescue mode', async () => {
    await using site = new Site()
    await site.serve('--insecure-localhost')
    expect((await examined(site)).of('flags')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('rescue mode runs'),
    })
  })

  test('the token of the environment, while it is still valid after a day', async () => {
    await using site = new Site()
    const first = await (async () => {
      site.environment.SYNAPSE_ADMIN_TOKEN = 'a'.repeat(40)
      const server = await site.serve()
      server.signal('SIGTERM')
      await server.exited
      return await examined(site)
    })()
    expect(first.of('flags')).toMatchObject({ status: 'pass' })
    using db = new Database(homePaths(site.home).database)
    db.run("UPDATE tokens SET created_at = created_at - 90000000000 WHERE name = 'bootstrap-env'")
    expect((await examined(site)).of('flags')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('bootstrap-env'),
      fix: expect.stringContaining('revoke-token'),
    })
    db.run("UPDATE tokens SET revoked_at = created_at WHERE name = 'bootstrap-env'")
    expect((await examined(site)).of('flags')).toMatchObject({ status: 'pass' })
  })

  test('a drain that was forgotten, and no other', async () => {
    await using site = new Site()
    await site.json('init', '--json')
    expect((await examined(site)).of('drain')).toMatchObject({ status: 'pass' })
    expect((await examined(site, { SYNAPSE_DRAIN: 'on' })).of('drain')).toMatchObject({ status: 'warn' })
    using db = new Database(homePaths(site.home).database)
    const set = (value: string, minutesAgo: number) =>
      db.run(
        'INSERT INTO setting_changes (seq, key, value, created_at) SELECT coalesce(max(seq), 0) + 1, ?, ?, ? FROM setting_changes',
        ['drain', value, (Date.now() - minutesAgo * 60_000) * 1000],
      )
    set('true', 90)
    expect((await examined(site)).of('drain')).toMatchObject({
      status: 'warn',
      fix: expect.stringContaining('synapse drain stop'),
    })
    set('false', 80)
    expect((await examined(site)).of('drain')).toMatchObject({ status: 'pass' })
    set('true', 10)
    expect((await examined(site)).of('drain')).toMatchObject({ status: 'pass' })
  })

  test('a LAN bind that speaks no TLS', async () => {
    await using site = new Site()
    await site.json('init', '--json')
    expect((await examined(site, { SYNAPSE_LAN: '1' })).of('bind')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('unencrypted'),
    })
  })
})
