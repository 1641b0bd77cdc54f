/**
 * Puts core, hub and surfaces together over an open store: here each port of the core gets its implementation. main.ts
 * starts and stops the process around them; surfaces.ts lists the surfaces. Start reading at `assemble`.
 */
import { bootstrapToken, type Config, settingRegistry } from '../config'
import { createCore } from '../core'
import type { Host, NearbyServer } from '../core/kernel'
import { Trouble } from '../core/kernel/errors'
import type { Passwords } from '../core/kernel/ports'
import type { Clock } from '../core/kernel/time'
import type { Turns } from '../core/kernel/turns'
import type { Catalogue } from '../core/log/catalogue'
import type { InstanceKey } from '../home/instance-key'
import { Entrance } from '../http/entrance'
import { echoKeys } from '../http/public'
import { RateLimits } from '../http/rate-limits'
import { createHttpServer } from '../http/server'
import { StreamLimits } from '../http/stream-limits'
import type { AppParts, Surface } from '../http/surface'
import { Wire } from '../http/v1'
import { Hub, OpenLongPolls } from '../hub'
import { createFollowers, Runner, upkeepJobs } from '../jobs'
import { systemSecrets } from '../platform'
import { descriptorsOf } from '../platform/descriptors'
import { retrySecrets } from '../platform/encryption'
import { deriveKey } from '../platform/instance-keys'
import type { Logger } from '../platform/logger'
import { OutboundCalls } from '../platform/outbound'
import { pairSecrets } from '../platform/pair-secrets'
import type { DiskWatch, OpenStore } from '../store'
import type { BackupService } from './backups'
import type { ServerMetrics } from './metrics'
import { VERSION } from './version'

/** Readiness fails below this much free space. */
const LEAST_DISK_BYTES = 64 * 1024 * 1024

interface Parts {
  readonly config: Config
  /** The protocols that the server speaks. */
  readonly surfaces: readonly Surface[]
  readonly catalogue: Catalogue
  readonly store: OpenStore
  readonly clock: Clock
  readonly turns: Turns
  readonly passwords: Passwords
  readonly logger: Logger
  readonly bootId: string
  /** Asks the process to stop. */
  readonly requestStop: () => void
  readonly report: (fault: unknown) => void
  readonly disk: DiskWatch
  readonly serverMetrics: ServerMetrics
  readonly certificateEnds: () => Date | undefined
  readonly nearbyServers: () => readonly NearbyServer[]
  readonly key: InstanceKey
  readonly backups: Pick<BackupService, 'maker' | 'backups'>
  /** How far the clock of this machine is ahead of that of a shared database. */
  readonly clockAheadMs: () => number
  /** Returns why the bus does not work; null while it works. */
  readonly busProblem: () => string | null
}

/** Puts core, hub and surfaces together over an open store. */
export async function assemble(parts: Parts) {
  const {
    config,
    catalogue,
    store,
    clock,
    turns,
    logger,
    bootId,
    report,
    disk,
    serverMetrics,
    backups,
    key,
  } = parts
  const { certificateEnds } = parts
  const { shared } = store
  const publishers: ((topic: string, text: string) => void)[] = []
  const longPolls: OpenLongPolls = new OpenLongPolls(() => core.log.head)
  // There are no listeners before the hub exists.
  let hasReaders = () => false
  const core = await createCore({
    catalogue,
    store,
    settings: settingRegistry(config),
    clock,
    turns,
    secrets: systemSecrets,
    passwords: parts.passwords,
    pairSecrets: pairSecrets(key.seed(), key.did),
    retrySecrets: retrySecrets(key.seed()),
    streams: {
      openAccounts: () => hub.openAccounts(),
      get hasReaders() {
        return hasReaders()
      },
    },
    longPolls,
    report,
  })
  const wire = new Wire(core)
  const { directory, policy, feed, pace } = core
  const hub: Hub = new Hub(
    {
      catalogue,
      directory,
      policy,
      feed,
      clock,
      pace,
      publish: (topic, event) => {
        const text = wire.envelope(event)
        for (const publish of publishers) publish(topic, text)
        return text.length
      },
      ended: (reader, reason) => {
        serverMetrics.ended(reason)
        if (reason === 'slow_consumer')
          logger.warning('a stream was closed, because its reader took nothing', {
            account_id: reader.account.uuid,
          })
      },
      report,
    },
    longPolls,
    core.log.head,
  )
  store.onCommit((events) => hub.announce(events))
  shared?.onAdvance((upTo) => hub.advanceTo(upTo))
  shared?.answerAfterFlush(() => hub.flushed())
  hasReaders = () => hub.hasReaders
  shared?.followWhile(hasReaders)
  const startedAt = Date.now()
  const startedSteady = clock.steady()
  const vitals = {
    version: VERSION,
    bootId,
    uptimeSeconds: () => Math.floor((clock.steady() - startedSteady) / 1000),
    store: store.kind,
    did: key.did,
    backup: () => backups.backups.status,
    ...(shared && {
      database: () => ({ clock_ahead_ms: parts.clockAheadMs() }),
      bus: () => {
        const problem = parts.busProblem()
        return {
          kind: config.busUrl === undefined ? 'postgres' : 'redis',
          ok: problem === null,
          problem,
        } as const
      },
    }),
    checks: () => ({
      db: store.isHealthy(),
      migrations: true,
      disk: disk.free >= LEAST_DISK_BYTES,
    }),
    isStopping: () => server.stopping,
    openStreams: () => hub.openStreams,
    writesInFlight: () => serverMetrics.meters.writesInFlight,
    metrics: () =>
      serverMetrics.render({
        version: VERSION,
        store: store.kind,
        startedAt,
        head: () => core.log.head,
        streams: () => hub.openStreams,
        longPolls: () => longPolls.size,
        readerLag: () => hub.readerLag,
        isHealthy: () => store.isHealthy(),
        isDraining: () => core.settings.get('drain'),
        diskFree: () => disk.free,
        descriptors: () => descriptorsOf(),
        certificateEnds,
        newestBackup: () => backups.backups.newest(),
      }),
  } as const
  const host: Host = {
    vitals,
    backups: backups.maker,
    process: { bootId, requestStop: parts.requestStop },
    echoKeys: echoKeys(deriveKey(key.seed(), 'synapse-echo'), () => Math.floor(clock.now() / 1000)),
    nearbyServers: parts.nearbyServers,
  }
  const rates = new RateLimits(core.settings, clock)
  const runner = new Runner({
    leases: store,
    clock,
    report: (fault, job) => {
      if (fault instanceof Trouble) report(fault)
      else logger.error('a job failed', { job, fault })
    },
  })
  const head = () => core.log.head
  const app: AppParts = {
    core,
    streams: hub,
    longPolls,
    limits: new StreamLimits(core.settings),
    entrance: new Entrance(core.authentication, core, rates),
    rates,
    host,
    followers: createFollowers({ catalogue, store, clock, runner, head, hydrate: core.hydrate, report }),
    outbound: new OutboundCalls({ allowed: () => core.settings.get('webhooks.allow_targets') }),
    report,
  }
  for (const surface of parts.surfaces) surface.followLog?.(app)
  const http = createHttpServer(app, parts.surfaces, logger, serverMetrics.meters)
  const server = { http, stopping: false }
  const { usage, attempts, impersonationNotes } = core
  const upkeep = upkeepJobs({
    store,
    usage,
    attempts,
    impersonationNotes,
    clock,
    aheadUntil: () => core.log.aheadUntil(clock),
    warn: (message, facts) => logger.warning(message, facts),
  })
  for (const job of upkeep) runner.add(job)
  return { server, publishers, hub, core, runner }
}

/** Stores the admin token of the environment if no credential has admin rights yet. Returns how many have them. */
export async function bootstrap(
  config: Config,
  core: Awaited<ReturnType<typeof createCore>>,
  logger: Logger,
): Promise<number> {
  let credentials = await core.accounts.adminCredentials()
  const token = credentials === 0 ? bootstrapToken(config) : undefined
  if (token !== undefined && (await core.tokens.bootstrap(token, credentials))) {
    logger.warning(
      'stored SYNAPSE_ADMIN_TOKEN as the token bootstrap-env of the account system; it is not needed again',
    )
    credentials = 1
  }
  if (credentials === 0) logger.warning('no account can administer this server over the network yet')
  else if ((await core.accounts.humanAdmins()).length === 0)
    logger.warning('no person can administer this server: no active human account is a system admin')
  return credentials
}
