import { type Config, findHome, loadConfig, maskUrl } from '../../config'
import { becomeOwner, readTls, remarksOn } from '../../home'
import { descriptorsOf, keptFree } from '../../platform/descriptors'
import { LEAST_MEMORY, memoryOf } from '../../platform/memory'
import { command } from '../lib/command'
import { print, printJson } from '../lib/terminal'
import { written } from './index'

const args = {
  home: { type: 'string', valueHint: 'dir', description: 'The home of the server (SYNAPSE_HOME)' },
  json: { type: 'boolean', description: 'Print JSON instead of text' },
} as const

export const checkConfig = command({
  args,
  notes: [
    'Reads the environment and synapse.env as a server would that starts here now, and says everything that is wrong',
    'with them. Flags of serve are not seen: name them as variables to have them checked (--port as SYNAPSE_PORT).',
    'Asks no server, and shows no secret.',
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

/** What a start would go by: the boot options, and of the other settings those that somebody has written down. */
function optionsOf(config: Config) {
  const { sources, settings, tls, busUrl } = config
  const boot = {
    home: config.home,
    database_url: maskUrl(config.databaseUrl),
    bus_url: busUrl === undefined ? null : maskUrl(busUrl),
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

/** That there is a secret, and no more of it. */
function masked(secret: string | undefined): string | null {
  return secret === undefined ? null : '***'
}

/** What is worth a line, a token included that only a server without any admin would refuse. */
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

/** What deserves a look of a certificate that can be served. @throws OperatorError of one that cannot */
function tlsRemarks({ tls }: Config): string[] {
  if (tls === undefined) return []
  return remarksOn(readTls(tls), tls.cert).map(({ problem, remedy }) => `${problem}: ${remedy}`)
}

/** This process is held to the limit of a server that is started in its place. */
function memoryNotices(): string[] {
  const limit = memoryOf()?.limit
  if (limit === undefined || limit >= LEAST_MEMORY) return []
  return [
    `a server that is started here may have ${Math.floor(limit / 2 ** 20)} MiB of memory, and needs ${LEAST_MEMORY / 2 ** 20}: raise the limit (MemoryMax=256M in a unit; docker --memory 256m)`,
  ]
}

/** This process may have as many as a server that is started in its place. */
function descriptorNotices(streams: number): string[] {
  const limit = descriptorsOf()?.limit
  if (limit === undefined || streams <= limit - keptFree(limit)) return []
  return [
    `streams.total admits ${streams} streams, and a server that is started here has room for ${limit - keptFree(limit)} connections: raise the limit (ulimit -n 65536; LimitNOFILE in a unit), or lower streams.total`,
  ]
}
