/**
 * The composition root: `boot` starts a server from a configuration and returns how to stop it. The ports between the
 * parts are declared in core; app/compose.ts says which part implements which port.
 */

import { type BackupService, copyBefore, keepBackups } from './app/backups'
import { checkBlobs, openHomeBlobs } from './app/blobs'
import { buildAhead } from './app/build-ahead'
import { assemble, bootstrap } from './app/compose'
import {
  type Listeners,
  localUrl,
  openListeners,
  planBind,
  type RunOptions,
  refusePublicRescue,
} from './app/listeners'
import { MdnsAnnouncer, type MdnsAnnouncerParts } from './app/mdns'
import { ServerMetrics } from './app/metrics'
import {
  checkIdentity,
  checkRollback,
  checkServerName,
  firstRunFile,
  homeErrorOf,
  openBus,
  openHomeStore,
  placeNotices,
  watchDisk,
} from './app/open-store'
import { surfaces } from './app/surfaces'
import { VERSION } from './app/version'
import { refuseHalfRestored } from './backup'
import { type Config, maskUrl } from './config'
import { background } from './core/kernel/background'
import { Trouble } from './core/kernel/errors'
import type { OperatorError } from './core/kernel/operator-error'
import type { Passwords } from './core/kernel/ports'
import type { Clock } from './core/kernel/time'
import type { Turns } from './core/kernel/turns'
import { type Catalogue, eventCatalogue } from './core/log/catalogue'
import {
  checkSocketPlace,
  homePaths,
  lockHome,
  powerNotices,
  prepareHome,
  startRunRecord,
  writeState,
} from './home'
import { notePeer } from './http/client'
import type { Listener } from './http/listener'
import type { Surface } from './http/surface'
import type { Bus } from './hub'
import { argonPasswords, systemClock, systemSecrets, systemTurns } from './platform'
import { DescriptorGuard } from './platform/descriptors'
import { createLogger } from './platform/logger'
import { OutboundCalls } from './platform/outbound'
import { aheadOrBehind, SharedClock } from './platform/shared-clock'

/** How long requests in flight may take when the server stops. */
const GRACE_MILLISECONDS = 10_000

export interface Running {
  readonly bootId: string
  readonly urls: readonly string[]
  readonly socket: string | null
  readonly summary: {
    readonly version: string
    readonly home: string
    /** The URL of the store, without its password. */
    readonly store: string
    readonly urls: readonly string[]
    /** With `--lan`: the address with the name of this machine. */
    readonly localUrl: string | null
    readonly socket: string | null
    readonly baseUrl: string | null
    readonly isRescue: boolean
    readonly isDraining: boolean
    readonly lastBackup: Date | null
    readonly adminCredentials: number
  }
  /** Answers a request of the local operator in process, like the Unix socket. */
  handle(request: Request): Promise<Response>
  /** Resolves when the local operator asks over the socket to stop. The caller of `boot` then calls `stop`. */
  readonly stopRequested: Promise<void>
  /** Resolves with the error when the server cannot continue. The caller then calls `stop`. */
  readonly failed: Promise<OperatorError>
  /** Stops gracefully, in at most about 20 seconds. */
  stop(): Promise<void>
}

export interface BootOptions extends RunOptions {
  /** False for a command that works on the data in process: no listener is opened and no run file is written. */
  readonly listen: boolean
  /** The home is temporary, so no backups are made. */
  readonly throwAway?: boolean
  /** The command line that starts such a server again, from any directory; default: that of this process. */
  readonly args?: readonly string[]
  /** Writes log lines; default: to stdout when listening, otherwise nowhere. */
  readonly log?: (text: string) => void
  /** The port and interface of multicast DNS, for tests. */
  readonly multicast?: MdnsAnnouncerParts['wire']
  /** Default: the clock of the system. */
  readonly clock?: Clock
  /** Default: turns of the event loop. */
  readonly turns?: Turns
  /** Default: the surfaces in app/surfaces.ts. */
  readonly surfaces?: readonly Surface[]
  /** Hashes passwords; default: argon2id. */
  readonly passwords?: Passwords
  /** The event types that this server knows; default: all that this program writes. */
  readonly catalogue?: Catalogue
  /** Starts the threads of an embedded store; default: those of this program. */
  readonly startWorker?: () => Worker
}

/**
 * Starts the server on its home.
 * @throws OperatorError, ConfigError if it must not start; a system error with a `code` if it cannot listen on an address
 */
export async function boot(config: Config, options: BootOptions): Promise<Running> {
  await using undo = new AsyncDisposableStack()
  const bootId = config.bootId ?? crypto.randomUUID()
  const write = options.log ?? (options.listen ? (text: string) => process.stdout.write(text) : () => {})
  const logger = undo.use(createLogger(config.logLevel, write))
  const shared = new SharedClock(systemClock, (aheadMs, isOff) => {
    if (isOff)
      logger.warning(
        `the clock of this machine is ${aheadOrBehind(aheadMs)} of the database's: stored times follow the database; set the clock (NTP)`,
        { ahead_ms: aheadMs },
      )
    else logger.info('the clock of this machine agrees with that of the database again')
  })
  // A given clock is used as it is, without following the database.
  const { clock = shared, turns = systemTurns, catalogue = eventCatalogue } = options
  const { passwords = argonPasswords() } = options
  const notices = prepareHome(config.home)
  for (const notice of [...config.notices, ...notices]) logger.warning(notice)
  for (const notice of placeNotices(config)) logger.error(notice)

  const bindPlan = options.listen ? planBind(config, options) : undefined
  if (options.listen && config.socket !== null) checkSocketPlace(config.socket)
  const { database } = config
  undo.use(await lockHome(config.home, database.kind === 'sqlite' ? { database: database.path } : {}))
  refuseHalfRestored(config.home)
  const record = options.listen
    ? startRunRecord(config.home, firstRunFile(config, bootId, options.args))
    : undefined
  if (record) undo.defer(() => record.remove())
  // Runs after the store is closed and before the run file is removed. `stop` sets it.
  let atEnd = () => {}
  undo.defer(() => atEnd())

  const report = (fault: unknown) =>
    fault instanceof Trouble
      ? logger.warning(fault.message)
      : logger.error('something failed in the background', { fault })
  const beforeMigration = copyBefore(config, clock, logger)
  const disk = undo.use(watchDisk(config, logger))
  const serverMetrics = undo.use(new ServerMetrics())
  const measure = serverMetrics.group
  const { promise: failed, resolve: fail } = Promise.withResolvers<OperatorError>()
  const unfit = (fault: OperatorError) => {
    logger.error(fault.problem, { fix: fault.remedy })
    fail(homeErrorOf(fault))
  }
  const store = await openHomeStore(config.database, {
    catalogue,
    clock,
    follow: (database, tookMs) => shared.follow(database, tookMs),
    secrets: systemSecrets,
    report,
    unfit,
    beforeMigration,
    disk,
    measure,
    ...(options.startWorker && { startWorker: options.startWorker }),
  })
  undo.defer(() => store.close())
  const power = options.listen ? powerNotices(process.getuid?.()) : []
  for (const notice of [...store.notices, ...power]) logger.warning(notice)
  if (store.migrated.length > 0) logger.info('migrated the store', { migrations: store.migrated })
  const key = await checkIdentity(config, store)
  await checkServerName(config, store)
  await checkRollback(config, store, logger)
  const outbound = new OutboundCalls({ allowed: (setting) => core.settings.get(setting) })
  const homeBlobs = openHomeBlobs(config, report)
  const { blobs } = homeBlobs
  if (options.listen) await checkBlobs(homeBlobs, key, store, logger)
  const backups: BackupService = keepBackups({
    config,
    store,
    key,
    clock,
    logger,
    settings: { get: (name) => core.settings.get(name) },
    outbound,
    onMade: (by, name) => {
      const target = name === null ? null : ({ type: 'backup', id: name } as const)
      // The backup exists even if this note fails, so the failure is only reported.
      background(core.audit.note(by, 'backup', target), report)
    },
  })
  const stopRequested = Promise.withResolvers<void>()
  let mdns: MdnsAnnouncer | undefined
  let bound: Listeners = { urls: [], port: config.port }
  let bus: Bus | undefined
  // Registered first, so ended last: the jobs have stopped when mDNS says goodbye.
  undo.defer(() => mdns?.stop())
  undo.defer(() => backups.stop())
  const { server, publishers, hub, core, runner } = await assemble({
    config,
    surfaces: options.surfaces ?? surfaces,
    catalogue,
    store,
    blobs,
    clock,
    turns,
    passwords,
    logger,
    bootId,
    requestStop: stopRequested.resolve,
    report,
    disk,
    serverMetrics,
    backups,
    outbound,
    clockAheadMs: () => shared.aheadMs,
    certificateEnds: () => bound.certificate?.ends,
    busProblem: () => bus?.problem ?? null,
    nearbyServers: () => mdns?.nearbyServers() ?? [],
    key,
  })
  undo.defer(() => runner.stop())
  undo.defer(() => hub.stop())
  for (const ignored of core.settings.ignored)
    logger.warning('a setting has a value that this version does not take; it is ignored', { key: ignored })
  bus = openBus(config, store, core.frames, report)
  undo.defer(() => bus?.close())

  const adminCredentials = await bootstrap(config, core, logger)
  const listeners: Listener[] = []
  if (bindPlan !== undefined) {
    refusePublicRescue(bindPlan, core.settings.get('base_url'))
    undo.defer(() => Promise.all(listeners.map((listener) => listener.stop(0))).then(() => {}))
    bound = openListeners(config, bindPlan, { http: server.http, logger, listeners, report })
    if (bound.certificate) undo.use(bound.certificate)
    const say = (level: 'info' | 'warning', message: string, facts: object) =>
      logger[level](message, { ...facts })
    undo.use(new DescriptorGuard({ listeners, say, report }))
  }
  for (const listener of listeners) publishers.push((topic, text) => listener.publish(topic, text))
  const { urls } = bound
  const { multicast: wire } = options
  const parts = { config, settings: core.settings, did: key.did, listeners: bound, store, logger }
  if (options.listen) mdns = new MdnsAnnouncer({ ...parts, ...(wire && { wire }) })
  const phase = () => (core.settings.get('drain') ? 'draining' : 'ready')
  record?.update({ phase: phase(), urls: [...urls] })
  if (options.listen && options.throwAway !== true) for (const job of await backups.jobs()) runner.add(job)
  runner.start()
  if (options.listen) {
    logger.info('ready', { version: VERSION, boot_id: bootId, urls })
    // Otherwise the first readers wait for the statements of all that they use.
    background(
      buildAhead(store.common(), core.pace, () => server.stopping),
      report,
    )
  }

  const stack = undo.move()
  let stopping: Promise<void> | undefined
  // A failure to write a file that only informs, for example on a full disk, must not stop the shutdown.
  const attempt = (write: () => void) => {
    try {
      write()
    } catch (fault) {
      report(fault)
    }
  }
  // Any server of the store may change `drain`, so the phase is checked after each commit.
  store.onCommit(() => {
    if (record === undefined || server.stopping || record.current.phase === phase()) return
    attempt(() => record.update({ phase: phase() }))
  })
  const stop = async () => {
    server.stopping = true
    attempt(() => record?.update({ phase: 'stopping' }))
    logger.info('stopping')
    // New connections are refused first. Then streams end, because a listener waits for them.
    const closing = listeners.map((listener) => listener.stop(GRACE_MILLISECONDS))
    hub.stop()
    await Promise.all(closing)
    const mark = { epoch: core.log.epoch, lastSeq: core.log.head }
    atEnd = () => attempt(() => writeState(homePaths(config.home).state, mark))
    await stack.disposeAsync()
  }
  return {
    bootId,
    urls,
    failed,
    socket: options.listen ? config.socket : null,
    summary: {
      version: VERSION,
      home: config.home,
      store: maskUrl(config.databaseUrl),
      urls,
      localUrl: config.lan ? localUrl(config, bound.port) : null,
      socket: options.listen ? config.socket : null,
      baseUrl: core.settings.get('base_url'),
      isRescue: bindPlan?.rescue === true,
      isDraining: core.settings.get('drain'),
      lastBackup: options.listen ? (backups.backups.newest() ?? null) : null,
      adminCredentials,
    },
    handle: async (request) => {
      notePeer(request, { transport: 'local', address: null, secure: false })
      return (await server.http.fetch(request)) ?? new Response(null, { status: 500 })
    },
    stopRequested: stopRequested.promise,
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}
