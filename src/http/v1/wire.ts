import type { Account, Channel, MessageView } from '../../core/kernel/entities'
import { wellFormedJson } from '../../core/kernel/text'
import { formatInstant, type Micros } from '../../core/kernel/time'
import type { Catalogue } from '../../core/log/catalogue'
import { channelOf, type LogEvent, subjectAccount } from '../../core/log/events'
import type { Log } from '../../core/log/log'

/** The wire forms of v1. Keys of the earlier server come first, in its order. */

export function instantOrNull(at: Micros | null): string | null {
  return at === null ? null : formatInstant(at)
}

/** An account as events show it (docs/contract/log.md#event-types). */
export function accountRef({ uuid, handle, kind, displayName }: Account) {
  return { id: uuid, handle, kind, display_name: displayName }
}

/** A channel as events show it (docs/contract/log.md#event-types). */
function channelRef({ uuid, slug, name, kind }: Channel) {
  return { id: uuid, slug, name, kind }
}

/** Payload keys that are derived from the subject; all others are facts. */
const makers: Readonly<Record<string, (event: LogEvent) => unknown>> = {
  message_id: (event) => (event.about === 'message' ? event.message.message.uuid : undefined),
  /** The account that the event is about, else the one that acted. */
  account: (event) => {
    const account = subjectAccount(event) ?? event.actor
    return account && accountRef(account)
  },
  info: (event) => (event.about === 'channel' ? channelRef(event.channel) : undefined),
  key: (event) => (event.about === 'setting' ? event.setting.key : undefined),
  by: (event) => (event.about === 'setting' ? (event.actor?.handle ?? null) : undefined),
}

/** Without the closing brace, so that members can be appended without copying. */
const messages = new WeakMap<MessageView, string>()
const envelopes = new WeakMap<LogEvent, string>()

/** Renders messages and events. Each is rendered once, as the same text for every reader. */
export class Wire {
  constructor(private readonly core: { readonly log: Pick<Log, 'cursor'>; readonly catalogue: Catalogue }) {}

  /** Renders a message as JSON, independent of the reader. `more`: additional members for this answer. */
  message(view: MessageView, more = ''): string {
    let text = messages.get(view)
    if (text === undefined) {
      text = this.renderMessage(view)
      messages.set(view, text)
    }
    return more === '' ? `${text}}` : `${text},${more}}`
  }

  /** Renders a message for one reader in a REST answer: the author also gets its own client_message_id. */
  messageFor(view: MessageView, readerId: number, more = ''): string {
    const { clientMessageId, senderId, deletedAt } = view.message
    if (clientMessageId === null || senderId !== readerId || deletedAt !== null)
      return this.message(view, more)
    const own = `"client_msg_id":${JSON.stringify(clientMessageId)}`
    return this.message(view, more === '' ? own : `${own},${more}`)
  }

  /** Renders an event as JSON, in the one shape of sockets, streams and polls (docs/contract/log.md#envelope). */
  envelope(event: LogEvent): string {
    let text = envelopes.get(event)
    if (text === undefined) {
      text = this.renderEnvelope(event)
      envelopes.set(event, text)
    }
    return text
  }

  private renderEnvelope(event: LogEvent): string {
    const { type, actor, seq } = event
    const channel = channelOf(event)
    const by = actor ? `{"handle":${quote(actor.handle)},"kind":"${actor.kind}"}` : 'null'
    const slug = channel ? quote(channel.slug) : 'null'
    const cursor = this.core.log.cursor(seq)
    return `{"type":"${type}","channel":${slug},${this.payload(event)}"seq":${seq},"cursor":"${cursor}","at":"${formatInstant(event.at)}","actor":${by}}`
  }

  /** Renders the keys of the event's type, each followed by a comma. */
  private payload(event: LogEvent): string {
    let text = ''
    const add = (key: string, value: unknown) => {
      if (value !== undefined) text += `${quote(key)}:${JSON.stringify(value)},`
    }
    // The message is rendered once for its event and the pages that show it.
    for (const key of this.core.catalogue.find(event.type)?.payload ?? [])
      if (key === 'message' && event.about === 'message') text += `"message":${this.message(event.message)},`
      else add(key, makers[key]?.(event))
    for (const [key, value] of Object.entries(event.facts)) add(key, value)
    return text
  }

  private renderMessage({ message, channel, sender, mentioned }: MessageView): string {
    const { seq, createdAt, thread, replyTo } = message
    const gone = message.deletedAt !== null
    const edited = message.editedAt === null ? 'null' : `"${formatInstant(message.editedAt)}"`
    const lastReply = message.lastReplyAt === null ? 'null' : `"${formatInstant(message.lastReplyAt)}"`
    const names = gone ? '' : mentioned.map(quote).join()
    const truncated = !gone && message.mentions.truncated ? ',"mentions_truncated":true' : ''
    return `{"id":"${message.uuid}","channel":${quote(channel.slug)},"thread_id":${thread ? `"${thread.uuid}"` : 'null'},"reply_to":${replyTo ? `"${replyTo.uuid}"` : 'null'},"sender_handle":${quote(sender.handle)},"sender_kind":"${sender.kind}","body":${gone ? '""' : quote(message.body)},"body_format":"${message.format}","created_at":"${formatInstant(createdAt)}","edited_at":${edited},"mentioned_handles":[${names}],"seq":${seq},"cursor":"${this.core.log.cursor(seq)}","kind":"${message.kind}","priority":"${message.priority}","sender_id":"${sender.uuid}","sender_display_name":${quote(sender.displayName)},"via":"${message.via}","broadcast":${!gone && message.mentions.broadcast},"reply_count":${message.replyCount},"last_reply_at":${lastReply},"reactions":[]${truncated},"attachments":[],"metadata":${gone ? '{}' : wellFormedJson(message.metadata)},"deleted":${gone}`
  }
}

/** Appends members to a JSON object. */
export function extend(object: string, members: string): string {
  return `${object.slice(0, -1)},${members}}`
}

function quote(text: string): string {
  return JSON.stringify(text)
}
