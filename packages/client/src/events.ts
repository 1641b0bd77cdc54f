import type { AccountRef, Approval, Claim, Message, Pause, Presence } from './types'

/** What the types of events carry (docs/contract/log.md#event-types). */
interface Payloads {
  'message.created': { message: Message }
  'message.edited': { message: Message; mentions_added: string[]; mentions_removed: string[] }
  'message.deleted': { message_id: string; thread_id: string | null; by: string }
  'reaction.added': Reaction
  'reaction.removed': Reaction
  'member.joined': { account: AccountRef; role: string }
  'member.left': { account: AccountRef; by: 'self' | 'admin' }
  'member.role': { account: AccountRef; role: string; previous: string }
  'channel.created': Info
  'channel.updated': Info & { changed: string[] }
  'channel.archived': Info
  'channel.unarchived': Info
  'channel.purged': { through_cursor: string; count: number }
  'thread.continued': { thread_id: string | null; extra: number }
  'chain.blocked': {
    account: AccountRef
    thread_id: string | null
    code: 'chain_limit' | 'loop_guard'
    limit: number
    used: number
  }
  'pause.started': { pause: Pause }
  'pause.ended': { pause: Pause }
  'account.created': Concerned
  'account.updated': Concerned & { changed: string[] }
  'account.archived': Concerned
  'account.unarchived': Concerned
  'account.erased': { account_id: string }
  'account.token_issued': TokenFacts & { replaces?: string }
  'account.token_revoked': TokenFacts
  'account.session_ended': Concerned & { session_id: string }
  'account.push_changed': Concerned & { enabled: boolean }
  'account.webhook_changed': Concerned & { webhook_id: string; enabled: boolean }
  'account.webhook_disabled': Concerned & { webhook_id: string; reason: 'failing' | 'gone' }
  'ack.position': Concerned & { consumer: string; position: string; count: number }
  'ack.delivery': Concerned & {
    message_id: string
    state: 'acked' | 'failed' | 'unreachable'
    note: string | null
  }
  'ack.overdue': { message_id: string; accounts: string[] }
  'claim.acquired': { claim: Claim }
  'claim.released': { claim: Claim; forced: boolean }
  'claim.expired': { claim: Claim }
  'approval.created': { approval: Approval }
  'approval.decided': { approval: Approval }
  'approval.expired': { approval: Approval }
  'approval.cancelled': { approval: Approval }
  'setting.changed': { key: string; by: string | null }
  'inbox.item': { recipient: string; reason: string; reasons: string[]; message: Message }
}

/** What happens and is not in the log (docs/contract/live.md#ephemeral-frames): it comes only where `types` names it. */
interface Passing {
  'claim.renewed': { claim: Claim }
  'presence.online': { presence: Presence }
  'presence.offline': { presence: Presence }
  'presence.updated': { presence: Presence }
  'delivery.updated': { message_id: string; deliveries: Record<string, number> }
  'read.position': { thread_id: string | null; read_cursor: string; unread: number; mentions: number }
}

interface Reaction {
  message_id: string
  emoji: string
  account: AccountRef
}
interface Info {
  info: { id: string; slug: string; name: string; kind: 'public' | 'private' | 'dm' }
}
interface Concerned {
  account: AccountRef
}
interface TokenFacts extends Concerned {
  token_id: string
  name: string | null
  scopes: string[]
}
interface Envelope<Type> {
  type: Type
  channel: string | null
  at: string
  actor: { handle: string; kind: 'human' | 'agent' } | null
}
interface InLog {
  seq: number
  cursor: string
  /** It happened before the stream began. Only a WebSocket says so. */
  replay?: true
}

/** An event of the log. Later servers may have more types. */
export type LogEvent = { [Type in keyof Payloads]: Envelope<Type> & InLog & Payloads[Type] }[keyof Payloads]

/** Something that happened and is not in the log. */
export type PassingEvent = {
  [Type in keyof Passing]: Envelope<Type> & { seq?: undefined; cursor?: undefined } & Passing[Type]
}[keyof Passing]

/**
 * Events may be missing. `expired`: those between `from` and `to` were purged. `epoch`: the server has another history, for
 * example after a backup was restored; the stream goes on from its beginning, so ids that you know may come again.
 */
export interface GapEvent {
  type: 'gap'
  reason: 'expired' | 'epoch'
  from: string | undefined
  to: string
  seq?: undefined
  cursor?: undefined
}

export type StreamEvent = LogEvent | PassingEvent | GapEvent
