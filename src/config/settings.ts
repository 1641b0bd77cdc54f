import { type Static, Type } from '@sinclair/typebox'
import { parseDirectory, parsePassphrase, parseTimeOfDay } from './backup-settings'
import { parseBusUrl } from './bus-url'
import { parseAdminToken, parsePem } from './credentials'
import { databaseUrl, parseDatabaseUrl } from './database-url'
import { boot, runtime } from './declare'
import { canonicalImpersonation, parseInstanceName, usualInstanceName } from './identity'
import { canonicalAliases, canonicalHandles } from './names'
import { parseBind, parseFile, parseHosts, parseNetworks, parseSocket, parseTargets } from './network'
import { parseBaseUrl, parseOrigins } from './origin'
import { canonicalAttempts, canonicalRate } from './rate'

const whole = (minimum: number, maximum: number, fallback: number) =>
  Type.Integer({ minimum, maximum, default: fallback })
const rate = (fallback: string, description: string) =>
  runtime(Type.String({ default: fallback }), {
    group: 'Limits',
    description: `${description}, as \`<per minute>/<burst>\`, or \`off\`.`,
    normalise: canonicalRate,
  })
const oneOf = <const T extends readonly string[]>(fallback: T[number], words: T) =>
  Type.Union(
    words.map((word: T[number]) => Type.Literal(word)),
    { default: fallback },
  )

/**
 * Every setting, declared once: its shape, default and meaning, and where it may be written. Types, reading, checking,
 * `.env.example` and docs/configuration.md follow from here. The environment name is SYNAPSE_ and the key in upper
 * case, dots as underscores. A setting is added when something acts on it.
 */
export const SETTINGS = Type.Object({
  home: boot(Type.String(), {
    group: 'Home',
    flag: 'home',
    shownDefault: '`$STATE_DIRECTORY` under systemd, else `~/.local/share/synapse`',
    description:
      'The directory that holds the database, keys and logs, for this server alone. Cannot be set in synapse.env.',
  }),
  database_url: boot(Type.String(), {
    group: 'Home',
    flag: 'database-url',
    secret: 'password',
    shownDefault: 'sqlite:<home>/synapse.db',
    example: 'postgres://synapse@localhost/synapse',
    description:
      'The store: `sqlite:<path>` (also `sqlite:////absolute` and `sqlite:///relative`, relative to the current directory) or `postgres://…` (also `postgresql://`, `postgresql+psycopg://`), the password percent-encoded.',
    normalise: (text: string, { cwd }) => databaseUrl(parseDatabaseUrl(text, cwd)),
  }),
  bus_url: boot(Type.String(), {
    group: 'Home',
    secret: 'password',
    shownDefault: 'none: replicas wake each other by LISTEN and NOTIFY of Postgres',
    example: 'redis://localhost:6379',
    description:
      'A Redis or Valkey server over which the replicas of one Postgres store wake each other: `redis://…` or `rediss://…` (also `valkey://`, `valkeys://`). It keeps nothing.',
    normalise: parseBusUrl,
  }),
  instance_key: boot(Type.String(), {
    group: 'Home',
    secret: 'whole',
    shownDefault: 'the file <home>/keys/instance.ed25519, made at the first start',
    description:
      'The Ed25519 private key of this instance, PKCS#8 PEM (in one line with `\\n` for line ends). Replicas of one deployment share it, usually by `SYNAPSE_INSTANCE_KEY_FILE`.',
    normalise: parsePem,
  }),

  host: boot(Type.Array(Type.String(), { minItems: 1, maxItems: 4, default: ['127.0.0.1'] }), {
    group: 'Listening',
    flag: 'host',
    aliases: [
      { name: 'SYNAPSE_BIND', form: 'host:port', as: (text) => parseBind(text).host, inert: '0.0.0.0:8000' },
    ],
    description: 'One to four addresses to listen on, or `localhost`.',
    normalise: parseHosts,
  }),
  port: boot(whole(0, 65_535, 8080), {
    group: 'Listening',
    flag: 'port',
    aliases: [
      { name: 'SYNAPSE_BIND', form: 'host:port', as: (text) => parseBind(text).port, inert: '0.0.0.0:8000' },
    ],
    description: 'The TCP port on every address; 0 takes any free one, which `synapse serve --status` shows.',
  }),
  lan: boot(Type.Boolean({ default: false }), {
    group: 'Listening',
    flag: 'lan',
    description:
      'Listen for every private network of this machine (IPv4) instead of `host`, and announce it there. Refused while the machine has a public address.',
  }),
  tls_cert: boot(Type.String(), {
    group: 'Listening',
    flag: 'tls-cert',
    shownDefault: 'none: plain HTTP, and TLS is the job of a proxy',
    example: '/etc/synapse/cert.pem',
    description:
      'A certificate, PEM, with those behind it: every TCP listener then speaks HTTPS alone. Needs `tls_key`. Files that change are taken up within seconds, if they fit.',
    normalise: parseFile,
  }),
  tls_key: boot(Type.String(), {
    group: 'Listening',
    flag: 'tls-key',
    shownDefault: 'none',
    example: '/etc/synapse/key.pem',
    description: 'The private key of `tls_cert`, PEM, not encrypted.',
    normalise: parseFile,
  }),
  allow_public_bind: boot(Type.Boolean({ default: false }), {
    group: 'Listening',
    flag: 'allow-public-bind',
    description:
      'Listen on public and wildcard addresses too, and take connections from anywhere. For containers and firewalled hosts.',
  }),
  socket: boot(Type.String(), {
    group: 'Listening',
    shownDefault: '<home>/run/synapse.sock',
    description:
      'The Unix socket by which the commands of this machine administer the server; a path of at most 107 bytes, or `off`.',
    normalise: parseSocket,
  }),
  'http.max_body': boot(whole(1024, 134_217_728, 1_048_576), {
    group: 'Listening',
    description: 'The largest request body, in bytes.',
  }),

  'instance.name': runtime(Type.String(), {
    group: 'Public address',
    shownDefault: 'the name of the machine',
    usual: usualInstanceName,
    description: 'What this server is called where it is announced; at most 63 bytes.',
    normalise: parseInstanceName,
  }),
  base_url: runtime(Type.Union([Type.String(), Type.Null()], { default: null }), {
    group: 'Public address',
    aliases: [{ name: 'SYNAPSE_DOMAIN', form: 'x for https://x', as: (domain) => `https://${domain}` }],
    example: 'https://chat.example.org',
    description: 'The origin at which people reach this server; with https, cookies are marked Secure.',
    normalise: parseBaseUrl,
  }),
  trusted_proxies: runtime(Type.Array(Type.String(), { default: ['127.0.0.1/32', '::1/128'] }), {
    group: 'Public address',
    description: 'Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` count.',
    normalise: parseNetworks,
  }),
  'auth.cors_origins': runtime(Type.Array(Type.String(), { default: [] }), {
    group: 'Public address',
    example: 'https://a.example,https://b.example',
    description:
      'Origins of pages elsewhere that may call this server: `scheme://host[:port]`, no path, no `*`. One bad entry refuses the list.',
    normalise: parseOrigins,
  }),
  'webhooks.allow_targets': runtime(Type.Array(Type.String(), { default: [] }), {
    group: 'Public address',
    example: 'hooks.lan,192.168.1.0/24',
    description:
      'Hosts and networks that this server may call although they are not in the public internet: receivers on your own network. Services that hand out credentials to a cloud machine (169.254.169.254) are never called.',
    normalise: parseTargets,
  }),

  'discovery.mdns_browse': runtime(Type.Boolean({ default: true }), {
    group: 'Public address',
    description: 'Look for other servers on this network.',
  }),
  'discovery.mdns_announce': runtime(Type.Boolean({ default: false }), {
    group: 'Public address',
    description: 'Tell this network where the server is, while it listens beyond loopback.',
  }),

  admin_handles: boot(Type.Array(Type.String(), { default: [] }), {
    group: 'People and sign-in',
    example: 'ada,grace',
    description: 'Handles of the people who are system admins whatever the database says.',
    normalise: canonicalHandles,
  }),
  admin_token: boot(Type.String(), {
    group: 'People and sign-in',
    secret: 'whole',
    aliases: [{ name: 'SYNAPSE_ADMIN_BOOTSTRAP_TOKEN' }],
    shownDefault: 'none',
    description:
      'A first admin token, 32 to 256 printable characters. Stored, as a hash, once: when the server starts and no account can administer it. Ignored afterwards.',
    normalise: parseAdminToken,
  }),
  'auth.session_days': runtime(whole(1, 3650, 14), {
    group: 'People and sign-in',
    description: 'Days until a sign-in in the browser ends.',
  }),
  'auth.password_min': runtime(whole(8, 256, 8), {
    group: 'People and sign-in',
    description: 'The fewest characters of a new password.',
  }),
  'rate.login': runtime(Type.String({ default: '10/300' }), {
    group: 'People and sign-in',
    description: 'Sign-in attempts for one handle from one address, as `<number>/<seconds>`, or `off`.',
    normalise: canonicalAttempts,
  }),
  named_aliases: runtime(
    Type.Record(Type.String(), Type.Record(Type.String(), Type.Array(Type.String())), { default: {} }),
    {
      group: 'People and sign-in',
      lenient: true,
      example: '{"team-ops":{"oncall":["ada","grace"]}}',
      description: 'Mention aliases by channel, as JSON in one line: `{"<slug>":{"<alias>":["handle",…]}}`.',
      normalise: canonicalAliases,
    },
  ),

  strict_actor_header: runtime(Type.Boolean({ default: false }), {
    group: 'People and sign-in',
    description:
      'Refuse `X-Synapse-Actor` on requests without a credential. Set it when others can reach the server.',
  }),
  strict_impersonation_enforcement: runtime(Type.Boolean({ default: false }), {
    group: 'People and sign-in',
    description:
      'Let admins act as others only where `impersonation_allowlist` says so. Set it when others can reach the server.',
  }),
  impersonation_allowlist: runtime(
    Type.Array(
      Type.Object({
        account: Type.Optional(Type.String()),
        token: Type.Optional(Type.String()),
        as: Type.Array(Type.String()),
      }),
      { default: [] },
    ),
    {
      group: 'People and sign-in',
      example: '[{"account":"ada","as":["cairn"]}]',
      description:
        'Who may act as whom, as JSON: `[{"account":"<handle>","as":["<handle>",…]},{"token":"<id>","as":["*"]}]`; `*` is everybody but admins.',
      normalise: canonicalImpersonation,
    },
  ),

  backup_dir: boot(Type.String(), {
    group: 'Backups',
    shownDefault:
      'the second entry of `$STATE_DIRECTORY` under systemd, else `~/.local/state/synapse/backups`',
    example: '/mnt/backups/synapse',
    description:
      'Where backups go, best on another disk; never inside the home. Each instance has a folder of its own in it.',
    normalise: parseDirectory,
  }),
  backup_passphrase: boot(Type.String(), {
    group: 'Backups',
    secret: 'whole',
    shownDefault:
      'none: `synapse backup create --with-keys` asks for one, and the daily backup takes no keys',
    description: 'Seals the keys of this instance in backups; at least 8 characters.',
    normalise: parsePassphrase,
  }),
  'backup.daily_at': runtime(Type.Union([Type.String(), Type.Null()], { default: '03:00' }), {
    group: 'Backups',
    description: 'When the daily backup is made, `HH:MM` in local time, or `off`.',
    normalise: parseTimeOfDay,
  }),
  'backup.keep': runtime(whole(1, 365, 7), {
    group: 'Backups',
    description: 'Backups that are kept; besides them the last three made before a migration.',
  }),

  log_level: boot(oneOf('info', ['debug', 'info', 'warning', 'error']), {
    group: 'Log',
    description: 'The least serious lines that are written: `debug`, `info`, `warning` or `error`.',
  }),
  'log.requests': runtime(oneOf('notable', ['notable', 'all']), {
    group: 'Log',
    description:
      'Which requests have a line in the log: `notable`, those that failed (status 400 and above) or took more than a second without having been asked to wait, or `all`.',
  }),
  'log.expired_cursor': runtime(oneOf('error', ['error', 'clamp']), {
    group: 'Log',
    description:
      'What a reader gets whose position is older than what is kept: `error` (410), or `clamp`, the oldest that is left, for old clients.',
  }),

  'metrics.enabled': runtime(Type.Boolean({ default: false }), {
    group: 'Log',
    description: 'Whether `/metrics` answers.',
  }),

  drain: runtime(Type.Boolean({ default: false }), {
    group: 'Limits',
    description: 'Refuse writes (503) while reading goes on. Set by `synapse drain`.',
  }),
  'rate.post': rate('600/120', 'Messages of one token, or of one person who is signed in'),
  'rate.read': rate('600/120', 'Requests that only read; a held one counts once'),
  'rate.write': rate('600/120', 'Other requests that change something'),
  'rate.search': rate('60/10', 'Searches'),
  'wait.max_s': runtime(whole(1, 300, 60), {
    group: 'Limits',
    description: 'The longest that a request may wait for news, in seconds.',
  }),
  'streams.per_account': runtime(whole(1, 10_000, 10), {
    group: 'Limits',
    description: 'Open streams and sockets of one account.',
  }),
  'streams.total': runtime(whole(1, 1_000_000, 1000), {
    group: 'Limits',
    description: 'Open streams and sockets of everybody.',
  }),
  'quota.accounts': runtime(whole(1, 10_000_000, 10_000), { group: 'Limits', description: 'Accounts.' }),
  'quota.channels': runtime(whole(1, 10_000_000, 2000), { group: 'Limits', description: 'Channels.' }),
  'quota.members': runtime(whole(1, 10_000_000, 5000), {
    group: 'Limits',
    description: 'Members of one channel.',
  }),
})

type Properties = (typeof SETTINGS)['properties']

/** The key of a setting, as `synapse config` writes it. */
export type Key = keyof Properties

/** The type of every setting. */
export type Values = Static<typeof SETTINGS>

/** The keys that can be changed in the running server. */
export type RuntimeKey = {
  [K in Key]: Properties[K] extends { readonly applies: 'runtime' } ? K : never
}[Key]

/** What the parts of the server read by key: the runtime settings, and two boot options they need as well. */
export type SettingValues = Pick<Values, RuntimeKey | 'admin_handles' | 'http.max_body'>

/** The name of a command-line flag, without the dashes. */
export type FlagName = {
  [K in Key]: Properties[K]['setting'] extends { readonly flag: infer F extends string } ? F : never
}[Key]
