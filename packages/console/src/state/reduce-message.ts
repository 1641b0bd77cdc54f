import type { Message } from '@synapse/client'

type Reactions = Message['reactions']

/** How many accounts an answer names for each emoji. */
const NAMED = 20

/** The reactions with one more. Undefined where what is known does not say whether it is counted already. */
export function added(reactions: Reactions, emoji: string, handle: string): Reactions | undefined {
  const known = reactions.find((reaction) => reaction.emoji === emoji)
  if (!known) return [...reactions, { emoji, count: 1, handles: [handle] }]
  if (known.handles.includes(handle)) return reactions
  if (known.count > known.handles.length) return undefined
  const handles = [...known.handles, handle].slice(0, NAMED)
  return reactions.map((one) => (one === known ? { ...one, count: one.count + 1, handles } : one))
}

/** The reactions with one less. Undefined where what is known does not say whether it was counted. */
export function removed(reactions: Reactions, emoji: string, handle: string): Reactions | undefined {
  const known = reactions.find((reaction) => reaction.emoji === emoji)
  if (!known) return reactions
  // Some accounts are counted and not named.
  if (known.count > known.handles.length) return undefined
  if (!known.handles.includes(handle)) return reactions
  if (known.count === 1) return reactions.filter((one) => one !== known)
  const handles = known.handles.filter((one) => one !== handle)
  return reactions.map((one) => (one === known ? { ...one, count: one.count - 1, handles } : one))
}

/** The root of a thread with a reply more, if it does not count it already. */
export function countedReply(root: Message, reply: Message): Message {
  if (root.last_reply_at !== null && root.last_reply_at >= reply.created_at) return root
  return { ...root, reply_count: root.reply_count + 1, last_reply_at: reply.created_at }
}

/** What remains of a deleted message: its place, its sender and its thread. */
export function withoutBody(message: Message): Message {
  const { approval: _, deliveries: __, mentions_truncated: ___, ...rest } = message
  return {
    ...rest,
    body: '',
    mentioned_handles: [],
    broadcast: false,
    reactions: [],
    attachments: [],
    metadata: {},
    deleted: true,
  }
}
