import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { type Human, isAdmin, isHuman, type Person } from '../identity/actor'
import type { Channel, Message } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import { parseUuid, type Seq } from '../kernel/ids'
import type { Store } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import { channelEvent } from '../log/events'
import type { Blocks, BlockView } from './blocks'
import { budgetOf, type ChainBudget } from './chain'
import { chainRules } from './rules'
import type { RunGuard } from './run-guard'

/** How far the caller, and how far the stopped agents have got in a thread. */
export interface ThreadBudget extends ChainBudget {
  readonly blocked: readonly BlockView[]
}

/** How far the agents in a channel have got, by the run guard. */
export interface RunBudget {
  /** 0 = without a limit. */
  readonly limit: number
  readonly used: number
  /** Null = without a limit. */
  readonly remaining: number | null
  readonly blocked: readonly BlockView[]
}

export interface ChainsDeps {
  readonly store: Pick<Store, 'reads'>
  readonly directory: Directory
  readonly policy: Policy
  readonly settings: Settings
  readonly transactions: Transactions
  readonly clock: Pick<Clock, 'now'>
  readonly runGuard: RunGuard
  readonly blocks: Blocks
}

/** Shows budgets of threads and channels, and restores them (docs/contract/chain.md#continue). */
export class Chains {
  constructor(private readonly deps: ChainsDeps) {}

  /** Returns the budget of the actor in a thread that it may read. */
  async inThread(actor: Person, root: Pick<Message, 'seq' | 'channelId'>): Promise<ThreadBudget> {
    const { store, directory, settings, clock, blocks } = this.deps
    const thread = await store.reads.foundThread(root.seq)
    const channel = await directory.retryUntilLoaded(() => directory.channel(root.channelId))
    const { account } = actor
    const isPerson = account.kind === 'human'
    const rules = chainRules(isPerson ? { chainLimit: null } : account, channel.settings, settings)
    const { budget, isSilent } = budgetOf(thread, account.id, rules, clock.now())
    const blocked = await blocks.of(channel, { seq: root.seq, isSilent })
    return isPerson ? { ...unlimited(budget.limit), blocked } : { ...budget, blocked }
  }

  /** Returns how far the agents have got in a channel that the actor may read. */
  async inChannel(channel: Channel): Promise<RunBudget> {
    const { directory, runGuard, clock, blocks } = this.deps
    const { limit, used } = await directory.retryUntilLoaded(() => runGuard.stateOf(channel, clock.now()))
    return { limit, used, remaining: limit === 0 ? null : limit - used, blocked: await blocks.of(channel) }
  }

  /**
   * Restores the budgets of a thread: `times` the limit for each agent until a person replies.
   * @throws humans_only; invalid_thread_id; thread_not_found; the access errors of posting
   */
  continueThread(actor: Person, id: string, times: number): Promise<ThreadBudget> {
    const { transactions, policy, directory, settings } = this.deps
    return transactions.run(actor, async (tx) => {
      const now = this.person(actor)
      const uuid = parseUuid(id)
      if (!uuid) throw refusal('invalid_thread_id')
      const message = await tx.message({ uuid })
      const channel = message && directory.channel(message.channelId)
      if (!message || !channel) throw refusal('thread_not_found')
      const root = message.thread ?? { seq: message.seq, uuid: message.uuid }
      if (!this.isForAdmin(now, channel)) {
        if (!policy.mayRead(now, channel) || message.seq <= policy.hiddenUpTo(now, channel))
          throw refusal('thread_not_found')
        policy.postIn(now, channel)
      }
      await tx.resetThread(root.seq, { seq: tx.nextSeq(), times })
      const facts = { thread_id: root.uuid, extra: times }
      await tx.append(channelEvent('thread.continued', channel, facts), now.account)
      const target = { type: 'message', id: root.uuid } as const
      await tx.audit(entryBy(now, 'chain.continue', target, { extra: times }))
      const { limit } = chainRules({ chainLimit: null }, channel.settings, settings)
      return { ...unlimited(limit * times), blocked: [] }
    })
  }

  /**
   * Restores the run of agents in a channel: `times` the limit until a person posts there.
   * @throws humans_only; the access errors of posting
   */
  continueChannel(actor: Person, slug: string, times: number): Promise<RunBudget> {
    const { transactions, policy, directory, runGuard } = this.deps
    return transactions.run(actor, async (tx) => {
      const now = this.person(actor)
      const named = directory.channelBySlug(slug)
      const channel = named && this.isForAdmin(now, named) ? named : policy.post(now, slug).channel
      await tx.resetRun(channel.id, { seq: tx.nextSeq(), times })
      const facts = { thread_id: null, extra: times }
      await tx.append(channelEvent('thread.continued', channel, facts), now.account)
      const target = { type: 'channel', id: channel.uuid } as const
      await tx.audit(entryBy(now, 'chain.continue', target, { extra: times }))
      const limit = runGuard.limitIn(channel) * times
      return { limit, used: 0, remaining: limit === 0 ? null : limit, blocked: [] }
    })
  }

  /** @throws humans_only */
  private person(actor: Person): Human {
    const now = this.deps.policy.current(actor)
    if (!isHuman(now)) throw refusal('humans_only')
    return now
  }

  /** In a direct channel of two agents only a system admin can use Continue. It gives no right to read the channel. */
  private isForAdmin(now: Human, channel: Channel): boolean {
    const { directory, settings } = this.deps
    if (channel.kind !== 'dm' || channel.archivedAt !== null || !isAdmin(now, settings)) return false
    const members = directory.membersOf(channel.id).keys()
    directory.requireAccounts(members)
    return members.every((id: Seq) => directory.account(id).kind === 'agent')
  }
}

/** A person is never limited, whatever holds for the agents. */
function unlimited(limit: number): ChainBudget {
  return { limit, used: 0, remaining: null, corrected: false }
}
