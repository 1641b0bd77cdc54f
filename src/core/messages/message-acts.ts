/**
 * Acts on an existing message: edits.ts, deletions.ts, reactions.ts. Each begins with the message itself.
 * Imports only the core. Start reading here.
 */

import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { Channel, Message, MessageView } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import { parseUuid, type Seq, type Uuid } from '../kernel/ids'
import type { Writes } from '../kernel/ports'
import type { RunsActs } from '../kernel/transactions'
import { viewMessages } from './views'

/** A message in the transaction of an act on it. */
export interface ActedOn {
  readonly tx: Writes
  /** The actor with current data. */
  readonly actor: Person
  readonly message: Message
  readonly channel: Channel
}

/** Finds the message of an act and checks that the actor may read it, inside the transaction of the act. */
export class MessageActs {
  constructor(
    private readonly transactions: RunsActs,
    private readonly directory: Directory,
    private readonly policy: Policy,
  ) {}

  /**
   * Runs the work in a transaction. `shows` returns the message that the answer to the act shows, if it shows one.
   * @throws invalid_id; message_not_found, also if the actor may not read it; draining, idempotency_conflict, what the
   *   work throws
   */
  run<Result>(
    actor: Person,
    id: string,
    work: (on: ActedOn) => Promise<Result>,
    shows?: (result: Result) => Seq,
  ): Promise<Result> {
    const uuid = messageId(id)
    return this.transactions.run(
      actor,
      async (tx) => {
        const now = this.policy.current(actor)
        const message = await tx.message({ uuid })
        const channel = message && this.directory.channel(message.channelId)
        if (!message || !channel || !this.policy.mayRead(now, channel)) throw refusal('message_not_found')
        if (message.seq <= this.policy.hiddenUpTo(now, channel)) throw refusal('message_not_found')
        return work({ tx, actor: now, message, channel })
      },
      shows,
    )
  }

  /** Returns a message with its names. Call it before the first write: it may have to load them. */
  view(message: Message): MessageView {
    const [view] = viewMessages(this.directory, [message])
    if (!view) throw new Error('a message has one view')
    return view
  }
}

/** Refuses to change or delete what a channel must keep. @throws legal_hold */
export function refuseHeld({ settings }: Channel): void {
  if (settings.legalHold) throw refusal('legal_hold')
}

/** @throws invalid_id */
export function messageId(text: string): Uuid {
  const uuid = parseUuid(text)
  if (!uuid) throw new AppError('invalid', 'invalid_id', 'Invalid message id')
  return uuid
}
