/**
 * The core is the product: what people and agents do in their channels, and who receives the resulting events.
 * It imports only itself. Its ports are in kernel/ports.ts, log/streams.ts and log/shared-log.ts; app/ supplies their
 * implementations. Every verb takes the actor as its first argument. A surface translates its protocol into these verbs
 * and back.
 * Start reading at messages/messages.ts (a post), then access/policy.ts (rights), log/catalogue.ts (types of events)
 * and log/feed.ts (reading events).
 */

import { AccessReport } from './access/access'
import { Directory } from './access/directory'
import { ImpersonationNotes } from './access/impersonation'
import { Policy } from './access/policy'
import { Activity } from './activity/activity'
import { createApprovals } from './approvals/create'
import { createChain } from './chain/create'
import { Aliases } from './channels/aliases'
import { ChannelRooms } from './channels/channel-rooms'
import { Channels } from './channels/channels'
import { DirectChannels } from './channels/direct-channels'
import { Memberships } from './channels/memberships'
import { createOwnChannels } from './channels/own'
import { UnreadCounts } from './channels/unread-counts'
import { createConfigSync } from './configsync'
import type { TokenSigner } from './configsync/logins'
import { createCoordination } from './coordination/create'
import { Administration } from './governance/administration'
import { entryBy } from './governance/audit'
import { AuditLog } from './governance/audit-log'
import { Configuration } from './governance/configuration'
import { Exports } from './governance/exports'
import { LiveSettings } from './governance/live-settings'
import type { SettingRegistry } from './governance/settings'
import { Authentication } from './identity'
import { AccountDirectory } from './identity/account-directory'
import { AccountErasure } from './identity/account-erasure'
import { Accounts } from './identity/accounts'
import { Attempts } from './identity/attempts'
import { Onboarding } from './identity/onboarding'
import { OwnTokens } from './identity/own-tokens'
import type { PairSecrets } from './identity/pair-codes'
import { Pairing } from './identity/pairing'
import { Profiles } from './identity/profiles'
import { SelfService } from './identity/self-service'
import { Sessions } from './identity/sessions'
import { TokenReuse } from './identity/token-reuse'
import { Tokens } from './identity/tokens'
import { Usage } from './identity/usage'
import { createInbox } from './inbox'
import { AckSettling } from './inbox/ack-settling'
import { RetryKeys, Transactions } from './kernel'
import { background } from './kernel/background'
import type { Blobs } from './kernel/blobs'
import type { Secrets } from './kernel/ids'
import type { Passwords, Store, Writes } from './kernel/ports'
import type { RetrySecrets } from './kernel/retry-keys'
import type { Clock } from './kernel/time'
import { runsWithin } from './kernel/transactions'
import { Pace, type Turns } from './kernel/turns'
import { UnusedBlobs } from './kernel/unused-blobs'
import { Audience } from './log/audience'
import type { Catalogue } from './log/catalogue'
import type { EventRecord } from './log/events'
import { Feed } from './log/feed'
import { Frames } from './log/frames'
import { hydrateInSlices } from './log/hydrate'
import { Log } from './log/log'
import { RecentChannels } from './log/recent-channels'
import { RecentEvents } from './log/recent-events'
import type { LongPolls, Streams } from './log/streams'
import { Attachments } from './messages/attachments'
import { attendance } from './messages/attendance'
import { MessageContext } from './messages/context'
import { Erasures } from './messages/erasures'
import { History } from './messages/history'
import { Messages } from './messages/messages'
import { Purges } from './messages/purges'
import { MessageScan } from './messages/scan'
import { Threads } from './messages/thread-list'
import { MessageSearch } from './search/search'
import { type Verbs, verbsOver } from './verbs'
import { createWebhooks } from './webhooks'
import { WebhookReport } from './webhooks/health'
import type { WebhookPorts } from './webhooks/ports'

export interface CorePorts {
  /** The types of events that this program knows. The store must have the same catalogue. */
  readonly catalogue: Catalogue
  readonly store: Store
  readonly blobs: Blobs
  readonly settings: SettingRegistry
  readonly clock: Clock
  readonly turns: Turns
  readonly secrets: Secrets
  readonly passwords: Passwords
  readonly pairSecrets: PairSecrets
  readonly retrySecrets: RetrySecrets
  readonly tokenSigner: TokenSigner
  readonly streams: Pick<Streams, 'openAccounts' | 'hasReaders' | 'hasStreams' | 'frame'>
  readonly longPolls: LongPolls
  readonly webhooks: WebhookPorts
  /** Reports a fault that fails no request. */
  readonly report: (fault: unknown) => void
}

/** The whole core, for the composition root. */
type WholeCore = Awaited<ReturnType<typeof createCore>>

/**
 * The core as surfaces see it: without the parts that turn a credential into an actor or read the log without a reader.
 */
export type Core = Omit<WholeCore, 'authentication' | 'policy' | 'directory' | 'hydrate'> & {
  readonly policy: Pick<Policy, 'current' | 'read' | 'hasScope'>
  readonly directory: Omit<Directory, 'tokenByHash' | 'sessionByHash'>
}

/** Creates the core over its ports. Settings, directory and log receive every commit before all other listeners. */
export async function createCore(ports: CorePorts) {
  const { catalogue, store, clock, secrets, passwords, streams, longPolls, report } = ports
  const { shared } = store
  const pace = new Pace(ports.turns, clock, report)
  const settings = await LiveSettings.open(store.reads, ports.settings)
  const directory = new Directory(catalogue, store.reads, pace)
  const log = await Log.open(store, settings, pace)
  const recent = new RecentEvents(catalogue, () => streams.hasReaders)
  const recentChannels = new RecentChannels(store.reads, log.head)
  const unreadCounts = new UnreadCounts(log.head)
  const ackSettling = new AckSettling({ store, directory })
  await ackSettling.open()
  store.onCommit((events) => {
    for (const event of events) {
      settings.apply(event)
      directory.apply(event)
      log.apply(event)
      recent.apply(event)
      ackSettling.apply(event)
      recentChannels.apply(event)
      unreadCounts.apply(event)
    }
  })
  shared?.onAdvance((upTo) => {
    log.advanceTo(upTo)
    recent.clear()
    recentChannels.advanceTo(log.head)
    unreadCounts.advanceTo(log.head)
  })
  shared?.onEpoch(() => background(reloadEpochs(log, recent), report))
  const reloads = [() => settings.reload(store.reads)]
  const hydrate = (records: readonly EventRecord[]) =>
    hydrateInSlices({ catalogue, reads: store.reads, directory, recent }, pace, records)
  shared?.hydrateWith(async (records) => {
    // Cached values from before these records must not be used to read them.
    for (const record of records) {
      directory.forget(record)
      recent.forget(record)
    }
    // An unknown type may have changed anything.
    if (records.some(({ type }) => !catalogue.find(type))) {
      directory.clear()
      for (const reload of reloads) await reload()
    }
    return hydrate(records)
  })
  const policy = new Policy(directory, settings, clock)
  const audience = new Audience(catalogue, directory, policy, settings)
  const frames = new Frames({ streams, clock, report })
  const impersonationNotes = new ImpersonationNotes(store, report)
  const retryKeys = new RetryKeys(store, ports.retrySecrets)
  const transactions = new Transactions(store, directory, settings, retryKeys, impersonationNotes)
  const administration = new Administration(transactions, policy, settings)
  const usage = new Usage(store, clock)
  const webhookReport = new WebhookReport({ reads: store.reads, clock })
  const { heldLeases, ...coordination } = await createCoordination({
    ...{ store, directory, policy, transactions, settings, secrets, usage, streams, frames, log },
    ...{ pace, clock, report, webhooks: webhookReport },
  })
  const { pauses, reachability, livePauses, leaseClock, expiries, presenceFrames } = coordination
  reloads.push(() => livePauses.load())
  const attending = { attendance: attendance(coordination) }
  const accounts = new Accounts(store.reads, administration, passwords, settings, clock, heldLeases)
  const tokens = new Tokens(store, administration, secrets, clock)
  const selfService = new SelfService(transactions, policy)
  const attempts = new Attempts(store, settings, clock)
  const sessions = new Sessions({
    store,
    transactions,
    directory,
    selfService,
    attempts,
    passwords,
    secrets,
    settings,
    clock,
  })
  const tokenReuse = new TokenReuse(clock)
  tokenReuse.onShared((id) => background(noteShared(store, id), report))
  const rooms = new ChannelRooms()
  const memberships = new Memberships(store.reads, administration, settings, rooms)
  const chain = createChain({ store, directory, policy, settings, transactions, clock, report })
  const messages = new Messages({
    ...chain,
    store,
    directory,
    policy,
    settings,
    secrets,
    clock,
    ...attending,
    ...{ pauses, reachability, rooms },
    impersonationNotes,
  })
  const unusedBlobs = new UnusedBlobs(store, ports.blobs)
  const attachments = new Attachments({
    store,
    blobs: ports.blobs,
    unusedBlobs,
    transactions,
    directory,
    policy,
    settings,
    secrets,
    report,
  })
  const within = verbsOver({
    ...{ directory, policy, settings, administration, memberships, attachments, pauses },
    ...attending,
    rooms,
  })
  const scan = new MessageScan({ store, directory, policy, recent, pace })
  const parts = { store, directory, policy, transactions, log, recent, longPolls, scan, pace, frames }
  const noticesFor = (accountId: number) => webhookReport.noticesFor(accountId)
  const own = { noticesFor, clock, streams, settings }
  const { mentionCounts, ...ofInbox } = createInbox({ ...parts, ...coordination, ...own })
  const { receipts, unreachable } = ofInbox
  const ofWebhooks = createWebhooks({
    ...{ store, directory, policy, audience, log, settings, clock, hydrate, report, administration },
    ...{ selfService, uuid: () => secrets.uuid(), pauses: livePauses, receipts, unreachable },
    ...{ leaseClock, expiries, presenceFrames, webhookReport, ports: ports.webhooks },
  })
  return {
    ...chain,
    catalogue,
    settings,
    reads: store.reads,
    clock,
    pace,
    authentication: new Authentication(directory, policy, shared),
    directory,
    policy,
    log,
    /** Runs a transaction for an act that is not a verb of the core. */
    transactions,
    /** Turns records of the log into events, without checking the rights of a reader. */
    hydrate,
    audience,
    frames,
    ...coordination,
    accounts,
    tokens,
    memberships,
    /** Where another protocol puts the rules of its rooms. */
    rooms,
    usage,
    pairing: new Pairing({
      store,
      administration,
      selfService,
      attempts,
      tokens,
      sessions,
      secrets,
      codes: ports.pairSecrets,
      settings,
      clock,
    }),
    attempts,
    tokenReuse,
    impersonationNotes,
    retryKeys,
    sessions,
    ownTokens: new OwnTokens(store.reads, selfService, tokens, settings, clock),
    profiles: new Profiles({
      reads: store.reads,
      directory,
      policy,
      transactions,
      selfService,
      sessions,
      passwords,
      settings,
    }),
    accountDirectory: new AccountDirectory({ reads: store.reads, directory, policy, settings, pace }),
    channels: new Channels({
      reads: store.reads,
      administration,
      transactions,
      directory,
      policy,
      settings,
      log,
      pace,
    }),
    search: new MessageSearch({ store, directory, policy, log, recent, scan, pace }),
    ...createOwnChannels({ ...parts, receipts, mentionCounts, unreadCounts, pauses, rooms }),
    aliases: new Aliases({ directory, policy, transactions }),
    directChannels: new DirectChannels({ directory, policy, settings, transactions, secrets }),
    messages,
    ...within(transactions),
    /** Returns verbs that are parts of another act, in its transaction. */
    within: (tx: Writes): Verbs => within(runsWithin(tx)),
    ...attending,
    activity: new Activity({ ...coordination, ...chain, store, directory, policy, log, clock }),
    ...createApprovals({
      ...coordination,
      ...{ store, directory, policy, transactions, messages, secrets, log, longPolls, pace, clock },
      ...attending,
    }),
    attachments,
    unusedBlobs,
    purges: new Purges({
      store,
      directory,
      administration,
      settings,
      attachments,
      catalogue,
      log,
      clock,
    }),
    erasures: new Erasures({
      ...{ store, rooms },
      directory,
      administration,
      accountErasure: new AccountErasure({ settings, secrets, clock, leases: heldLeases }),
      attachments,
      unusedBlobs,
      log,
      clock,
    }),
    messageContext: new MessageContext({ directory, policy, messages, scan, log, recent }),
    history: new History({ store, directory, policy, log, recent, longPolls, clock, scan, receipts }),
    ...ofInbox,
    ...ofWebhooks,
    ackSettling,
    threads: new Threads({
      store,
      directory,
      policy,
      settings,
      transactions,
      log,
      clock,
      pace,
    }),
    feed: new Feed({
      catalogue,
      reads: store.reads,
      directory,
      policy,
      audience,
      log,
      recent,
      recentChannels,
      pace,
      shared,
    }),
    exports: new Exports({ store, directory, policy, administration, settings, log, pace, clock }),
    access: new AccessReport(directory, policy),
    audit: new AuditLog(store, directory, administration, secrets, pace),
    configuration: new Configuration(store.reads, directory, administration, settings),
    configsync: createConfigSync({
      store,
      blobs: ports.blobs,
      unusedBlobs,
      settings,
      transactions,
      administration,
      policy,
      tokens,
      sessions,
      signer: ports.tokenSigner,
      clock,
      report,
    }),
    onboarding: new Onboarding(administration, accounts, memberships, tokens),
  }
}

/** A cursor contains the epoch of its position, which may be the new one. */
async function reloadEpochs(log: Log, recent: RecentEvents): Promise<void> {
  await log.reloadEpochs()
  recent.clear()
}

async function noteShared(store: Store, tokenId: number): Promise<void> {
  await store.transact(async (tx) => {
    const token = await tx.token({ id: tokenId })
    if (token) await tx.audit(entryBy(null, 'token.shared', { type: 'token', id: token.uuid }))
  })
}
