import type { Directory } from '../access/directory'
import type { Account, Message } from '../kernel/entities'
import { deliveryFacts, type EventBody, messageEvent } from '../log/events'
import { viewMessages } from '../messages/views'

/** The outcome of a notification, as its sender sees it. */
export interface Outcome {
  readonly state: 'acked' | 'failed' | 'unreachable'
  readonly note: string | null
}

/** An event that is still to be appended. */
export interface DeliveryEvent {
  readonly body: EventBody
  /** Null where the account itself did nothing. */
  readonly actor: Account | null
}

/**
 * Returns the events that tell the senders of messages what became of their notification of an account. Call it before the
 * first write: it may have to load names.
 */
export function deliveryEvents(
  directory: Directory,
  accountId: number,
  messages: readonly Message[],
  { state, note }: Outcome,
): DeliveryEvent[] {
  // What tells an author of its own message has no sender who waits for it.
  const sent = messages.filter(({ senderId }) => senderId !== accountId)
  if (sent.length === 0) return []
  const account = directory.account(accountId)
  return viewMessages(directory, sent).map((view) => ({
    body: messageEvent('ack.delivery', view, { ...deliveryFacts(view, accountId), state, note }, [account]),
    actor: state === 'unreachable' ? null : account,
  }))
}
