import type { Policy } from '../access/policy'
import { cancelDeleted } from '../approvals/cancel-deleted'
import { entryBy } from '../governance/audit'
import type { Person } from '../identity/actor'
import type { Channel, Message } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Micros } from '../kernel/time'
import { messageEvent } from '../log/events'
import type { Attachments } from './attachments'
import { noMentions } from './mentions'
import { type MessageActs, refuseHeld } from './message-acts'

/** Deletes messages (docs/contract/messages.md#deleting). */
export class Deletions {
  constructor(
    private readonly acts: MessageActs,
    private readonly policy: Policy,
    private readonly attachments: Pick<Attachments, 'deleteOf'>,
  ) {}

  /**
   * Deletes a message, as its author or as an admin of its channel. What remains is a tombstone. A deleted message
   * stays as it is. `isModerated`: the actor's right to delete messages of others was checked before.
   * @throws invalid_id, message_not_found, not_author, missing_scope, read_only_role, legal_hold, draining
   */
  remove(actor: Person, id: string, { isModerated = false } = {}): Promise<void> {
    return this.acts.run(actor, id, async ({ tx, actor: now, message, channel }) => {
      const by = this.roleOf(now, message, channel, isModerated)
      if (message.deletedAt !== null) return
      refuseHeld(channel)
      const tombstone = tombstoneOf(message, tx.now())
      const view = this.acts.view(tombstone)
      await tx.removeMessages([message.seq], tx.now())
      if (message.attachments.length > 0) await this.attachments.deleteOf(tx, [message.seq])
      await cancelDeleted(tx, [view], now.account)
      await tx.append(messageEvent('message.deleted', view, { by }), now.account)
      if (by === 'author') return
      const where = { channel_id: channel.uuid, channel: channel.slug }
      await tx.audit(entryBy(actor, 'message.delete', { type: 'message', id: message.uuid }, where))
    })
  }

  /** Returns as what the actor may delete the message. */
  private roleOf(
    actor: Person,
    { senderId }: Message,
    channel: Channel,
    isModerated: boolean,
  ): 'author' | 'admin' {
    if (senderId === actor.account.id) {
      this.policy.postIn(actor, channel)
      return 'author'
    }
    if (isModerated) return 'admin'
    if (!this.policy.isChannelAdmin(actor, channel)) throw refusal('not_author')
    this.policy.moderateIn(actor, channel)
    return 'admin'
  }
}

/** Returns what remains of a deleted message: its place, its sender, its thread. */
export function tombstoneOf(message: Message, deletedAt: Micros): Message {
  const { listed, unlisted, broadcast, truncated, dormant } = noMentions
  const { approval: _, ...rest } = message
  return {
    ...rest,
    body: '',
    mentions: { listed, unlisted, broadcast, truncated, dormant },
    metadata: {},
    clientMessageId: null,
    ackWithinSeconds: null,
    reactions: [],
    attachments: [],
    deletedAt,
  }
}
