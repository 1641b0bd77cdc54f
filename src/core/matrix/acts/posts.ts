import type { Channel, Message } from '../../kernel/entities'
import type { NewPost } from '../../messages/new-post'
import type { InwardMessage } from '../inward'

/** Where a message sent over Matrix stands on v1, and what it has besides its text. */
interface Placed {
  /** The message at the root of its thread. */
  readonly root: Message | undefined
  readonly repliedTo: Message | undefined
  /** The names that it mentions; undefined: those in its text. */
  readonly mentions: readonly string[] | undefined
  readonly attachments?: readonly string[]
}

/** Returns a message sent over Matrix as a post of v1. Its metadata name the event. */
export function newPost(
  { slug }: Channel,
  eventId: string,
  { body, format, priority, facts }: InwardMessage,
  { root, repliedTo, mentions, attachments }: Placed,
): NewPost {
  const isInThread = root && repliedTo && (repliedTo.thread ?? repliedTo).seq === (root.thread ?? root).seq
  const isAnswered = repliedTo?.deletedAt === null && (!root || isInThread)
  return {
    ...{ channel: slug, body, format, priority, kind: 'message' },
    threadId: root?.uuid ?? null,
    replyTo: isAnswered ? repliedTo.uuid : null,
    metadata: { matrix: { event_id: eventId, ...facts } },
    clientMessageId: null,
    idempotency: null,
    ...(attachments && { attachments }),
    ...(mentions && { mentions }),
  }
}
