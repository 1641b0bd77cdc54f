import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresDatabase } from '../support/database'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { Site } from '../support/site'
import { examined } from './examined'

setDefaultTimeout(120_000)

describe('doctor on an exposed server', () => {
  test('doctor reports a public address that does not lead to this server', async () => {
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
      detail: expect.stringContaining('another program answers there'),
    })
    await using neighbour = new Site()
    const { url } = await neighbour.serve()
    expect((await examined(site, { SYNAPSE_BASE_URL: url })).of('base_url')).toMatchObject({
      status: 'fail',
      detail: `${url} does not lead to this server: another Synapse server answers there`,
    })
  })

  test('doctor warns of a public address without the strict flags', async () => {
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

  test('doctor warns of rescue mode', async () => {
    await using site = new Site()
    await site.serve('--insecure-localhost')
    expect((await examined(site)).of('flags')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('rescue mode is on'),
    })
  })

  test('doctor warns of a bootstrap token that is still valid after a day', async () => {
    await using site = new Site()
    const first = await (async () => {
      site.environment.SYNAPSE_ADMIN_TOKEN = 'a'.repeat(40)
      const server = await site.serve()
      await server.stop()
      return await examined(site)
    })()
    expect(first.of('flags')).toMatchObject({ status: 'pass' })
    using db = new Database(site.paths.database)
    db.run("UPDATE tokens SET created_at = created_at - 90000000000 WHERE name = 'bootstrap-env'")
    const { status, detail, fix } = (await examined(site)).of('flags') ?? {}
    expect([status, detail]).toEqual(['warn', expect.stringContaining('bootstrap-env')])
    // The command in the remedy works as printed.
    const [, command] = /(list-tokens .+?) and synapse revoke-token --id/.exec(fix ?? '') ?? []
    const [token] = await site.json<{ id: string; name: string }[]>(...(command ?? '').split(' '))
    expect(token?.name).toBe('bootstrap-env')
    expect((await site.run('revoke-token', '--id', token?.id ?? '')).code).toBe(0)
    expect((await examined(site)).of('flags')).toMatchObject({ status: 'pass' })
  })

  test.skipIf(postgresMissing)(
    'doctor warns of an old bootstrap token in a Postgres store while its server answers',
    async () => {
      await using site = new Site()
      const url = await (await sharedPostgres()).createDatabase()
      site.environment.SYNAPSE_DATABASE_URL = url
      site.environment.SYNAPSE_ADMIN_TOKEN = 'a'.repeat(40)
      await site.serve()
      expect((await examined(site)).of('flags')).toMatchObject({ status: 'pass' })
      await using database = postgresDatabase(url)
      await database.sql("UPDATE tokens SET created_at = created_at - interval '25 hours'")
      expect((await examined(site)).of('flags')).toMatchObject({
        status: 'warn',
        detail: expect.stringContaining('bootstrap-env'),
      })
      await database.sql('UPDATE tokens SET revoked_at = created_at')
      expect((await examined(site)).of('flags')).toMatchObject({ status: 'pass' })
    },
  )

  test('doctor warns only of a drain that lasts more than an hour', async () => {
    await using site = new Site()
    await site.json('init', '--json')
    expect((await examined(site)).of('drain')).toMatchObject({ status: 'pass' })
    expect((await examined(site, { SYNAPSE_DRAIN: 'on' })).of('drain')).toMatchObject({ status: 'warn' })
    using db = new Database(site.paths.database)
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

  test('doctor warns of --lan without TLS', async () => {
    await using site = new Site()
    await site.json('init', '--json')
    expect((await examined(site, { SYNAPSE_LAN: '1' })).of('bind')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('unencrypted'),
    })
  })
})
