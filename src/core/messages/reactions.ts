import type { Policy } from '../access/policy'
import { quotaExceeded } from '../identity/accounts'
import type { Person } from '../identity/actor'
import type { Account, Message, MessageView, Reaction } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import {
  MAX_EMOJI,
  MAX_EMOJI_PER_MESSAGE,
  MAX_LISTED_REACTORS,
  MAX_REACTIONS_PER_ACCOUNT,
} from '../kernel/limits'
import type { Writes } from '../kernel/ports'
import { isLongerThan, isName } from '../kernel/text'
import { messageEvent } from '../log/events'
import type { ActedOn, MessageActs } from './message-acts'

/** A message with the reactions that an act left it. */
export interface Reacted {
  readonly message: MessageView
  /** Whether the act changed them. */
  readonly isChanged: boolean
}

/**
 * Adds and removes reactions (docs/contract/messages.md#reactions). Each is a row; a message stores with itself what
 * readers are shown of all of them.
 */
export class Reactions {
  constructor(
    private readonly acts: MessageActs,
    private readonly policy: Policy,
  ) {}

  /**
   * Reacts to a message with an emoji. A repeated reaction changes nothing.
   * @throws invalid_emoji, invalid_id, message_not_found, missing_scope, read_only_role, quota_exceeded, draining
   */
  add(actor: Person, id: string, text: string): Promise<Reacted> {
    return this.act(actor, id, text, async (on, emoji) => {
      const { tx, actor: now, message } = on
      const own = await tx.emojiOf(message.seq, now.account.id)
      if (own.includes(emoji)) return this.unchanged(on)
      if (own.length >= MAX_REACTIONS_PER_ACCOUNT)
        throw quotaExceeded('reactions_per_account', MAX_REACTIONS_PER_ACCOUNT)
      const reactions = withReaction(message.reactions, emoji, now.account.id)
      if (reactions.length > MAX_EMOJI_PER_MESSAGE)
        throw quotaExceeded('emoji_per_message', MAX_EMOJI_PER_MESSAGE)
      const changed = { ...message, reactions }
      const view = this.acts.view(changed)
      await tx.updateMessage(changed)
      await tx.insertReaction(message.seq, now.account.id, emoji, tx.now())
      await tx.append(messageEvent('reaction.added', view, { emoji }), now.account)
      return { message: view, isChanged: true }
    })
  }

  /**
   * Removes a reaction of the actor, if there is one, or of an account for which the actor's right was checked before.
   * @throws as `add`, except quota_exceeded
   */
  remove(actor: Person, id: string, text: string, of: Account = actor.account): Promise<Reacted> {
    return this.act(actor, id, text, async (on, emoji) => {
      const { tx, message } = on
      const own = await tx.emojiOf(message.seq, of.id)
      if (!own.includes(emoji)) return this.unchanged(on)
      const changed = await withoutReactionOf(tx, message, emoji, of.id)
      const view = this.acts.view(changed)
      await tx.updateMessage(changed)
      await tx.deleteReaction(message.seq, of.id, emoji)
      await tx.append(messageEvent('reaction.removed', view, { emoji }), of)
      return { message: view, isChanged: true }
    })
  }

  private act(
    actor: Person,
    id: string,
    text: string,
    work: (on: ActedOn, emoji: string) => Promise<Reacted>,
  ): Promise<Reacted> {
    const emoji = legalEmoji(text)
    return this.acts.run(
      actor,
      id,
      async (on) => {
        const { actor: now, message, channel } = on
        if (message.deletedAt !== null) throw refusal('message_not_found')
        this.policy.postIn(now, channel)
        return work(on, emoji)
      },
      ({ message }) => message.message.seq,
    )
  }

  private unchanged({ message }: ActedOn): Reacted {
    return { message: this.acts.view(message), isChanged: false }
  }
}

/** Returns an emoji, or a plain word, in the form in which it is stored. @throws invalid_emoji */
function legalEmoji(text: string): string {
  const emoji = text.normalize('NFC')
  if (isLongerThan(emoji, MAX_EMOJI) || /\s/u.test(emoji) || !isName(emoji)) throw refusal('invalid_emoji')
  return emoji
}

function withReaction(reactions: readonly Reaction[], emoji: string, accountId: number): Reaction[] {
  const known = reactions.find((reaction) => reaction.emoji === emoji)
  if (!known) return [...reactions, { emoji, count: 1, first: [accountId] }]
  const first = [...known.first, accountId].slice(0, MAX_LISTED_REACTORS)
  return reactions.map((one) => (one === known ? { emoji, count: known.count + 1, first } : one))
}

/** Returns the message as it is without a reaction that the account has made. */
export async function withoutReactionOf(
  tx: Writes,
  message: Message,
  emoji: string,
  accountId: number,
): Promise<Message> {
  // One more than are listed, because this account is one of them or comes after them.
  const first = await tx.firstReactors(message.seq, emoji, MAX_LISTED_REACTORS + 1)
  const rest = first.filter((account) => account !== accountId).slice(0, MAX_LISTED_REACTORS)
  return { ...message, reactions: withoutReaction(message.reactions, emoji, rest) }
}

/** `first`: the first accounts that still use the emoji. */
function withoutReaction(
  reactions: readonly Reaction[],
  emoji: string,
  first: readonly number[],
): Reaction[] {
  return reactions.flatMap((one) => {
    if (one.emoji !== emoji) return [one]
    return first.length === 0 ? [] : [{ emoji, count: one.count - 1, first }]
  })
}
