// A Redis that cannot be used as a bus: wrong password, access list or TLS.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { RedisClient } from 'bun'
import { examineRedis } from '../../src/hub'
import { examined } from '../doctor/examined'
import { temporaryDirectory } from '../home/temporary'
import { selfSigned } from '../support/certificate'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { type RedisServer, redisMissing, startRedis } from '../support/redis'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { freePort } from '../support/supervised'
import { world } from '../support/world'

setDefaultTimeout(120_000)

const missing = redisMissing || postgresMissing || Bun.which('openssl') === null
const PASSWORD = 'Battery #@/?% Horse'

describe.skipIf(missing)('a bus over a Redis that refuses', () => {
  const folder = temporaryDirectory()
  const tlsPort = freePort()
  let redis: RedisServer
  let port: string

  beforeAll(async () => {
    const { cert, key } = selfSigned(folder.path)
    const lines = [
      ...[`tls-port ${tlsPort}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`, 'tls-auth-clients no'],
      'user reader on >pw resetchannels &synapse -@all +hello +ping +subscribe',
      'user stranger on >pw resetchannels &other +@all',
    ]
    redis = await startRedis({ password: PASSWORD, lines })
    ;({ port } = new URL(redis.url))
  })

  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  test('the error names what Redis refuses and the remedy', async () => {
    const rows: [url: string, problem: RegExp | undefined, remedy?: RegExp][] = [
      [redis.url, undefined],
      [`redis://127.0.0.1:${port}`, /asks for a password \(NOAUTH\)/, /redis:\/\/:<password>@host/],
      [`redis://:wrong@127.0.0.1:${port}`, /rejects the user default \(WRONGPASS\)/, /correct user/],
      [`redis://nobody:wrong@127.0.0.1:${port}`, /rejects the user nobody/, /correct user/],
      [`redis://reader:pw@127.0.0.1:${port}`, /the user reader .* may not PUBLISH/, /ACL SETUSER reader/],
      [`redis://stranger:pw@127.0.0.1:${port}`, /may not PUBLISH on the channel synapse/, /&synapse/],
      [`rediss://:pw@localhost:${tlsPort}`, /certificate .* is not trusted/, /NODE_EXTRA_CA_CERTS/],
      [`redis://:pw@127.0.0.1:${tlsPort}`, /ends the connection/, /rediss:\/\//],
      [`rediss://:pw@127.0.0.1:${port}`, /does not answer|ends the connection/, /redis:\/\//],
      [`redis://127.0.0.1:${freePort()}`, /no Redis answers .* \(ECONNREFUSED\)/, /start it/],
    ]
    for (const [url, problem, remedy] of rows) {
      const fault = await examineRedis(url)
      if (problem === undefined) expect([url, fault]).toEqual([url, undefined])
      else
        expect([url, fault?.problem, fault?.remedy]).toEqual([
          url,
          expect.stringMatching(problem),
          expect.stringMatching(remedy ?? ''),
        ])
      expect(JSON.stringify(fault) ?? '').not.toMatch(/Battery|Horse|pw@|wrong/)
    }
  })

  test('the log has one plain line and health a field until the bus works', async () => {
    const settings = {
      SYNAPSE_DATABASE_URL: await (await sharedPostgres()).createDatabase(),
      SYNAPSE_BUS_URL: `redis://reader:pw@127.0.0.1:${port}`,
      SYNAPSE_LOG_LEVEL: 'debug',
    }
    await using w = await world({ settings })
    type Health = { bus: { kind: string; ok: boolean; problem: string | null } }
    const health = async () => (await w.operator.get<Health>('/v1/health')).body.bus
    await until('the trouble', async () => !(await health()).ok)
    expect(await health()).toEqual({
      kind: 'redis',
      ok: false,
      problem: expect.stringContaining('may not PUBLISH'),
    })
    // Sending fails again and again, and is reported once.
    await w.channel('general')
    await w.channel('other')
    const admin = new RedisClient(redis.url)
    await admin.send('ACL', ['SETUSER', 'reader', '+publish'])
    admin.close()
    await until('the bus', async () => (await health()).ok, 20_000)
    await w.stop()
    const lines = w.log.split('\n').filter((line) => line.includes('the bus is down'))
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        timestamp: expect.any(String),
        level: 'warning',
        message: expect.stringMatching(
          /^the bus is down: the user reader .* until it works again, servers poll the database/,
        ),
      },
    ])
    expect(w.log).not.toContain('redis-bus')
  })

  test('doctor reports a Redis that refuses, even if no server uses it', async () => {
    await using site = new Site()
    await site.run('init')
    const SYNAPSE_BUS_URL = `redis://:wrong@127.0.0.1:${port}`
    const database = { SYNAPSE_DATABASE_URL: await (await sharedPostgres()).createDatabase() }
    expect((await examined(site, { SYNAPSE_BUS_URL })).of('bus')).toMatchObject({
      status: 'warn',
      fix: 'unset SYNAPSE_BUS_URL',
    })
    expect((await examined(site, { SYNAPSE_BUS_URL, ...database })).of('bus')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('WRONGPASS'),
      fix: 'correct user and password in SYNAPSE_BUS_URL',
    })
    const right = { SYNAPSE_BUS_URL: redis.url, ...database }
    expect((await examined(site, right)).of('bus')).toMatchObject({ status: 'pass' })
  })
})
