import type { Directory } from '../access/directory'
import type { ChainBlock, StoredBlock } from '../kernel/chain-ports'
import type { Account, Channel, MessageRef } from '../kernel/entities'
import type { Uuid } from '../kernel/ids'
import type { Reads, Store } from '../kernel/ports'
import type { Clock, Micros } from '../kernel/time'
import { memberEvent } from '../log/events'
import { ChainRefusal } from './chain'
import { type RunGuard, RunRefusal } from './run-guard'

export type BlockCode = 'chain_limit' | 'loop_guard'

/** A stopped agent, as readers see it. */
export interface BlockView {
  readonly account: Account
  readonly thread: Uuid | null
  readonly code: BlockCode
  readonly limit: number
  readonly used: number
  readonly at: Micros
}

/** A refusal that stops an agent until a person acts. */
interface Stop {
  readonly channel: Channel
  readonly root: MessageRef | null
  readonly code: BlockCode
  readonly limit: number
  readonly used: number
}

/** Tells the readers of a channel that a limit has stopped an agent (docs/contract/chain.md#blocked). */
export class Blocks {
  constructor(
    private readonly deps: {
      readonly store: Pick<Store, 'reads' | 'transact'>
      readonly directory: Directory
      readonly runGuard: RunGuard
      readonly clock: Pick<Clock, 'now'>
      readonly report: (fault: unknown) => void
    },
  ) {}

  /** Notes a refusal, once until the next reset. The post is refused whether or not this succeeds. */
  async note(account: Account, channel: Channel | undefined, refusal: unknown): Promise<void> {
    const stop = channel && stopOf(channel, refusal)
    if (!stop) return
    const { store, report } = this.deps
    try {
      const { directory } = this.deps
      if (await directory.retryUntilLoaded(() => this.isNoted(store.reads, account, stop))) return
      await directory.retryUntilLoaded(() =>
        store.transact(async (tx) => {
          if (await this.isNoted(tx, account, stop)) return
          const { limit, used, code, root } = stop
          const seq = tx.nextSeq()
          const at = tx.now()
          const place = { channelId: stop.channel.id, rootSeq: root?.seq ?? null, accountId: account.id }
          await tx.putBlock({ ...place, seq, at, limit, used })
          const facts = { thread_id: root?.uuid ?? null, code, limit, used }
          await tx.append(memberEvent('chain.blocked', stop.channel, account, facts), null)
        }),
      )
    } catch (fault) {
      report(fault)
    }
  }

  /** Returns those of the agents in a channel that are stopped, or those in one of its threads. */
  async of(
    channel: Channel,
    thread?: { readonly seq: number; readonly isSilent: boolean },
  ): Promise<BlockView[]> {
    if (thread?.isSilent) return []
    const { store, directory } = this.deps
    const found = await store.reads.chainBlocks(channel.id, thread?.seq ?? 'all')
    if (found.length === 0) return []
    return directory.retryUntilLoaded(() => {
      directory.requireAccounts(found.map(({ accountId }) => accountId))
      const live = found.filter((block) => thread !== undefined || this.holds(channel, block))
      return live.map(({ accountId, rootSeq, rootUuid, limit, used, at }) => ({
        account: directory.account(accountId),
        thread: rootUuid,
        code: rootSeq === null ? ('loop_guard' as const) : ('chain_limit' as const),
        limit,
        used,
        at,
      }))
    })
  }

  private holds(channel: Channel, { rootSeq, seq, lastAt }: StoredBlock): boolean {
    const { runGuard, clock } = this.deps
    const now = clock.now()
    if (rootSeq === null) return seq > runGuard.stateOf(channel, now).since
    return lastAt === null || !runGuard.isSilent(channel, lastAt, now)
  }

  private async isNoted(reads: Reads, { id }: Account, { channel, root }: Stop): Promise<boolean> {
    const blocks = await reads.chainBlocks(channel.id, root?.seq ?? 'channel')
    const own = blocks.find(({ accountId }) => accountId === id)
    return own !== undefined && this.isLater(channel, own)
  }

  private isLater(channel: Channel, { rootSeq, seq }: ChainBlock): boolean {
    return rootSeq !== null || seq > this.deps.runGuard.stateOf(channel, this.deps.clock.now()).since
  }
}

function stopOf(channel: Channel, refusal: unknown): Stop | undefined {
  if (refusal instanceof RunRefusal)
    return { channel, root: null, code: 'loop_guard', limit: refusal.limit, used: refusal.used }
  // A correction that answers a correction is refused for good.
  if (!(refusal instanceof ChainRefusal) || refusal.why === 'counter_correction') return undefined
  const { thread, budget } = refusal
  return { channel, root: thread, code: 'chain_limit', limit: budget.limit, used: budget.used }
}
