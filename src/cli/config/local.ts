import { blobUrl, type Config, findHome, loadConfig, maskUrl } from '../../config'
import { becomeOwner, readTls, remarksOn } from '../../home'
import { descriptorsOf, reservedFor } from '../../platform/descriptors'
import { MIN_MEMORY, memoryOf } from '../../platform/memory'
import { command } from '../lib/command'
import { print, printJson } from '../lib/terminal'
import { written } from './index'

const args = {
  home: { type: 'string', valueHint: 'dir', description: 'Home directory of the server (SYNAPSE_HOME)' },
  json: { type: 'boolean', description: 'Print JSON instead of text' },
} as const

export const checkConfig = command({
  args,
  notes: [
    'Reads the environment and synapse.env as a server that starts now would, and reports every problem. It does not see',
    'the flags of serve: to check one, set its variable (SYNAPSE_PORT for --port). Connects to no server. Shows no secret.',
  ],
  examples: ['synapse config check', 'synapse config check --home /srv/synapse --json'],
  async run({ args }) {
    const request = { flags: { home: args.home }, command: 'other' } as const
    becomeOwner(findHome(request))
    const config = loadConfig(request)
    const remarks = tlsRemarks(config)
    const rows = optionsOf(config)
    const notices = [...noticesOf(config), ...remarks]
    if (args.json === true) printJson({ options: rows, notices })
    else {
      for (const { key, value, source } of rows) print(`${key} = ${written(value)}  (${source})`)
      for (const notice of notices) print(`note: ${notice}`)
    }
    return undefined
  },
})

export const configPath = command({
  args,
  examples: ['synapse config path'],
  async run({ args }) {
    const home = findHome({ flags: { home: args.home }, command: 'other' })
    if (args.json === true) printJson({ home })
    else print(home)
    return undefined
  },
})

/** Lists the options that a start would use: all boot options, and the other settings that are configured. */
function optionsOf(config: Config) {
  const { sources, settings, tls, busUrl } = config
  const boot = {
    home: config.home,
    database_url: maskUrl(config.databaseUrl),
    bus_url: busUrl === undefined ? null : maskUrl(busUrl),
    blob_url: blobUrl(config.blobs),
    blob_access_key_id: masked(config.blobKey?.accessKeyId),
    blob_secret_access_key: masked(config.blobKey?.secretAccessKey),
    instance_key: masked(config.instanceKey),
    host: config.hosts.join(','),
    port: config.port,
    lan: config.lan,
    tls_cert: tls?.cert ?? null,
    tls_key: tls?.key ?? null,
    allow_public_bind: config.allowPublicBind,
    socket: config.socket ?? 'off',
    'http.max_body': settings['http.max_body'],
    admin_handles: settings.admin_handles,
    admin_token: masked(config.adminToken),
    backup_dir: config.backupDir,
    backup_passphrase: masked(config.backupPassphrase),
    log_level: config.logLevel,
    ...configsyncOptions(config),
    'matrix.server_name': config.matrix?.serverName ?? null,
    'matrix.registration_token': masked(config.matrix?.registrationToken),
    'matrix.registration_secret': masked(config.matrix?.registrationSecret),
  }
  const isBoot = (key: string) => Object.hasOwn(boot, key)
  const live = Object.entries(settings).filter(
    ([key]) => !isBoot(key) && sources[key as keyof typeof settings] !== 'default',
  )
  return [...Object.entries(boot), ...live].map(([key, value]) => ({
    key,
    value,
    // The keys of both are keys of settings; Object.entries only knows that they are text.
    source: sources[key as keyof typeof sources],
  }))
}

function configsyncOptions({ settings, configsyncStore, configsyncBlobs }: Config) {
  const bucket = configsyncBlobs?.blobs.kind === 's3' ? configsyncBlobs.blobs : undefined
  return {
    configsync: settings.configsync,
    'configsync.store': configsyncStore,
    'configsync.s3_bucket': bucket?.bucket ?? null,
    'configsync.s3_endpoint': bucket?.endpoint ?? null,
    'configsync.s3_region': bucket?.region ?? null,
    'configsync.s3_prefix': bucket?.prefix ?? '',
    'configsync.s3_virtual_hosted': bucket?.virtualHosted ?? false,
    'configsync.s3_access_key_id': masked(configsyncBlobs?.blobKey?.accessKeyId),
    'configsync.s3_secret_access_key': masked(configsyncBlobs?.blobKey?.secretAccessKey),
  }
}

/** Shows that a secret is set, and nothing of its value. */
function masked(secret: string | undefined): string | null {
  return secret === undefined ? null : '***'
}

/** Returns the remarks on a configuration, including a bad admin token, which only a server without an admin refuses. */
function noticesOf({ notices, adminTokenProblem: found, settings }: Config): readonly string[] {
  return [
    ...notices,
    ...(found === undefined
      ? []
      : [`${found.name} ${found.problem}: a server without an admin account refuses to start with it`]),
    ...descriptorNotices(settings['streams.total']),
    ...memoryNotices(),
  ]
}

/** Returns the remarks on the certificate. @throws OperatorError when it cannot be used */
function tlsRemarks({ tls }: Config): string[] {
  if (tls === undefined) return []
  return remarksOn(readTls(tls), tls.cert).map(({ problem, remedy }) => `${problem}: ${remedy}`)
}

/** Warns of a low memory limit. A server started here would have the limit of this process. */
function memoryNotices(): string[] {
  const limit = memoryOf()?.limit
  if (limit === undefined || limit >= MIN_MEMORY) return []
  return [
    `a server started here would have ${Math.floor(limit / 2 ** 20)} MiB of memory and needs ${MIN_MEMORY / 2 ** 20}: raise the limit (MemoryMax=256M in a unit; docker --memory 256m)`,
  ]
}

/** Warns of a low limit of open files. A server started here would have the limit of this process. */
function descriptorNotices(streams: number): string[] {
  const limit = descriptorsOf()?.limit
  if (limit === undefined || streams <= limit - reservedFor(limit)) return []
  return [
    `streams.total allows ${streams} streams, but a server started here would have room for ${limit - reservedFor(limit)} connections: raise the limit (ulimit -n 65536; LimitNOFILE in a unit), or lower streams.total`,
  ]
}
