import type { Directory } from '../access/directory'
import type { Person } from '../identity/actor'
import { refusal } from '../kernel/errors'
import { parseUuid, type Seq } from '../kernel/ids'
import type { InboxMark } from '../kernel/inbox-ports'
import type { Writes } from '../kernel/ports'
import type { Transactions } from '../kernel/transactions'
import { accountEvent } from '../log/events'
import type { Log } from '../log/log'
import { type Consumers, DEFAULT_CONSUMER } from './consumers'
import { deliveryEvents } from './delivery-events'
import { type InboxItems, type InboxOf, isOpen, stateNumber } from './items'
import { DIRECT_REASONS } from './reasons'

export interface AckRequest {
  readonly consumer: string
  /** Acknowledges everything up to this cursor. */
  readonly cursor: string | null
  /** Marks the items of these messages, at most MAX_ACKED_MESSAGES. */
  readonly messageIds: readonly string[]
  readonly state: 'acked' | 'failed'
  readonly note: string | null
  /** Whether the position may move back. */
  readonly rewind: boolean
}

export interface Acked {
  /** Where the consumer is. */
  readonly position: Seq
  /** Items that were open until now, at most MAX_PENDING. */
  readonly acked: number
  /** Open items after the position, at most MAX_PENDING. */
  readonly pending: number
}

export interface AcksDeps {
  readonly directory: Directory
  readonly transactions: Transactions
  readonly log: Log
  readonly items: InboxItems
  readonly consumers: Consumers
}

/** Acknowledges inbox items (docs/contract/inbox.md#acknowledging). */
export class Acks {
  constructor(private readonly deps: AcksDeps) {}

  /**
   * Acknowledges all items up to a cursor, and moves the consumer there; or marks the items of some messages.
   * @throws invalid_cursor, cursor_epoch, not_in_inbox, quota_exceeded, draining
   */
  async ack(actor: Person, request: AckRequest): Promise<Acked> {
    const { transactions, log, consumers, items } = this.deps
    const { cursor, consumer: name } = request
    const upTo = cursor === null ? null : Math.min(await log.position(cursor, 'cursor', []), log.head)
    return transactions.run(actor, async (tx) => {
      const { id } = actor.account
      const consumer = await consumers.find(tx, id, name)
      const isNew = !consumer.isStored && name !== DEFAULT_CONSUMER
      const stays = upTo === null || (upTo < consumer.position && !request.rewind)
      const position = stays ? consumer.position : upTo
      const acked =
        upTo === null
          ? await this.markMessages(tx, actor, request)
          : await this.ackUpTo(tx, actor, upTo, { consumer: name, from: consumer.position, position })
      if (isNew || position !== consumer.position) await consumers.move(tx, id, name, position)
      const of = inTransaction(actor, await tx.inboxMark(id))
      const pending = await items.countOpen(tx, of, position, await tx.head())
      return { position, acked, pending }
    })
  }

  /** Acknowledges everything up to a position. Returns how many items were open. */
  private async ackUpTo(
    tx: Writes,
    actor: Person,
    upTo: Seq,
    move: { readonly consumer: string; readonly from: Seq; readonly position: Seq },
  ): Promise<number> {
    const { directory, log, items } = this.deps
    const account = directory.account(actor.account.id)
    const mark = await tx.inboxMark(account.id)
    const isNew = upTo > (mark?.ackedSeq ?? 0)
    const count = isNew ? await items.countOpen(tx, inTransaction(actor, mark), 0, upTo) : 0
    if (!isNew && move.position === move.from) return 0
    if (isNew) await tx.setInboxMark(account.id, { ackedSeq: upTo, ackedAt: tx.now() })
    const facts = { consumer: move.consumer, position: log.cursor(move.position), count }
    await tx.append(accountEvent('ack.position', account, facts), account)
    return count
  }

  /** Marks the items of messages, all or none. Returns how many were open. */
  private async markMessages(tx: Writes, actor: Person, request: AckRequest): Promise<number> {
    const { items, directory } = this.deps
    const { id } = actor.account
    const messages = []
    for (const uuid of new Set(request.messageIds.map((text) => parseUuid(text)))) {
      const message = uuid && (await tx.message({ uuid }))
      if (!message || message.deletedAt !== null) throw refusal('not_in_inbox')
      messages.push(message)
    }
    const found = await items.about(tx, inTransaction(actor, await tx.inboxMark(id)), messages)
    const named = new Set(found.map(({ messageSeq }) => messageSeq))
    if (messages.some(({ seq }) => !named.has(seq))) throw refusal('not_in_inbox')
    const state = stateNumber(request.state)
    // A failed item can be acknowledged later. An acknowledged one stays so.
    const changed = found.filter((item) => isOpen(item) || item.state > state)
    const direct = new Set(
      changed.filter(({ reasons }) => (reasons & DIRECT_REASONS) !== 0).map(({ messageSeq }) => messageSeq),
    )
    const events = deliveryEvents(
      directory,
      id,
      messages.filter(({ seq }) => direct.has(seq)),
      request,
    )
    await tx.setItemStates(id, changed, { state, at: tx.now(), note: request.note })
    await tx.appendAll(events)
    return changed.filter(isOpen).length
  }
}

function inTransaction(actor: Person, mark: InboxMark | undefined): InboxOf {
  return { ownerId: actor.account.id, reader: actor, mark, isInTransaction: true }
}
