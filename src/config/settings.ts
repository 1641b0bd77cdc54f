import { type Static, Type } from '@sinclair/typebox'
import { agentSettings } from './agent-settings'
import { parseDirectory, parseHeartbeatUrl, parsePassphrase, parseTimeOfDay } from './backup-settings'
import { blobUrl, parseBlobUrl } from './blob-url'
import { parseBusUrl } from './bus-url'
import { configsyncSettings } from './configsync-settings'
import { parseAdminToken, parsePem } from './credentials'
import { databaseUrl, parseDatabaseUrl } from './database-url'
import { boot, runtime } from './declare'
import { canonicalGenerations } from './generations'
import { canonicalImpersonation, parseInstanceName, usualInstanceName } from './identity'
import { matrixSettings } from './matrix-settings'
import { canonicalAliases, canonicalHandles } from './names'
import { parseBind, parseFile, parseHosts, parseNetworks, parseSocket, parseTargets } from './network'
import { parseBaseUrl, parseOrigins } from './origin'
import { canonicalAttempts } from './rate'
import { oneOf, rate, whole } from './shapes'
import { webhookSettings } from './webhook-settings'

/**
 * Every setting, declared once: its shape, default, meaning, and where it can be set. Types, parsing, validation,
 * `.env.example` and docs/configuration.md come from here. The environment name is SYNAPSE_ and the key in upper case,
 * with underscores for dots.
 */
export const SETTINGS = Type.Object({
  home: boot(Type.String(), {
    group: 'Home',
    flag: 'home',
    shownDefault: '`$STATE_DIRECTORY` under systemd, else `~/.local/share/synapse`',
    description: 'The directory of the database, keys and logs of this server. Cannot be set in synapse.env.',
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
    shownDefault: 'none: replicas notify each other with LISTEN and NOTIFY of Postgres',
    example: 'redis://localhost:6379',
    description:
      'A Redis or Valkey server over which the replicas of one Postgres store notify each other: `redis://…` or `rediss://…` (also `valkey://`, `valkeys://`). Nothing is stored in it.',
    normalise: parseBusUrl,
  }),
  blob_url: boot(Type.String(), {
    group: 'Home',
    shownDefault: 'file://<home>/blobs',
    example: 'file:///srv/synapse-files',
    description:
      'The store of uploaded files: a folder (`file:///folder`) or a bucket of an S3-compatible service (`s3://bucket/prefix?endpoint=…&region=…`, over HTTPS unless the host is on a private network). The replicas of one deployment share it.',
    normalise: (text: string, { cwd }) => blobUrl(parseBlobUrl(text, cwd)),
  }),
  blob_access_key_id: boot(Type.String(), {
    group: 'Home',
    secret: 'whole',
    shownDefault: 'none',
    example: 'AKIAIOSFODNN7EXAMPLE',
    description: 'The id of the access key for an S3 bucket of `blob_url`.',
  }),
  blob_secret_access_key: boot(Type.String(), {
    group: 'Home',
    secret: 'whole',
    shownDefault: 'none',
    description: 'The secret of the access key for an S3 bucket of `blob_url`.',
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
    description: 'The TCP port on every address; 0 picks a free one, which `synapse serve --status` shows.',
  }),
  lan: boot(Type.Boolean({ default: false }), {
    group: 'Listening',
    flag: 'lan',
    description:
      'Listen on every private network of this machine (IPv4) instead of `host`, and announce the server there. Refused if the machine has a public address.',
  }),
  tls_cert: boot(Type.String(), {
    group: 'Listening',
    flag: 'tls-cert',
    shownDefault: 'none: plain HTTP, with TLS by a proxy',
    example: '/etc/synapse/cert.pem',
    description:
      'A certificate with its chain, PEM: every TCP listener then accepts only HTTPS. Needs `tls_key`. Changed files are loaded within seconds, if they are valid.',
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
      'Allow public and wildcard addresses, and connections from anywhere. For containers and firewalled hosts.',
  }),
  socket: boot(Type.String(), {
    group: 'Listening',
    shownDefault: '<home>/run/synapse.sock',
    description:
      'The Unix socket through which commands on this machine administer the server; a path of at most 107 bytes, or `off`.',
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
    description: 'The name under which this server is announced; at most 63 bytes.',
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
    description: 'Networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.',
    normalise: parseNetworks,
  }),
  'auth.cors_origins': runtime(Type.Array(Type.String(), { default: [] }), {
    group: 'Public address',
    example: 'https://a.example,https://b.example',
    description:
      'Origins of other web pages that may call this server: `scheme://host[:port]`, without path or `*`. If one entry is invalid, the list is refused.',
    normalise: parseOrigins,
  }),
  'webhooks.allow_targets': runtime(Type.Array(Type.String(), { default: [] }), {
    group: 'Public address',
    example: 'hooks.lan,192.168.1.0/24',
    description:
      'Hosts and networks outside the public internet that this server may call: receivers on your own network. Cloud metadata services, which hand out credentials (169.254.169.254), are never called.',
    normalise: parseTargets,
  }),

  'discovery.mdns_browse': runtime(Type.Boolean({ default: true }), {
    group: 'Public address',
    description: 'Look for other servers on this network.',
  }),
  'discovery.mdns_announce': runtime(Type.Boolean({ default: false }), {
    group: 'Public address',
    description: 'Announce the server on this network, if it listens beyond loopback.',
  }),

  admin_handles: boot(Type.Array(Type.String(), { default: [] }), {
    group: 'People and sign-in',
    example: 'ada,grace',
    description: 'Handles of people who are always system admins, regardless of the database.',
    normalise: canonicalHandles,
  }),
  admin_token: boot(Type.String(), {
    group: 'People and sign-in',
    secret: 'whole',
    aliases: [{ name: 'SYNAPSE_ADMIN_BOOTSTRAP_TOKEN' }],
    shownDefault: 'none',
    description:
      'A first admin token, 32 to 256 printable characters. Stored once, as a hash, when the server starts and no account can administer it. Ignored afterwards.',
    normalise: parseAdminToken,
  }),
  'auth.session_days': runtime(whole(1, 3650, 14), {
    group: 'People and sign-in',
    description: 'Days until a browser session expires.',
  }),
  'auth.password_min': runtime(whole(8, 256, 8), {
    group: 'People and sign-in',
    description: 'Minimum length of a new password, in characters.',
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

  'channels.create': runtime(oneOf('admins', ['admins', 'members']), {
    group: 'People and sign-in',
    description: 'Who may create channels: `admins`, or `members` (every signed-in person).',
  }),

  strict_actor_header: runtime(Type.Boolean({ default: false }), {
    group: 'People and sign-in',
    description:
      'Refuse `X-Synapse-Actor` on requests without a credential. Set it when others can reach the server.',
  }),
  strict_impersonation_enforcement: runtime(Type.Boolean({ default: false }), {
    group: 'People and sign-in',
    description:
      'Let admins act as others only if `impersonation_allowlist` allows it. Set it when others can reach the server.',
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
        'Who may act as whom, as JSON: `[{"account":"<handle>","as":["<handle>",…]},{"token":"<id>","as":["*"]}]`; `*` means everyone but admins.',
      normalise: canonicalImpersonation,
    },
  ),

  backup_dir: boot(Type.String(), {
    group: 'Backups',
    shownDefault:
      'the second entry of `$STATE_DIRECTORY` under systemd, else `~/.local/state/synapse/backups`',
    example: '/mnt/backups/synapse',
    description:
      'The folder for backups, preferably on another disk; never inside the home. Each instance has its own subfolder.',
    normalise: parseDirectory,
  }),
  backup_passphrase: boot(Type.String(), {
    group: 'Backups',
    secret: 'whole',
    shownDefault:
      'none: `synapse backup create --with-keys` asks for one, and daily backups do not include the keys',
    description: 'Encrypts the keys of this instance in backups; at least 8 characters.',
    normalise: parsePassphrase,
  }),
  'backup.daily_at': runtime(Type.Union([Type.String(), Type.Null()], { default: '03:00' }), {
    group: 'Backups',
    description: 'Time of the daily backup, `HH:MM` in local time, or `off`.',
    normalise: parseTimeOfDay,
  }),
  'backup.keep': runtime(whole(1, 365, 7), {
    group: 'Backups',
    description: 'Number of backups to keep. The last three made before a migration are kept in addition.',
  }),
  'backup.retain': runtime(Type.Union([Type.String(), Type.Null()], { default: null }), {
    group: 'Backups',
    example: 'hourly=24,daily=7,weekly=4,monthly=6',
    description:
      'Keeps the newest backup of each of the last hours, days, weeks and months, in local time, instead of the last `backup.keep`; or `off`. With `hourly`, a backup is made every full hour instead of once a day.',
    normalise: canonicalGenerations,
  }),
  'backup.heartbeat_url': runtime(Type.Union([Type.String(), Type.Null()], { default: null }), {
    group: 'Backups',
    secret: 'whole',
    example: 'https://hc.example.org/ping/5f1c',
    description:
      'A URL that the server requests (GET) after each automatic backup that it has verified, for a service that raises an alarm when these requests stop; or `off`.',
    normalise: parseHeartbeatUrl,
  }),

  'retention.days': runtime(whole(0, 36_500, 0), {
    group: 'Retention',
    description: 'Days for which messages are kept; 0 = for ever. A channel may have its own number.',
  }),
  'retention.max_messages': runtime(whole(0, 1_000_000_000, 0), {
    group: 'Retention',
    description:
      'Number of messages that are kept in each channel; 0 = all. A channel may have its own number.',
  }),
  'retention.purge_at': runtime(Type.Union([Type.String(), Type.Null()], { default: '03:30' }), {
    group: 'Retention',
    description: 'Time of the daily purge, `HH:MM` in local time, or `off`.',
    normalise: parseTimeOfDay,
  }),

  log_level: boot(oneOf('info', ['debug', 'info', 'warning', 'error']), {
    group: 'Log',
    description: 'The lowest level that is logged: `debug`, `info`, `warning` or `error`.',
  }),
  'log.requests': runtime(oneOf('notable', ['notable', 'all']), {
    group: 'Log',
    description:
      'Which requests are logged: `notable` (status 400 and above, or slower than a second without a requested wait), or `all`.',
  }),
  'log.expired_cursor': runtime(oneOf('error', ['error', 'clamp']), {
    group: 'Log',
    description:
      'The answer to a position older than the oldest kept event: `error` (410), or `clamp` (start at the oldest kept event), for old clients.',
  }),

  'metrics.enabled': runtime(Type.Boolean({ default: false }), {
    group: 'Log',
    description: 'Whether `/metrics` answers.',
  }),

  drain: runtime(Type.Boolean({ default: false }), {
    group: 'Limits',
    description: 'Refuse writes with 503; reading still works. Set by `synapse drain`.',
  }),
  'rate.post': rate('600/120', 'Messages of one token, or of one signed-in person'),
  'rate.read': rate('600/120', 'Requests that only read; a long-poll counts once'),
  'rate.write': rate('600/120', 'Other requests that change something'),
  'rate.search': rate('60/10', 'Searches'),
  'attachments.enabled': runtime(Type.Boolean({ default: true }), {
    group: 'Limits',
    description: 'Whether files can be uploaded. Files uploaded before can be read in any case.',
  }),
  'attachments.max_bytes': runtime(whole(1, 1_073_741_824, 10_485_760), {
    group: 'Limits',
    description: 'The largest uploaded file, in bytes.',
  }),
  'attachments.quota': runtime(whole(0, 1_099_511_627_776, 1_073_741_824), {
    group: 'Limits',
    description: 'Bytes of all uploaded files of one account.',
  }),
  'messages.edit_window_s': runtime(whole(0, 3_153_600_000, 0), {
    group: 'Limits',
    description: 'Seconds after its posting in which a message can be edited; 0 means without a limit.',
  }),
  ...agentSettings,
  ...webhookSettings,
  'wait.max_s': runtime(whole(1, 300, 60), {
    group: 'Limits',
    description: 'The longest wait of a long-poll, in seconds.',
  }),
  'streams.per_account': runtime(whole(1, 10_000, 10), {
    group: 'Limits',
    description: 'Open streams and sockets of one account.',
  }),
  'streams.total': runtime(whole(1, 1_000_000, 1000), {
    group: 'Limits',
    description: 'Open streams and sockets of all accounts.',
  }),
  'claims.per_account': runtime(whole(1, 10_000, 100), { group: 'Limits', description: 'Live claims each.' }),
  'quota.accounts': runtime(whole(1, 10_000_000, 10_000), { group: 'Limits', description: 'Accounts.' }),
  'quota.channels': runtime(whole(1, 10_000_000, 2000), { group: 'Limits', description: 'Channels.' }),
  'quota.members': runtime(whole(1, 10_000_000, 5000), {
    group: 'Limits',
    description: 'Members of one channel.',
  }),

  ...configsyncSettings,
  ...matrixSettings,
})

type Properties = (typeof SETTINGS)['properties']

/** The key of a setting, as in `synapse config`. */
export type Key = keyof Properties

/** The type of every setting. */
export type Values = Static<typeof SETTINGS>

/** The keys that can be changed in the running server. */
export type RuntimeKey = {
  [K in Key]: Properties[K] extends { readonly applies: 'runtime' } ? K : never
}[Key]

/** The settings that the server reads by key: the runtime settings and two boot options. */
export type SettingValues = Pick<Values, RuntimeKey | 'admin_handles' | 'http.max_body' | 'configsync'>

/** The name of a command-line flag, without the dashes. */
export type FlagName = {
  [K in Key]: Properties[K]['setting'] extends { readonly flag: infer F extends string } ? F : never
}[Key]
