import { describe, expect, test } from 'bun:test'
import { chmodSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ConfigError, findHome, loadConfig, type SettingValues } from '../../src/config'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { thrownBy } from '../home/temporary'
import { loading } from './loading'

const DEFAULTS: SettingValues = {
  'accounts.dormant_after_days': 0,
  'chain.limit': 1,
  'guard.agent_run': 0,
  'guard.auto_continue_s': 0,
  'instance.name': hostname().slice(0, 63),
  'discovery.mdns_browse': true,
  'discovery.mdns_announce': false,
  'matrix.room_version': '11',
  'matrix.federate_channels': false,
  'matrix.create_rooms': 'all',
  'matrix.rooms_max': 20_000,
  'matrix.agents_autojoin': true,
  'matrix.presence': true,
  'matrix.directory_all': false,
  'matrix.media.previews': false,
  'matrix.media.keep_days': 0,
  'matrix.push_targets': [],
  'mcp.enabled': true,
  'metrics.enabled': false,
  drain: false,
  'rate.post': '600/120',
  'rate.read': '600/120',
  'rate.write': '600/120',
  'rate.search': '60/10',
  'rate.media': '1200/400',
  'rate.crypto': '1200/600',
  'http.max_body': 1_048_576,
  base_url: null,
  trusted_proxies: ['127.0.0.1/32', '::1/128'],
  'auth.cors_origins': [],
  'webhooks.allow_targets': [],
  'webhooks.timeout_ms': 5000,
  'webhooks.per_minute': 60,
  'webhooks.disable_after': 50,
  admin_handles: [],
  'inbox.consumer_idle_days': 30,
  'auth.session_days': 14,
  'auth.password_min': 8,
  'rate.login': '10/300',
  named_aliases: {},
  'channels.create': 'admins',
  strict_actor_header: false,
  strict_impersonation_enforcement: false,
  impersonation_allowlist: [],
  'backup.daily_at': '03:00',
  'backup.keep': 7,
  'backup.retain': null,
  'backup.heartbeat_url': null,
  'retention.days': 0,
  'retention.max_messages': 0,
  'retention.purge_at': '03:30',
  'log.requests': 'notable',
  'log.expired_cursor': 'error',
  'a2a.enabled': true,
  'attachments.enabled': true,
  'attachments.max_bytes': 10_485_760,
  'attachments.quota': 1_073_741_824,
  'messages.edit_window_s': 0,
  'deliveries.unreachable_after_s': 900,
  'follow.agent_window_s': 3600,
  'wait.max_s': 60,
  'streams.per_account': 10,
  'streams.total': 1000,
  'claims.per_account': 100,
  'quota.accounts': 10_000,
  'quota.channels': 2000,
  'quota.members': 5000,
  configsync: true,
  'configsync.max_snapshot_bytes': 26_214_400,
  'configsync.max_version_bytes': 10_485_760,
  'configsync.user_quota_bytes': 1_073_741_824,
  'configsync.max_machines': 10,
  'configsync.keep_snapshots': 50,
  'configsync.keep_versions': 100,
  'configsync.keep_deleted_days': 30,
  'configsync.audit_keep_days': 365,
  'configsync.store_metadata': false,
  'configsync.jwt_ttl_s': 3600,
  'matrix.base_url': null,
  'matrix.delegate': null,
  'matrix.well_known': null,
  'matrix.support': null,
  'matrix.profiles_need_token': false,
  'matrix.public_directory': false,
  'matrix.registration': 'closed',
  'matrix.query_token': true,
  'matrix.password_login': true,
  'matrix.access_token_s': 3600,
  'matrix.media.max_bytes': 52_428_800,
  'matrix.media.quota': 5_368_709_120,
  'matrix.media.legacy': 'frozen',
}

describe('a configuration', () => {
  test('every setting has a default', () => {
    using here = loading()
    const { sources, settings, ...config } = here.load()
    expect(config).toEqual({
      home: here.home,
      hosts: ['127.0.0.1'],
      port: 8080,
      databaseUrl: `sqlite:${here.home}/synapse.db`,
      database: { kind: 'sqlite', path: `${here.home}/synapse.db` },
      blobs: { kind: 'files', path: `${here.home}/blobs` },
      configsyncPlaces: { fs: { blobs: { kind: 'files', path: `${here.home}/blobs` } } },
      configsyncStore: 'default',
      socket: `${here.home}/run/synapse.sock`,
      allowPublicBind: false,
      lan: false,
      logLevel: 'info',
      backupDir: expect.stringMatching(/\/\.local\/state\/synapse\/backups$/),
      supervisor: null,
      notices: [],
    })
    expect(settings).toEqual(DEFAULTS)
    expect(sources).toMatchObject({ home: 'environment', port: 'default', 'quota.members': 'default' })
  })

  test('TLS needs both the certificate and the key', () => {
    using here = loading()
    const tls = { SYNAPSE_TLS_CERT: 'cert.pem', SYNAPSE_TLS_KEY: '/etc/key.pem' }
    expect(here.load(tls).tls).toEqual({ cert: join(here.cwd, 'cert.pem'), key: '/etc/key.pem' })
    expect(() => here.load({ SYNAPSE_TLS_CERT: 'cert.pem' })).toThrow('needs tls_key')
    expect(() => here.load({ SYNAPSE_TLS_KEY: 'key.pem' })).toThrow('needs tls_cert')
  })

  test('of lan and host, the one from the stronger source wins, and both from the same source are an error', () => {
    using here = loading()
    expect(here.load({ SYNAPSE_HOST: '127.0.0.1' }, { lan: true }).lan).toBe(true)
    expect(here.load({ SYNAPSE_LAN: '1' }, { host: '127.0.0.1' }).lan).toBe(false)
    expect(() => here.load({ SYNAPSE_LAN: '1', SYNAPSE_HOST: '10.0.0.1' })).toThrow('excludes host')
  })

  test('a configuration is frozen, and so are its defaults', () => {
    using here = loading()
    const config = here.load()
    for (const part of [
      config,
      config.hosts,
      config.settings,
      config.settings.trusted_proxies,
      config.sources,
    ]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(here.load().settings).toEqual(DEFAULTS)
  })

  test('a flag goes before the environment, that before synapse.env, and that before the default', () => {
    using here = loading()
    const seen = () => here.load().port
    expect(seen()).toBe(8080)
    here.file('SYNAPSE_PORT=1')
    expect(seen()).toBe(1)
    expect(here.load({ SYNAPSE_PORT: '2' }).port).toBe(2)
    expect(here.load({ SYNAPSE_PORT: '2' }, { port: '3' }).port).toBe(3)
  })

  test('a value that is overridden is not validated', () => {
    using here = loading()
    here.file('SYNAPSE_PORT=nonsense')
    expect(here.load({ SYNAPSE_PORT: '2' }).port).toBe(2)
  })

  test('an undefined flag counts as not given, and a switch counts as given', () => {
    using here = loading()
    const nothing = { host: undefined, port: undefined, 'allow-public-bind': undefined }
    expect(here.load({}, nothing).port).toBe(8080)
    expect(here.load({}, { 'allow-public-bind': true }).allowPublicBind).toBe(true)
    const env = { SYNAPSE_ALLOW_PUBLIC_BIND: '1' }
    expect(here.load(env).allowPublicBind).toBe(true)
    expect(here.load(env, { 'allow-public-bind': false }).allowPublicBind).toBe(false)
  })

  test('an empty variable counts as not set', () => {
    using here = loading()
    const env = Object.fromEntries(
      ['PORT', 'HOST', 'BASE_URL', 'ADMIN_TOKEN', 'ADMIN_TOKEN_FILE', 'SOCKET'].map((name) => [
        `SYNAPSE_${name}`,
        '',
      ]),
    )
    expect(here.load(env)).toMatchObject({ port: 8080, hosts: ['127.0.0.1'], notices: [] })
  })
})

describe('values', () => {
  const rows: [string, string, string, unknown][] = [
    ['auth.session_days', 'SYNAPSE_AUTH_SESSION_DAYS', '30', 30],
    ['auth.password_min', 'SYNAPSE_AUTH_PASSWORD_MIN', '12', 12],
    ['http.max_body', 'SYNAPSE_HTTP_MAX_BODY', '2097152', 2_097_152],
    ['log.expired_cursor', 'SYNAPSE_LOG_EXPIRED_CURSOR', 'clamp', 'clamp'],
    ['wait.max_s', 'SYNAPSE_WAIT_MAX_S', '30', 30],
    ['streams.per_account', 'SYNAPSE_STREAMS_PER_ACCOUNT', '5', 5],
    ['streams.total', 'SYNAPSE_STREAMS_TOTAL', '50', 50],
    ['quota.accounts', 'SYNAPSE_QUOTA_ACCOUNTS', '1', 1],
    ['quota.channels', 'SYNAPSE_QUOTA_CHANNELS', '2', 2],
    ['quota.members', 'SYNAPSE_QUOTA_MEMBERS', '3', 3],
    ['rate.login', 'SYNAPSE_RATE_LOGIN', '5/60', '5/60'],
    ['rate.login', 'SYNAPSE_RATE_LOGIN', 'OFF', 'off'],
    ['rate.login', 'SYNAPSE_RATE_LOGIN', '05/060', '5/60'],
    ['admin_handles', 'SYNAPSE_ADMIN_HANDLES', 'Ada, @grace,ada', ['ada', 'grace']],
    [
      'named_aliases',
      'SYNAPSE_NAMED_ALIASES',
      '{"Team":{"OnCall":["Ada","@grace"]}}',
      { team: { oncall: ['ada', 'grace'] } },
    ],
  ]
  test.each(rows)('the setting %s is set by %s=%s', (key, name, text, value) => {
    using here = loading()
    const settings: Record<string, unknown> = here.load({ [name]: text }).settings
    expect(settings[key]).toEqual(value)
  })

  test.each(['debug', 'info', 'warning', 'error', 'INFO'])('the log level %s is accepted', (level) => {
    using here = loading()
    expect(here.load({ SYNAPSE_LOG_LEVEL: level }).logLevel as string).toBe(level.toLowerCase())
  })

  const switches: [string, boolean][] = [
    ...['1', 'true', 'on', 'yes', 'TRUE'].map((text): [string, boolean] => [text, true]),
    ...['0', 'false', 'off', 'no', 'Off'].map((text): [string, boolean] => [text, false]),
  ]
  test.each(switches)('a switch accepts %s as %p', (text, value) => {
    using here = loading()
    expect(here.load({ SYNAPSE_ALLOW_PUBLIC_BIND: text }).allowPublicBind).toBe(value)
  })

  const refused: [string, string, string][] = [
    ['SYNAPSE_ALLOW_PUBLIC_BIND', 'maybe', 'must be on or off'],
    ['SYNAPSE_LOG_LEVEL', 'loud', 'must be one of debug, info, warning, error'],
    ['SYNAPSE_LOG_EXPIRED_CURSOR', 'null', 'must be one of error, clamp'],
    ['SYNAPSE_AUTH_SESSION_DAYS', '0', 'must be a whole number from 1 to 3650'],
    ['SYNAPSE_AUTH_PASSWORD_MIN', '7', 'must be a whole number from 8 to 256'],
    ['SYNAPSE_WAIT_MAX_S', '1.5', 'must be a whole number from 1 to 300'],
    ['SYNAPSE_RATE_LOGIN', '10', 'must be <number>/<seconds> or off'],
    ['SYNAPSE_RATE_LOGIN', '0/300', 'must be <number>/<seconds> or off'],
    ['SYNAPSE_RATE_LOGIN', '10/0', 'must be <number>/<seconds> or off'],
  ]
  test.each(refused)('%s=%s is refused: %s', (name, text, problem) => {
    using here = loading()
    expect(here.problems({ [name]: text })).toMatchObject([{ name, problem }])
  })

  test.each(['{', '[]', '"x"', '{"a":["b"]}', '{"a":{"b":"c"}}', '{"a":{"b":[1]}}'])(
    'malformed aliases are ignored with one warning: %s',
    (text) => {
      using here = loading()
      const { settings, notices, sources } = here.load({ SYNAPSE_NAMED_ALIASES: text })
      expect(settings.named_aliases).toEqual({})
      expect(sources.named_aliases).toBe('default')
      expect(notices).toHaveLength(1)
      expect(notices[0]).toStartWith('SYNAPSE_NAMED_ALIASES ')
    },
  )

  test('an alias can be named like a property of every object', () => {
    using here = loading()
    const { named_aliases: aliases } = here.load({
      SYNAPSE_NAMED_ALIASES: '{"__proto__":{"x":["ada"]}}',
    }).settings
    expect(Object.getPrototypeOf(aliases)).toBe(Object.prototype)
    expect(Object.keys(aliases)).toEqual(['__proto__'])
  })
})

describe('problems of a configuration', () => {
  test('all problems are reported together, each with its name and a remedy', () => {
    using here = loading()
    here.file('SYNAPSE_STREAMS_TOTAL=many')
    const env = {
      SYNAPSE_HOST: 'example.org',
      SYNAPSE_DATABASE_URL: 'mysql://x',
      SYNAPSE_AUTH_CORS_ORIGINS: '*',
      SYNAPSE_INSTANCE_KEY_FILE: '/nowhere/key',
    }
    const error = thrownBy(() => here.load(env, { port: 'x' }))
    if (!(error instanceof ConfigError)) throw error
    expect(error.problems.map(({ name }) => name).sort()).toEqual([
      '--port',
      'SYNAPSE_AUTH_CORS_ORIGINS',
      'SYNAPSE_DATABASE_URL',
      'SYNAPSE_HOST',
      'SYNAPSE_INSTANCE_KEY_FILE',
      `SYNAPSE_STREAMS_TOTAL in ${here.home}/synapse.env`,
    ])
    for (const { name, problem, remedy } of error.problems) {
      expect(problem).not.toBe('')
      expect(remedy).not.toBe('')
      expect(error.message).toContain(`${name}: ${problem}\n  ${remedy}`)
    }
  })

  test('a problem with the home is reported together with the others', () => {
    using here = loading()
    const problems = here.problems({ SYNAPSE_PORT: 'x' }, { home: `${here.home}/../.synapse` })
    expect(problems.map(({ name }) => name)).toEqual(['home', 'SYNAPSE_PORT'])
  })

  test('a home that others can write to is refused, and no file in it is read', () => {
    using here = loading()
    here.file('SYNAPSE_PORT=nonsense')
    chmodSync(here.home, 0o770)
    expect(here.problems()).toMatchObject([{ name: 'home', remedy: expect.stringContaining('chmod go-w') }])
  })

  test('a file as home is refused', () => {
    using here = loading()
    const file = here.put('file', '')
    expect(here.problems({}, { home: file })).toMatchObject([{ name: 'home' }])
  })
})

describe('an unknown setting', () => {
  test('an unknown setting is a notice that names the nearest known setting, and not the value', () => {
    using here = loading()
    const { notices } = here.load({ SYNAPSE_PROT: 's3cret', SYNAPSE_AUTH_SESSION_DAY: '1', OTHER: '1' })
    expect(notices).toEqual([
      'SYNAPSE_PROT is no setting of Synapse; the nearest known name is SYNAPSE_PORT',
      'SYNAPSE_AUTH_SESSION_DAY is no setting of Synapse; the nearest known name is SYNAPSE_AUTH_SESSION_DAYS',
    ])
  })

  test('an unknown setting in synapse.env is a notice that names the file', () => {
    using here = loading()
    here.file('SYNAPSE_ADMIN_TOKN_FILE=s3cret')
    expect(here.load().notices).toEqual([
      `SYNAPSE_ADMIN_TOKN_FILE in ${here.home}/synapse.env is no setting of Synapse; the nearest known name is SYNAPSE_ADMIN_TOKEN_FILE`,
    ])
  })

  test('variables of clients, compose files and --daemon are not reported as unknown', () => {
    using here = loading()
    const names = ['PG_PASSWORD', 'URL', 'HANDLE', 'TOKEN', 'TOKEN_FILE', 'CONFIG', 'BOOT_ID', 'HOME']
    const env = Object.fromEntries(names.map((name) => [`SYNAPSE_${name}`, here.home]))
    expect(here.load(env).notices).toEqual([])
  })
})

describe('the home', () => {
  test('the home is found before any file in it is read', () => {
    using here = loading()
    writeFileSync(join(here.home, 'synapse.env'), 'nonsense')
    expect(findHome({ flags: { home: 'x' }, env: {}, cwd: here.cwd, command: 'serve' })).toBe(`${here.cwd}/x`)
    expect(findHome({ env: { HOME: '/h' }, command: 'serve' })).toBe('/h/.local/share/synapse')
    expect(() => findHome({ env: { HOME: '/h', SYNAPSE_HOME: '/h/.synapse' }, command: 'other' })).toThrow(
      OperatorError,
    )
  })

  test.each(['serve', 'other'] as const)(
    'a home that does not exist yet can be configured: %s',
    (command) => {
      using here = loading()
      const home = join(here.cwd, 'none')
      expect(loadConfig({ flags: { home }, env: {}, cwd: here.cwd, command })).toMatchObject({
        home,
        notices: [],
      })
    },
  )

  test('the configuration says where the home came from', () => {
    using here = loading()
    const sourceOf = (env: Record<string, string>, flags = {}) =>
      loadConfig({ env: { HOME: here.cwd, ...env }, flags, cwd: here.cwd, command: 'serve' }).sources.home
    expect(sourceOf({})).toBe('default')
    expect(sourceOf({ SYNAPSE_HOME: here.home })).toBe('environment')
    expect(sourceOf({ STATE_DIRECTORY: here.home })).toBe('environment')
    expect(sourceOf({}, { home: here.home })).toBe('flag')
  })
})

test('the boot id that --daemon passes is part of the configuration', () => {
  using here = loading()
  expect(here.load({ SYNAPSE_BOOT_ID: 'b-1' }).bootId).toBe('b-1')
  expect('bootId' in here.load()).toBe(false)
})
