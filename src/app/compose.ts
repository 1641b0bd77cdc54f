/**
 * Puts core, hub and surfaces together over an open store: here each port of the core gets its implementation. main.ts
 * starts and stops the process around them; surfaces.ts lists the surfaces. Start reading at `assemble`.
 */
import { bootstrapToken, type Config, settingRegistry } from '../config'
import { createCore } from '../core'
import { activityCounting } from '../core/activity/counting'
import { impliedAcks } from '../core/inbox/implied-acks'
import type { Host, NearbyServer } from '../core/kernel'
import type { Blobs } from '../core/kernel/blobs'
import { Trouble } from '../core/kernel/errors'
import type { Outbound } from '../core/kernel/outbound'
import type { Passwords } from '../core/kernel/ports'
import type { Clock } from '../core/kernel/time'
import type { Turns } from '../core/kernel/turns'
import type { Catalogue } from '../core/log/catalogue'
import type { MatrixAdministration } from '../core/matrix/administration/administration'
import { wordIndexing } from '../core/search/index-words'
import type { InstanceKey } from '../home/instance-key'
import { Entrance } from '../http/entrance'
import { echoKeys } from '../http/public'
import { RateLimits } from '../http/rate-limits'
import { createHttpServer } from '../http/server'
import { StreamLimits } from '../http/stream-limits'
import type { AppParts, Surface } from '../http/surface'
import { Wire, webhookWire } from '../http/v1'
import { Hub, OpenLongPolls } from '../hub'
import {
  blobJobs,
  configSyncJobs,
  createFollowers,
  inboxJobs,
  LogReader,
  leaseJobs,
  matrixCountJob,
  matrixJob,
  matrixMediaJob,
  matrixPushJob,
  Runner,
  retentionJobs,
  upkeepJobs,
  webhookJobs,
} from '../jobs'
import type { Family } from '../metrics'
import { systemSecrets } from '../platform'
import { descriptorsOf } from '../platform/descriptors'
import { retrySecrets } from '../platform/encryption'
import { deriveKey } from '../platform/instance-keys'
import type { Logger } from '../platform/logger'
import { pairSecrets } from '../platform/pair-secrets'
import { tokenSigner } from '../platform/signed-tokens'
import { webhookSecrets } from '../platform/webhook-secrets'
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
  readonly blobs: Blobs
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
  readonly outbound: Outbound
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
    blobs: parts.blobs,
    settings: settingRegistry(config),
    clock,
    turns,
    secrets: systemSecrets,
    passwords: parts.passwords,
    pairSecrets: pairSecrets(key.seed(), key.did),
    retrySecrets: retrySecrets(key.seed()),
    tokenSigner: tokenSigner(key.seed()),
    streams: {
      openAccounts: () => hub.openAccounts(),
      get hasReaders() {
        return hasReaders()
      },
      get hasStreams() {
        return hasReaders() && hub.hasStreams
      },
      frame: (frame) => hub.frame(frame),
    },
    longPolls,
    webhooks: {
      outbound: parts.outbound,
      secrets: webhookSecrets(key.seed()),
      wire: webhookWire(() => wire),
      chance: Math.random,
    },
    report,
  })
  const wire: Wire = new Wire(core)
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
      notified: (accountId, message) => core.receipts.messages(accountId, [message], 'notified'),
      ended: (reader, reason) => {
        serverMetrics.ended(reason)
        if (reason === 'slow_consumer')
          logger.warning('a stream was closed, because its reader took nothing', {
            account_id: reader.account.uuid,
          })
      },
      streamChanged: (account, isOpen) => core.presences.streamChanged(account, isOpen),
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
  let matrixMetrics: () => readonly Family[] = () => []
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
    metrics: async () => {
      const { pending, oldest } = await core.reads.outboxState()
      return serverMetrics.render({
        outbox: { pending, oldestAt: oldest === null ? null : oldest / 1000 },
        now: () => clock.now() / 1000,
        version: VERSION,
        store: store.kind,
        startedAt,
        head: () => core.log.head,
        configsyncBlobs: () => core.configsync.storage.counted,
        streams: () => hub.openStreams,
        longPolls: () => longPolls.size,
        readerLag: () => hub.readerLag,
        projectionLags: () => followers.lags(),
        isHealthy: () => store.isHealthy(),
        isDraining: () => core.settings.get('drain'),
        diskFree: () => disk.free,
        descriptors: () => descriptorsOf(),
        certificateEnds,
        newestBackup: () => backups.backups.newest(),
        verifiedBackup: () => backups.backups.newestVerified(),
        matrix: () => matrixMetrics(),
      })
    },
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
  const { hydrate } = core
  const logReader = { catalogue, store, head, hydrate, report, pace }
  const followers = createFollowers({ ...logReader, clock, runner })
  const app: AppParts = {
    core,
    streams: hub,
    longPolls,
    limits: new StreamLimits(core.settings),
    entrance: new Entrance(core.authentication, core, rates),
    rates,
    host,
    followers,
    outbound: parts.outbound,
    homeserver: () => homeserver,
    report,
  }
  let homeserver: MatrixAdministration | undefined
  app.followers.project(wordIndexing)
  app.followers.project(impliedAcks(core.directory))
  app.followers.project(core.webhookQueueing)
  app.followers.project(core.awaiting)
  app.followers.project(activityCounting(() => clock.now()))
  const surfaces = [...parts.surfaces]
  if (config.matrix) {
    const { composeMatrix } = await import('./matrix')
    const { surface, projector, waiters, ...matrix } = await composeMatrix({
      ...{ core, policy: core.policy, store, blobs: parts.blobs, report },
      ...{ passwords: parts.passwords, secrets: systemSecrets, outbound: parts.outbound },
      ...config.matrix,
      seed: key.seed(),
      announce: (message, facts) => logger.warning(message, { ...facts }),
    })
    surfaces.push(surface)
    homeserver = matrix.administration
    matrixMetrics = matrix.metrics
    runner.add(matrixCountJob({ totals: matrix.totals, settings: core.settings, clock }))
    runner.add(matrixMediaJob({ unreferencedMedia: matrix.unreferencedMedia, clock }))
    projector.wanted.onMore(() => runner.wake())
    const hasWaiters = () => waiters.size > 0
    runner.add(matrixJob({ projector, clock, hasWaiters }))
    runner.add(matrixPushJob(matrix.pushDelivery, () => runner.wake()))
    longPolls.onStop(matrix.stop)
    shared?.followWhile(() => hasReaders() || hasWaiters())
  }
  for (const surface of surfaces) surface.followLog?.(app)
  const http = createHttpServer(app, surfaces, logger, serverMetrics.meters)
  const server = { http, stopping: false }
  const { usage, attempts, impersonationNotes } = core
  const upkeep = upkeepJobs({
    store,
    usage,
    attempts,
    settings: core.settings,
    impersonationNotes,
    forgetRemoved: () => store.forgetRemoved(),
    releasePages: () => store.releasePages(),
    mergeWordIndex: () => store.mergeWordIndex(),
    clock,
    aheadUntil: () => core.log.aheadUntil(clock),
    warn: (message, facts) => logger.warning(message, facts),
  })
  const isCopying = () => backups.backups.isCopyingBlobs
  const ofBlobs = blobJobs({
    attachments: core.attachments,
    unusedBlobs: core.unusedBlobs,
    clock,
    isCopying,
  })
  const retention = retentionJobs({
    purges: core.purges,
    erasures: core.erasures,
    settings: core.settings,
    clock,
    report: (fault) => logger.error('the daily purge failed', { fault }),
  })
  const sync = configSyncJobs({ configsync: core.configsync, clock })
  const leases = leaseJobs({
    store,
    expiries: core.expiries,
    leaseClock: core.leaseClock,
    clock,
    presences: core.presences,
    presenceFrames: core.presenceFrames,
    readsSeen: core.readsSeen,
    isShared: shared !== undefined,
    wake: () => runner.wake(),
  })
  const ofInboxes = inboxJobs(core)
  core.receipts.onNote(() => runner.wake())
  core.frames.onSpaced(() => runner.wake())
  const ofWebhooks = webhookJobs({
    ...{ dispatcher: core.dispatcher, feed: core.webhookFeed, log: new LogReader(logReader), clock },
    isShared: shared !== undefined,
    wake: () => runner.wake(),
  })
  const jobs = [...upkeep, ...ofBlobs, ...retention, ...leases, ...sync, ...ofInboxes, ...ofWebhooks]
  for (const job of jobs) runner.add(job)
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
