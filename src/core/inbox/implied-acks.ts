import type { Directory } from '../access/directory'
import type { Projection } from '../kernel/followers'
import type { Seq } from '../kernel/ids'
import type { Writes } from '../kernel/ports'
import type { LogEvent } from '../log/events'
import { deliveryEvents } from './delivery-events'
import { impliedItemOf, isOpen, stateNumber } from './items'
import { reasonsByMembership } from './notified'
import { DIRECT_REASONS } from './reasons'

const ACKED = stateNumber('acked')

/** Returns the projection by which a reply or a reaction acknowledges the message (docs/contract/inbox.md#deliveries). */
export function impliedAcks(directory: Directory): Projection {
  return {
    name: 'implied_acks',
    restMs: 500,
    mayConcern: ({ type, isReply = true }) =>
      type === 'reaction.added' || (type === 'message.created' && isReply),
    concerns: (event) => answerOf(event) !== undefined,
    apply: async (tx, events) => {
      const answers = events.flatMap((event) => answerOf(event) ?? [])
      // What is acknowledged already is passed over, so it may run again after it has loaded something.
      await directory.retryUntilLoaded(async () => {
        for (const { accountId, message } of answers) await acknowledge(directory, tx, accountId, message)
      })
    },
  }
}

/** Returns the message that an event answers, and the account that did; undefined if it answers none. */
function answerOf(event: LogEvent): { readonly accountId: number; readonly message: Seq } | undefined {
  if (event.about !== 'message' || !event.actor) return undefined
  const { message } = event.message
  if (event.type === 'reaction.added') return { accountId: event.actor.id, message: message.seq }
  if (event.type !== 'message.created' || !message.replyTo) return undefined
  return { accountId: event.actor.id, message: message.replyTo.seq }
}

async function acknowledge(directory: Directory, tx: Writes, accountId: number, seq: Seq): Promise<void> {
  const mark = (await tx.inboxMark(accountId))?.ackedSeq ?? 0
  const stored = await tx.inboxRowsOf(accountId, [seq])
  const items = stored.length > 0 ? stored : await impliedFor(directory, tx, accountId, seq)
  const open = items.filter((item) => isOpen(item) && item.seq > mark)
  if (open.length === 0) return
  const isDirect = open.some(({ reasons }) => (reasons & DIRECT_REASONS) !== 0)
  const messages = isDirect ? await tx.messagesBySeq([seq], {}) : []
  const events = deliveryEvents(directory, accountId, messages, { state: 'acked', note: null })
  await tx.setItemStates(accountId, open, { state: ACKED, at: tx.now(), note: null })
  await tx.appendAll(events)
}

/** Returns the item that a message is for an account by its membership. */
async function impliedFor(directory: Directory, tx: Writes, accountId: number, seq: Seq) {
  const message = await tx.message({ seq })
  const item = message && message.senderId !== accountId ? impliedItemOf(message) : undefined
  if (!item) return []
  const member = directory.member(accountId, item.channelId)
  const reasons = reasonsByMembership(item, seq, directory.account(accountId), member)
  return reasons === 0 ? [] : [{ ...item, reasons }]
}
