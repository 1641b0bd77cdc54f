import type { InboxItem, Message, StreamEvent } from '@synapse/client'
import { continued, personSpoke, stopped } from './reduce-chain'
import { added, countedReply, removed, withoutBody } from './reduce-message'
import type { Store } from './store'
import { type Channel, isUnseen, lastReplyOf } from './types'

/** What an event leaves to do: the rest of the state, or the network. */
export interface Outcome {
  /** A message that came. It is not in the store yet: only timelines know whether somebody shows it. */
  readonly created?: Message
  /** A message that went. */
  readonly deleted?: string
  /** A channel that I cannot read any more. */
  readonly lost?: string
  /** What has to be read again, because the event does not say enough. */
  readonly rereads?: readonly Reread[]
}

export type Reread =
  | { readonly of: 'channels' | 'inbox' | 'me' | 'everything' }
  | { readonly of: 'message' | 'members' | 'account' | 'timelines'; readonly key: string }

const nothing: Outcome = {}
const reread = (...rereads: Reread[]): Outcome => ({ rereads })

/** Applies an event to the store, and does nothing else. Types that it does not know change nothing. */
export function reduce(store: Store, event: StreamEvent): Outcome {
  const me = store.me.peek()
  const { channel } = event as { channel?: string | null }
  switch (event.type) {
    case 'message.created':
      return created(store, event.message, event.at)
    case 'message.edited':
      if (store.messages.peek(event.message.id)) store.putMessage(event.message)
      store.changeItems(event.message.id, (item) => ({ ...item, message: event.message }))
      store.summaries.update(event.message.thread_id ?? '', (known) =>
        known.lastReply?.id === event.message.id
          ? { ...known, lastReply: lastReplyOf(event.message) }
          : known,
      )
      return nothing
    case 'message.deleted': {
      store.messages.update(event.message_id, withoutBody)
      store.changeItems(event.message_id, () => undefined)
      const root = event.thread_id ?? ''
      const rereads: Reread[] = [{ of: 'channels' }]
      if (store.messages.peek(root)) rereads.push({ of: 'message', key: root })
      store.summaries.update(root, (known) =>
        known.lastReply?.id === event.message_id ? { ...known, lastReply: null } : known,
      )
      return { deleted: event.message_id, rereads }
    }
    case 'reaction.added':
    case 'reaction.removed': {
      const { message_id: id, emoji, account } = event
      store.putAccount(account)
      const message = store.messages.peek(id)
      if (!message) return nothing
      const change = event.type === 'reaction.added' ? added : removed
      const reactions = change(message.reactions, emoji, account.handle)
      if (reactions === undefined) return reread({ of: 'message', key: id })
      if (reactions !== message.reactions) store.messages.set(id, { ...message, reactions })
      return nothing
    }
    case 'delivery.updated':
      store.messages.update(event.message_id, (message) => ({ ...message, deliveries: event.deliveries }))
      return nothing

    case 'inbox.item':
      return item(store, event)
    case 'ack.delivery':
      if (event.account.id === me?.account_id && event.state !== 'unreachable')
        settle(store, event.message_id, event.state)
      return nothing
    case 'ack.position':
      return reread({ of: 'inbox' })
    case 'read.position':
      return channel ? position(store, channel, event) : nothing

    case 'member.joined':
    case 'member.left':
    case 'member.role': {
      store.putAccount(event.account)
      const key = channel ?? ''
      const rereads: Reread[] = store.members.peek(key) ? [{ of: 'members', key }] : []
      if (event.account.id === me?.account_id) rereads.push({ of: 'channels' })
      const isLost = event.type === 'member.left' && event.account.id === me?.account_id
      store.channels.update(key, (known) => ({
        ...known,
        member_count: known.member_count + (isJoin(event.type) - isLeave(event.type)),
      }))
      return { rereads, ...(isLost ? { lost: key } : {}) }
    }
    case 'channel.created':
    case 'channel.updated':
    case 'channel.unarchived':
      return reread({ of: 'channels' })
    case 'channel.archived':
      store.channels.delete(event.info.slug)
      return { lost: event.info.slug }
    case 'channel.purged':
      return channel ? reread({ of: 'channels' }, { of: 'timelines', key: channel }) : nothing

    case 'claim.acquired':
    case 'claim.renewed':
    case 'claim.released':
    case 'claim.expired':
      store.claims.set(event.claim.id, event.claim)
      return nothing
    case 'approval.created':
    case 'approval.decided':
    case 'approval.expired':
    case 'approval.cancelled': {
      const { approval } = event
      store.approvals.set(approval.id, approval)
      store.messages.update(approval.message_id, (message) => ({ ...message, approval }))
      if (approval.state !== 'pending' && approval.requested_by !== me?.handle)
        settle(store, approval.message_id, 'acked')
      if (event.type === 'approval.decided') personSpoke(store, approval.channel, approval.thread_id)
      return nothing
    }
    case 'presence.online':
    case 'presence.offline':
    case 'presence.updated':
      store.presence.set(event.presence.handle, event.presence)
      return nothing

    case 'pause.started':
    case 'pause.ended': {
      const { pause } = event
      const isOn = event.type === 'pause.started'
      if (isOn) store.pauses.set(pause.id, pause)
      else store.pauses.delete(pause.id)
      if (pause.channel !== null && pause.account === null)
        store.channels.update(pause.channel, (known) => ({ ...known, pause: isOn ? pause : null }))
      return nothing
    }
    case 'chain.blocked':
      if (channel) stopped(store, channel, event)
      return nothing
    case 'thread.continued':
      if (channel) continued(store, channel, event.thread_id)
      return nothing

    case 'account.updated':
      store.putAccount(event.account)
      return reread(
        { of: 'account', key: event.account.handle },
        ...(event.account.id === me?.account_id ? [{ of: 'me' } as const] : []),
      )
    case 'account.erased':
      return reread({ of: 'everything' })
    default:
      return nothing
  }
}

function isJoin(type: string): number {
  return type === 'member.joined' ? 1 : 0
}

function isLeave(type: string): number {
  return type === 'member.left' ? 1 : 0
}

function created(store: Store, message: Message, at: string): Outcome {
  const { channel, thread_id: root } = message
  const me = store.me.peek()
  const isMine = message.sender_id === me?.account_id
  store.channels.update(channel, (known) => {
    // What was read after this message has counted it.
    if (known.last_message_at !== null && known.last_message_at >= at) return known
    const counts = root === null && !isMine && message.kind !== 'system' && !message.deleted
    const unread = counts && known.unread !== undefined ? { unread: Math.min(known.unread + 1, 100) } : {}
    return { ...known, ...unread, head_cursor: message.cursor, last_message_at: at }
  })
  if (message.sender_kind === 'human') personSpoke(store, channel, root)
  if (root !== null && !message.deleted) {
    store.messages.update(root, (known) => countedReply(known, message))
    store.summaries.update(root, ({ participants, lastReply }) => ({
      participants: participants && withName(participants, message.sender_handle),
      lastReply: lastReply && lastReply.at > message.created_at ? lastReply : lastReplyOf(message),
    }))
    store.threads.update(root, (known) => ({
      ...known,
      root: countedReply(known.root, message),
      reply_count: countedReply(known.root, message).reply_count,
      last_reply_at: message.created_at,
      participants: withName(known.participants, message.sender_handle),
    }))
  }
  if (message.approval) store.approvals.set(message.approval.id, message.approval)
  return { created: message }
}

function withName<Names extends readonly string[]>(names: Names, name: string): string[] | Names {
  return names.includes(name) ? names : [...names, name]
}

type ItemEvent = Extract<StreamEvent, { type: 'inbox.item' }>

function item(store: Store, { seq, cursor, at, reason, reasons, message, channel }: ItemEvent): Outcome {
  const key = String(seq)
  if (store.items.peek(key)) return nothing
  store.items.set(key, {
    seq,
    cursor,
    reason: reason as InboxItem['reason'],
    reasons: reasons as InboxItem['reasons'],
    event: reason === 'overdue' ? 'ack.overdue' : 'message.created',
    message,
    delivery: { state: 'notified', at },
  })
  store.pending.value = Math.min(store.pending.peek() + 1, 1000)
  const slug = channel ?? message.channel
  store.channels.update(slug, (known) => {
    if (known.mentions === undefined || !letsThrough(known, reasons)) return known
    return { ...known, mentions: Math.min(known.mentions + 1, 100) }
  })
  return nothing
}

const QUIET: readonly string[] = ['thread', 'group', 'broadcast']

/** Whether the setting of a channel lets a notification through: `mentions` leaves out threads, aliases and broadcasts. */
export function letsThrough({ notify }: Pick<Channel, 'notify'>, reasons: readonly string[]): boolean {
  if (notify === 'none') return false
  return notify !== 'mentions' || reasons.some((reason) => !QUIET.includes(reason))
}

/** The items of a message have an answer. */
function settle(store: Store, messageId: string, state: 'acked' | 'failed'): void {
  store.changeItems(messageId, (item) => ({ ...item, delivery: { ...item.delivery, state } }))
}

type PositionEvent = Extract<StreamEvent, { type: 'read.position' }>

function position(store: Store, slug: string, event: PositionEvent): Outcome {
  const { thread_id: thread, read_cursor, unread, mentions } = event
  store.channels.update(slug, (known) => ({
    ...known,
    mentions,
    ...(thread === null ? { unread, read_cursor } : {}),
  }))
  // The position says up to where, in a form that only the server can compare.
  const isAbout = ({ message }: InboxItem) =>
    message.channel === slug && (thread === null || (message.thread_id ?? message.id) === thread)
  const unseen = store.items.values().some((known) => isAbout(known) && isUnseen(known))
  return unseen ? reread({ of: 'inbox' }) : nothing
}
