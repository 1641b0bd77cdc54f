/**
 * The composition root: `boot` turns a configuration into a running server, and is the only code that knows every
 * part. What the parts do to each other is in the core's ports; which of them stand in for which port is here.
 */
import { refuseHalfRestored } from './backup'
import { bootstrapToken, type Config, maskUrl, settingRegistry } from './config'
import { createCore } from './core'
import type { Clock } from './core/time'
import { acceptsPeer, checkBind, homePaths, lockHome, prepareHome, startRunRecord, writeState } from './home'
import type { InstanceKey } from './home/instance-key'
import { adminEndpoints } from './http/admin'
import { notePeer } from './http/client'
import { docsEndpoints } from './http/docs'
import type { Endpoint } from './http/endpoint'
import { healthEndpoints } from './http/health'
import { type Listener, listenTcp, listenUnix } from './http/listen'
import { openApiEndpoint } from './http/openapi'
import { pairPageEndpoint } from './http/pair'
import { RateLimits } from './http/rate-limits'
import { createHttpServer, type HttpServer } from './http/server'
import { StreamLimits } from './http/stream-limits'
import { v1Endpoints, Wire } from './http/v1'
import { type Bus, type BusListener, HeldRequests, Hub, openPostgresBus, openRedisBus } from './hub'
import { startUpkeep } from './jobs'
import { copyBefore, type Keeping, keepBackups } from './keeping'
import { createLogger, type Logger } from './logger'
import { checkIdentity, checkRollback, openHomeStore, watchDisk } from './opening'
import { pairSecrets } from './pair-secrets'
import { argonPasswords, systemClock, systemSecrets } from './platform'
import type { DiskWatch, OpenStore } from './store'
import { VERSION } from './version'

/** Requests in flight get so long when the server stops. */
const GRACE_MILLISECONDS = 10_000
/** Readiness fails below this much free space. */
const LEAST_DISK_BYTES = 64 * 1024 * 1024

export interface Running {
  readonly bootId: string
  readonly urls: readonly string[]
  readonly socket: string | null
  readonly summary: {
    readonly version: string
    readonly home: string
    /** Without its password. */
    readonly store: string
    readonly urls: readonly string[]
    readonly socket: string | null
    readonly baseUrl: string | null
    readonly adminCredentials: number
  }
  /** Answers a request of the local operator in process, as the Unix socket would. */
  handle(request: Request): Promise<Response>
  /** Ends gracefully, in at most about 20 seconds. */
  stop(): Promise<void>
}

export interface BootOptions {
  /** False for a command that works on the data itself: nothing listens and no run file is written. */
  readonly listen: boolean
  /** Where log lines go; default stdout when listening, nowhere otherwise. */
  readonly log?: (text: string) => void
  /** Where "now" comes from; default the system's clock. */
  readonly clock?: Clock
}

/**
 * Starts the server on its home.
 * @throws HomeError, ConfigError when it must not start; an error with a `code` when an address cannot be had
 */
export async function boot(config: Config, options: BootOptions): Promise<Running> {
  await using undo = new AsyncDisposableStack()
  const bootId = config.bootId ?? crypto.randomUUID()
  const { clock = systemClock } = options
  const write = options.log ?? (options.listen ? (text: string) => process.stdout.write(text) : () => {})
  const logger = undo.use(createLogger(config.logLevel, write))
  const notices = prepareHome(config.home)
  for (const notice of [...config.notices, ...notices]) logger.warning(notice)

  const bind = checkBind(config.hosts, config.allowPublicBind)
  if (options.listen && !bind.ok) throw bind.refusal
  const { database } = config
  undo.use(await lockHome(config.home, database.kind === 'sqlite' ? { database: database.path } : {}))
  refuseHalfRestored(config.home)
  const record = options.listen ? startRunRecord(config.home, runFile(config, bootId)) : undefined
  if (record) undo.defer(() => record.remove())

  const report = (fault: unknown) => logger.error('something failed in the background', { fault })
  const beforeMigration = copyBefore(config, clock, logger)
  const disk = undo.use(watchDisk(config, logger))
  const store = await openHomeStore(config.database, {
    clock,
    secrets: systemSecrets,
    report,
    beforeMigration,
    disk,
  })
  undo.defer(() => store.close())
  for (const notice of store.notices) logger.warning(notice)
  if (store.migrated.length > 0) logger.info('migrated the store', { migrations: store.migrated })
  const key = await checkIdentity(config, store)
  await checkRollback(config, store, logger)
  const keeping: Keeping = keepBackups({
    config,
    store,
    key,
    clock,
    logger,
    settings: { get: (name) => core.settings.get(name) },
    onMade: (by, name) => {
      const target = name === null ? null : ({ type: 'backup', id: name } as const)
      // The backup is there all the same.
      void core.audit.note(by === 'server' ? null : { via: by }, 'backup', target).catch(report)
    },
  })
  undo.defer(() => keeping.stop())
  const { server, publishers, hub, core, upkeep } = await assemble({
    config,
    store,
    clock,
    logger,
    bootId,
    report,
    disk,
    backups: keeping.maker,
    key,
  })
  undo.defer(() => upkeep.stop())
  undo.defer(() => hub.stop())
  for (const ignored of core.settings.ignored)
    logger.warning('a setting has a value that this version does not take; it is ignored', { key: ignored })
  const bus = openBus(config, store, report)
  if (bus) undo.defer(() => bus.close())

  const adminCredentials = await bootstrap(config, core, logger)
  const listeners: Listener[] = []
  if (options.listen && bind.ok) {
    if (config.socket) listeners.push(listenUnix(config.socket, server.http))
    undo.defer(() => Promise.all(listeners.map((listener) => listener.stop(0))).then(() => {}))
    // Port 0 is whatever the first address gets; the others then listen there as well.
    let { port } = config
    for (const { host, bindClass } of bind.listeners) {
      const accepts = bindClass === 'private' ? (peer: string) => acceptsPeer(bindClass, peer) : null
      const listener = listenTcp({ host, port, accepts, http: server.http })
      listeners.push(listener)
      port = Number(new URL(listener.url ?? '').port) || port
    }
    for (const notice of bind.notices) logger.warning(notice)
  }
  publishers.push(...listeners.map((listener) => listener.publish))
  const urls = listeners.map((listener) => listener.url).filter((url) => url !== undefined)
  record?.update({ phase: 'ready', urls })
  if (options.listen) await keeping.start()
  if (options.listen) logger.info('ready', { version: VERSION, boot_id: bootId, urls })

  const stack = undo.move()
  let stopping: Promise<void> | undefined
  // What only informs keeps no server from ending, not even on a full disk.
  const attempt = (write: () => void) => {
    try {
      write()
    } catch (fault) {
      report(fault)
    }
  }
  const stop = async () => {
    server.stopping = true
    attempt(() => record?.update({ phase: 'stopping' }))
    logger.info('stopping')
    // Streams end first, because a listener waits for them.
    hub.stop()
    await Promise.all(listeners.map((listener) => listener.stop(GRACE_MILLISECONDS)))
    attempt(() => writeState(homePaths(config.home).state, { epoch: core.log.epoch, lastSeq: core.log.head }))
    await stack.disposeAsync()
  }
  return {
    bootId,
    urls,
    socket: options.listen ? config.socket : null,
    summary: {
      version: VERSION,
      home: config.home,
      store: maskUrl(config.databaseUrl),
      urls,
      socket: options.listen ? config.socket : null,
      baseUrl: core.settings.get('base_url'),
      adminCredentials,
    },
    handle: async (request) => {
      notePeer(request, { transport: 'local', address: null, secure: false })
      return (await server.http.fetch(request)) ?? new Response(null, { status: 500 })
    },
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

interface Parts {
  readonly config: Config
  readonly store: OpenStore
  readonly clock: Clock
  readonly logger: Logger
  readonly bootId: string
  readonly report: (fault: unknown) => void
  readonly disk: DiskWatch
  readonly backups: Keeping['maker']
  readonly key: InstanceKey
}

/** Core, hub and surfaces over an open store. */
async function assemble({ config, store, clock, logger, bootId, report, disk, backups, key }: Parts) {
  const publishers: ((topic: string, text: string) => void)[] = []
  const waits: HeldRequests = new HeldRequests(() => core.log.head)
  const core = await createCore({
    store,
    settings: settingRegistry(config),
    clock,
    secrets: systemSecrets,
    passwords: argonPasswords(),
    pairSecrets: pairSecrets(key.seed(), key.did),
    streams: { isOpen: (accountId) => hub.isOpen(accountId) },
    waits,
  })
  const wire = new Wire(core.log)
  const { directory, gates, feed } = core
  const hub: Hub = new Hub(
    {
      directory,
      gates,
      feed,
      clock,
      publish: (topic, event) => {
        const text = wire.envelope(event)
        for (const publish of publishers) publish(topic, text)
        return text.length
      },
      report,
    },
    waits,
    core.log.head,
  )
  store.onCommit((events) => hub.announce(events))
  store.onSkip((upTo) => hub.skip(upTo))
  store.answerAfter(() => hub.carried())
  store.followWhile(() => hub.isHeard)
  const vitals = {
    version: VERSION,
    bootId,
    startedAt: Date.now(),
    store: store.kind,
    checks: () => ({
      db: store.isHealthy(),
      migrations: true,
      disk: disk.free >= LEAST_DISK_BYTES,
    }),
    isStopping: () => server.stopping,
    openStreams: () => hub.openStreams,
  } as const
  const rates = new RateLimits(core.settings, clock)
  const live = { core, wire, streams: hub, waits, limits: new StreamLimits(core.settings), rates }
  const endpoints = declareEndpoints(live, vitals, (ids) => store.reads.lastSeen(ids), backups)
  const openApi = openApiEndpoint(endpoints)
  const http: HttpServer = createHttpServer(
    core,
    [...endpoints, openApi, ...docsEndpoints([...endpoints, openApi])],
    rates,
    logger,
  )
  const server = { http, stopping: false }
  const upkeep = startUpkeep({ store, usage: core.usage, actedWrites: core.actedWrites, clock, report })
  return { server, publishers, hub, core, upkeep }
}

/** Every endpoint that /openapi.json describes. Declaring them calls nothing: their parts are used by requests alone. */
export function declareEndpoints(
  live: Parameters<typeof v1Endpoints>[0],
  vitals: Parameters<typeof healthEndpoints>[1],
  lastSeen: Parameters<typeof adminEndpoints>[1],
  backups: Parameters<typeof adminEndpoints>[2],
): Endpoint[] {
  const { core } = live
  return [
    ...healthEndpoints(core, vitals),
    ...v1Endpoints(live),
    pairPageEndpoint(),
    ...adminEndpoints(core, lastSeen, backups),
  ]
}

/** Over a store that is shared, every process tells the others that it wrote. */
function openBus(config: Config, store: OpenStore, report: (fault: unknown) => void): Bus | undefined {
  if (config.database.kind === 'sqlite') return undefined
  const listener: BusListener = (topic, text) => {
    if (topic === 'log') store.hint(Number(text))
  }
  const bus = config.busUrl
    ? openRedisBus(config.busUrl, listener, report)
    : openPostgresBus(config.database.url, listener, report)
  store.onWrite((upTo) => bus.send('log', String(upTo)))
  return bus
}

/** The admin token of the environment, if nobody could administrate otherwise. Answers how many can. */
async function bootstrap(
  config: Config,
  core: Awaited<ReturnType<typeof createCore>>,
  logger: Logger,
): Promise<number> {
  const credentials = await core.accounts.adminCredentials()
  const token = credentials === 0 ? bootstrapToken(config) : undefined
  if (token === undefined) {
    if (credentials === 0) logger.warning('nobody can administrate this server over the network yet')
    return credentials
  }
  await core.tokens.bootstrap(token, credentials)
  logger.warning(
    'stored SYNAPSE_ADMIN_TOKEN as the token bootstrap-env of the account system; it is not needed again',
  )
  return 1
}

function runFile(config: Config, bootId: string): Parameters<typeof startRunRecord>[1] {
  return {
    pid: process.pid,
    boot_id: bootId,
    version: VERSION,
    started_at: new Date().toISOString(),
    urls: [],
    socket: config.socket,
    home: config.home,
    store_kind: config.database.kind,
    args: process.argv.slice(2),
    supervisor: config.supervisor,
    phase: 'migrating',
  }
}
