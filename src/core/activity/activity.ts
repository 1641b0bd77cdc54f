/**
 * Activity: what the agents that an account works with do, and which of them need a person (docs/contract/activity.md).
 * counting.ts counts messages as they are posted; here the counts are read, with what else is known of each agent.
 * Imports only the core. Start reading here.
 */

import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Blocks, BlockView } from '../chain/blocks'
import type { RunGuard, RunState } from '../chain/run-guard'
import { type ClaimView, viewClaims } from '../coordination/claim-view'
import type { LivePauses } from '../coordination/live-pauses'
import { type PauseView, viewPauses } from '../coordination/pause-view'
import type { PresenceView, ShownPresence } from '../coordination/presence-view'
import { normalName } from '../identity/accounts'
import type { Person } from '../identity/actor'
import type { ActivityRow } from '../kernel/activity-ports'
import type { Account, Channel, Message } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Store } from '../kernel/ports'
import type { Clock, Micros } from '../kernel/time'
import type { Log } from '../log/log'
import { type OpenInbox, OpenInboxes } from './open-inboxes'
import {
  added,
  addTo,
  LONGEST,
  noUsage,
  partOf,
  type ReportedUsage,
  slotOf,
  usageFrom,
  WINDOWS,
  type Window,
  type WindowName,
} from './packed'

/** Agents of one answer. */
const MAX_AGENTS = 200
/** Agents that are looked at to find those. */
const MAX_KNOWN = 10_000

/** Deliveries of a webhook that fail in a row. */
const MANY_FAILURES = 5

/** Why an agent needs a person, in this order. */
export const NEEDS = ['approval', 'blocked', 'stopped', 'unreachable', 'failing'] as const
export type Need = (typeof NEEDS)[number]

/** An agent that a limit has stopped, and where. */
export interface Stopped extends BlockView {
  readonly channel: Channel
}

export interface AgentActivity {
  readonly account: Account
  readonly presence: ShownPresence
  readonly needs: readonly Need[]
  readonly claims: readonly ClaimView[]
  readonly last: { readonly message: Message; readonly channel: Channel } | null
  readonly inbox: OpenInbox
  /** Where limits have stopped it. */
  readonly blocked: readonly Stopped[]
  /** Messages by stretch, the oldest first. */
  readonly posts: readonly number[]
  /** Null: it reports nothing. */
  readonly usage: ReportedUsage | null
  /** The pause that holds for it; of several the one that ends last. */
  readonly pause: PauseView | null
}

export interface ChannelActivity {
  readonly channel: Channel
  readonly humanPosts: readonly number[]
  readonly agentPosts: readonly number[]
  /** How far agents have got there by the run guard. */
  readonly guard: Pick<RunState, 'limit' | 'used'>
}

export interface ActivityReport {
  readonly at: Micros
  /** Length of a stretch, in seconds. */
  readonly span: number
  readonly agents: readonly AgentActivity[]
  readonly channels: readonly ChannelActivity[]
  /** Whether there are more agents. */
  readonly isTruncated: boolean
}

export interface ActivityDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly log: Log
  readonly clock: Clock
  readonly leaseClock: LeaseClock
  readonly livePauses: Pick<LivePauses, 'all'>
  readonly presenceView: Pick<PresenceView, 'of'>
  readonly blocks: Pick<Blocks, 'of'>
  readonly runGuard: Pick<RunGuard, 'stateOf'>
}

/** The channels of a report and its agents. */
interface Extent {
  readonly now: Person
  readonly channels: ReadonlyMap<number, Channel>
  readonly channelIds: readonly number[]
  /** Seq by channel up to which its messages are hidden. */
  readonly hidden: ReadonlyMap<number, Seq>
}

export class Activity {
  private readonly openInboxes: OpenInboxes

  constructor(private readonly deps: ActivityDeps) {
    this.openInboxes = new OpenInboxes(deps)
  }

  /**
   * Reports on the agents that share a channel with the actor, or are in the channel: those that need a person first. Every
   * number covers only channels that the actor reads.
   * @throws the access errors of reading the channel
   */
  async report(actor: Person, slug: string | null, name: WindowName): Promise<ActivityReport> {
    const { store, clock, leaseClock, directory, presenceView } = this.deps
    const window = WINDOWS[name]
    const extent = await this.extentOf(actor, slug)
    const { channelIds } = extent
    const at = clock.now()
    const from = slotOf(at, window) - window.length + 1
    const rows = await store.slow.activityIn({
      span: window.span,
      fromPart: partOf(from, window),
      channelIds,
    })
    const oldest = slotOf(at, LONGEST) - LONGEST.length + 1
    const lastPosts = await store.slow.lastPosts({
      span: LONGEST.span,
      fromPart: partOf(oldest, LONGEST),
      channelIds,
    })
    const asking = await this.asking(extent)
    const known = await store.slow.agentsIn(channelIds, MAX_KNOWN)
    const ids = await this.chosen(known, asking, lastPosts)
    const accounts = await directory.retryUntilLoaded(() => {
      directory.requireAccounts(ids)
      return ids.map((id) => directory.account(id))
    })
    const presences = await presenceView.of(accounts)
    const claims = await this.claimsOf(ids, extent, leaseClock.now())
    const ofAccount = Map.groupBy(rows, ({ accountId }) => accountId)
    const last = await this.lastMessages(ids, lastPosts, extent)
    const inboxes = await this.openInboxes.of(ids, extent.channels)
    const pauses = await this.pausesOf(accounts, extent)
    const stopped = await this.stopped(extent)
    const failing = await this.failing(ids)
    const agents = accounts.flatMap((account, i): AgentActivity[] => {
      const { id } = account
      const presence = presences[i]
      if (!presence) return []
      const own = ofAccount.get(id) ?? []
      const usage = own.map((row) => usageFrom(row, from, window)).reduce(added, noUsage)
      const inbox = inboxes.get(id) ?? { pending: 0, oldestAt: null, hasUnreachable: false }
      const pause = pauses.get(id) ?? null
      const blocked = stopped.get(id) ?? []
      const reasons: Readonly<Record<Need, boolean>> = {
        approval: asking.has(id),
        blocked: presence.state === 'blocked',
        stopped: pause !== null || blocked.length > 0,
        unreachable: inbox.hasUnreachable,
        failing: presence.webhook === 'failing' || failing.has(id),
      }
      return [
        {
          account,
          presence,
          needs: NEEDS.filter((need) => reasons[need]),
          claims: claims.get(id) ?? [],
          last: last.get(id) ?? null,
          inbox,
          blocked,
          posts: seriesOf(own, from, window),
          usage: usage.reports === 0 ? null : usage,
          pause,
        },
      ]
    })
    return {
      at,
      span: window.span,
      agents: agents.toSorted(byNeed),
      channels: await this.channelsOf(extent, rows, from, window),
      isTruncated: known.length > ids.length,
    }
  }

  private extentOf(actor: Person, slug: string | null): Promise<Extent> {
    const { directory, policy } = this.deps
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const readable = slug === null ? policy.readable(now) : [policy.read(now, normalName(slug)).channel]
      return {
        now,
        channels: new Map(readable.map((channel) => [channel.id, channel])),
        channelIds: readable.map(({ id }) => id),
        hidden: policy.hiddenIn(now, readable),
      }
    })
  }

  /** Returns the accounts that ask for a decision. */
  private async asking({ channelIds, hidden }: Extent): Promise<ReadonlySet<number>> {
    const { store, leaseClock } = this.deps
    const rows = await store.reads.pendingApprovalsIn(channelIds, leaseClock.now())
    const shown = rows.filter(({ seq, channelId }) => seq > (hidden.get(channelId) ?? 0))
    return new Set(shown.map(({ accountId }) => accountId))
  }

  /** Returns the agents of the answer: of many, those that ask or are blocked, then those that posted last. */
  private async chosen(
    known: readonly number[],
    asking: ReadonlySet<number>,
    lastPosts: ReadonlyMap<number, Seq>,
  ): Promise<readonly number[]> {
    if (known.length <= MAX_AGENTS) return known
    const { store, leaseClock } = this.deps
    const now = leaseClock.now()
    const leases = await store.reads.presenceOf(known)
    const blocked = new Set(
      leases
        .filter(({ state, expiresAt }) => state === 'blocked' && expiresAt > now)
        .map(({ accountId }) => accountId),
    )
    const rank = (id: number) =>
      asking.has(id) || blocked.has(id) ? Number.MAX_SAFE_INTEGER : (lastPosts.get(id) ?? 0)
    return known.toSorted((one, other) => rank(other) - rank(one)).slice(0, MAX_AGENTS)
  }

  private async claimsOf(
    ids: readonly number[],
    { channels }: Extent,
    now: Micros,
  ): Promise<ReadonlyMap<number, ClaimView[]>> {
    const { store, directory } = this.deps
    const live = await store.reads.liveClaimsOf(ids, now)
    const shown = live.filter(({ channelId }) => channelId === null || channels.has(channelId))
    const views = await directory.retryUntilLoaded(() => viewClaims(directory, shown))
    return Map.groupBy(views, ({ accountId }) => accountId)
  }

  private async lastMessages(
    ids: readonly number[],
    lastPosts: ReadonlyMap<number, Seq>,
    { channels, hidden }: Extent,
  ): Promise<ReadonlyMap<number, NonNullable<AgentActivity['last']>>> {
    const { store, log } = this.deps
    const seqs = ids.flatMap((id) => lastPosts.get(id) ?? [])
    const messages = await store.reads.messagesBySeq(seqs, {})
    return new Map(
      messages.flatMap((message) => {
        const channel = channels.get(message.channelId)
        const isShown = channel && message.seq > (hidden.get(channel.id) ?? 0) && message.seq <= log.head
        return isShown ? [[message.senderId, { message, channel }] as const] : []
      }),
    )
  }

  private pausesOf(
    accounts: readonly Account[],
    { channels }: Extent,
  ): Promise<ReadonlyMap<number, PauseView>> {
    const { directory, livePauses } = this.deps
    return directory.retryUntilLoaded(() => {
      const pauses = livePauses.all.filter(({ channelId }) => channelId === null || channels.has(channelId))
      const views = viewPauses(directory, pauses).toSorted((one, other) => endOf(other) - endOf(one))
      if (views.length > 0) directory.requireChannelsOf(accounts.map(({ id }) => id))
      const holding = ({ id }: Account) =>
        views.find(
          ({ accountId, channelId }) =>
            (accountId === null || accountId === id) &&
            (channelId === null || directory.member(id, channelId) !== undefined),
        )
      return new Map(
        accounts.flatMap((account) => {
          const pause = holding(account)
          return pause ? [[account.id, pause] as const] : []
        }),
      )
    })
  }

  /** Returns the accounts with a webhook that the server has disabled, or of which many deliveries failed in a row. */
  private async failing(ids: readonly number[]): Promise<ReadonlySet<number>> {
    const webhooks = await this.deps.store.reads.webhooksOf(ids)
    const bad = webhooks.filter(
      ({ disabledReason, deadInARow }) => disabledReason !== null || deadInARow >= MANY_FAILURES,
    )
    return new Set(bad.map(({ accountId }) => accountId))
  }

  /** Returns where limits have stopped agents in these channels, by agent. */
  private async stopped({ channels, channelIds, hidden }: Extent): Promise<ReadonlyMap<number, Stopped[]>> {
    const { store, blocks } = this.deps
    const found: Stopped[] = []
    for (const id of await store.reads.channelsWithBlocks(channelIds)) {
      const channel = channels.get(id)
      if (!channel) continue
      const isShown = !hidden.has(id)
      for (const block of await blocks.of(channel))
        if (isShown || block.thread === null) found.push({ ...block, channel })
    }
    return Map.groupBy(found, ({ account }) => account.id)
  }

  private channelsOf(
    { channels }: Extent,
    rows: readonly ActivityRow[],
    from: number,
    window: Window,
  ): Promise<ChannelActivity[]> {
    const { directory, clock, runGuard } = this.deps
    const ofChannel = Map.groupBy(rows, ({ channelId }) => channelId)
    return directory.retryUntilLoaded(() =>
      [...channels.values()]
        .map((channel) => {
          const own = Map.groupBy(ofChannel.get(channel.id) ?? [], ({ isAgent }) => isAgent)
          const { limit, used } = runGuard.stateOf(channel, clock.now())
          return {
            channel,
            humanPosts: seriesOf(own.get(false) ?? [], from, window),
            agentPosts: seriesOf(own.get(true) ?? [], from, window),
            guard: { limit, used },
          }
        })
        .sort((one, other) => (one.channel.slug < other.channel.slug ? -1 : 1)),
    )
  }
}

/** Returns the messages of successive stretches. */
function seriesOf(rows: readonly ActivityRow[], from: number, window: Window): number[] {
  const series = new Array<number>(window.length).fill(0)
  for (const row of rows) addTo(series, row, from, window)
  return series
}

/** Those that need a person come first, then those that posted last. */
function byNeed(one: AgentActivity, other: AgentActivity): number {
  const needs = Number(other.needs.length > 0) - Number(one.needs.length > 0)
  const posted = (other.last?.message.seq ?? 0) - (one.last?.message.seq ?? 0)
  return needs || posted || (one.account.handle < other.account.handle ? -1 : 1)
}

function endOf({ until }: PauseView): number {
  return until ?? Number.POSITIVE_INFINITY
}
