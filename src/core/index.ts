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
import { Channels } from './channels/channels'
import { Memberships } from './channels/memberships'
import { Administration } from './governance/administration'
import { entryBy } from './governance/audit'
import { AuditLog } from './governance/audit-log'
import { Configuration } from './governance/configuration'
import { LiveSettings } from './governance/live-settings'
import type { SettingRegistry } from './governance/settings'
import { Authentication } from './identity'
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
import { RetryKeys, Transactions } from './kernel'
import { background } from './kernel/background'
import type { Secrets } from './kernel/ids'
import type { Passwords, Store } from './kernel/ports'
import type { RetrySecrets } from './kernel/retry-keys'
import type { Clock } from './kernel/time'
import { Pace, type Turns } from './kernel/turns'
import { Audience } from './log/audience'
import type { Catalogue } from './log/catalogue'
import type { EventRecord } from './log/events'
import { Feed } from './log/feed'
import { hydrateInSlices } from './log/hydrate'
import { Log } from './log/log'
import { RecentEvents } from './log/recent-events'
import type { LongPolls, Streams } from './log/streams'
import { History } from './messages/history'
import { Messages } from './messages/messages'

export interface CorePorts {
  /** The types of events that this program knows. The store must have the same catalogue. */
  readonly catalogue: Catalogue
  readonly store: Store
  readonly settings: SettingRegistry
  readonly clock: Clock
  readonly turns: Turns
  readonly secrets: Secrets
  readonly passwords: Passwords
  readonly pairSecrets: PairSecrets
  readonly retrySecrets: RetrySecrets
  readonly streams: Pick<Streams, 'openAccounts' | 'hasReaders'>
  readonly longPolls: LongPolls
  /** Reports a fault that fails no request. */
  readonly report: (fault: unknown) => void
}

/** The whole core, for the composition root. */
type WholeCore = Awaited<ReturnType<typeof createCore>>

/**
 * The core as surfaces see it: without the parts that turn a credential into an actor or read the log without a reader.
 */
export type Core = Omit<WholeCore, 'authentication' | 'policy' | 'directory' | 'hydrate'> & {
  readonly policy: Pick<Policy, 'current' | 'read'>
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
  store.onCommit((events) => {
    for (const event of events) {
      settings.apply(event)
      directory.apply(event)
      log.apply(event)
      recent.apply(event)
    }
  })
  shared?.onAdvance((upTo) => {
    log.advanceTo(upTo)
    recent.clear()
  })
  shared?.onEpoch(() => background(reloadEpochs(log, recent), report))
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
      await settings.reload(store.reads)
    }
    return hydrate(records)
  })
  const policy = new Policy(directory, settings, clock)
  const audience = new Audience(catalogue, directory, policy, settings)
  const impersonationNotes = new ImpersonationNotes(store, report)
  const retryKeys = new RetryKeys(store, ports.retrySecrets)
  const transactions = new Transactions(store, directory, settings, retryKeys, impersonationNotes)
  const administration = new Administration(transactions, policy, settings)
  const accounts = new Accounts(store.reads, administration, passwords, settings, clock)
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
  const memberships = new Memberships(store.reads, administration, settings)
  return {
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
    accounts,
    tokens,
    memberships,
    usage: new Usage(store, clock),
    pairing: new Pairing({
      store,
      administration,
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
    channels: new Channels({ reads: store.reads, administration, directory, policy, settings, log, pace }),
    messages: new Messages({ store, directory, policy, settings, secrets, streams, impersonationNotes }),
    history: new History({ reads: store.reads, directory, policy, log, recent, longPolls, clock, pace }),
    feed: new Feed({ catalogue, reads: store.reads, directory, policy, audience, log, recent, pace, shared }),
    access: new AccessReport(directory, policy),
    audit: new AuditLog(store, directory, administration, secrets, pace),
    configuration: new Configuration(store.reads, directory, administration, settings),
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
