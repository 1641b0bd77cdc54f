import type { Person } from '../identity/actor'
import { AppError, refusal } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import type { Consumer, InboxReads } from '../kernel/inbox-ports'
import { MAX_CONSUMERS } from '../kernel/limits'
import type { Store, Writes } from '../kernel/ports'
import { type Clock, later, MICROS_PER_DAY, type Micros, toMicros } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'

export const DEFAULT_CONSUMER = 'default'

/** A consumer and its position. `isStored` is false for one that is used for the first time. */
export interface FoundConsumer {
  readonly position: Seq
  readonly updatedAt: Micros
  readonly isStored: boolean
}

/**
 * The named positions of accounts in their inboxes: one for each session or process that reads. A new one starts where
 * `default` is, or at the oldest item.
 */
export class Consumers {
  constructor(
    private readonly deps: {
      readonly store: Store
      readonly transactions: Transactions
      readonly clock: Pick<Clock, 'now'>
    },
  ) {}

  /** The consumers of an account, `default` first and always. */
  async list(actor: Person): Promise<Consumer[]> {
    const { reads } = this.deps.store
    const stored = await reads.consumers(actor.account.id)
    const { position, updatedAt } = await this.find(reads, actor.account.id, DEFAULT_CONSUMER)
    const others = stored.filter(({ name }) => name !== DEFAULT_CONSUMER)
    return [{ name: DEFAULT_CONSUMER, position, updatedAt }, ...others]
  }

  /** Forgets a consumer. @throws consumer_not_found, draining */
  async remove(actor: Person, name: string): Promise<void> {
    await this.deps.transactions.run(actor, async (tx) => {
      if (!(await tx.deleteConsumer(actor.account.id, name))) throw refusal('consumer_not_found')
    })
  }

  /** Returns where a consumer is, and stores it or that it was used, at most once a day. @throws quota_exceeded */
  async use(accountId: number, name: string): Promise<FoundConsumer> {
    const { store, clock } = this.deps
    const found = await this.find(store.reads, accountId, name)
    const isDefault = name === DEFAULT_CONSUMER
    const isFresh = found.isStored && later(found.updatedAt, MICROS_PER_DAY) > clock.now()
    // The default one is never removed, so its use needs no note.
    if (isDefault || isFresh) return found
    return store.transact(async (tx) => {
      const now = await this.find(tx, accountId, name)
      await this.move(tx, accountId, name, now.position)
      return now
    })
  }

  /** Returns where a consumer is, or where a new one starts. @throws quota_exceeded if it would be one too many */
  async find(reads: InboxReads, accountId: number, name: string): Promise<FoundConsumer> {
    const stored = await reads.consumers(accountId)
    const own = stored.find((one) => one.name === name)
    if (own) return { ...own, isStored: true }
    const first = stored.find((one) => one.name === DEFAULT_CONSUMER)
    const others = stored.length - (first ? 1 : 0)
    if (name !== DEFAULT_CONSUMER && others + 1 >= MAX_CONSUMERS) throw tooMany()
    return {
      position: first?.position ?? (await reads.inboxFrom()),
      updatedAt: first?.updatedAt ?? toMicros(0),
      isStored: false,
    }
  }

  /** Sets the position of a consumer, which may be new. Find it first. */
  async move(tx: Writes, accountId: number, name: string, position: Seq): Promise<void> {
    await tx.setConsumer(accountId, { name, position, updatedAt: tx.now() })
  }
}

function tooMany(): AppError {
  const message = `An inbox has at most ${MAX_CONSUMERS} consumers; remove one: DELETE /v1/me/cursors/{consumer}`
  return new AppError('forbidden', 'quota_exceeded', message, { quota: 'consumers', limit: MAX_CONSUMERS })
}
