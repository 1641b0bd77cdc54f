import { type ApprovalView, approvalOf } from '../../core/approvals/approval-view'
import type { ClaimView } from '../../core/coordination/claim-view'
import type { PauseView } from '../../core/coordination/pause-view'
import { type Reasons, reasonsIn } from '../../core/inbox/reasons'
import type { DeliverySummary } from '../../core/inbox/summaries'
import type { Account, Attachment, Channel, MessageView } from '../../core/kernel/entities'
import { wellFormedJson } from '../../core/kernel/text'
import { formatInstant, type Micros } from '../../core/kernel/time'
import type { Catalogue } from '../../core/log/catalogue'
import { type AccountsFact, channelOf, idsIn, type LogEvent, subjectAccount } from '../../core/log/events'
import type { Frame } from '../../core/log/frames'
import type { Log } from '../../core/log/log'
import { presenceJson } from '../presence-wire'

/** The wire forms of v1. Keys of the earlier server come first, in its order. */

export function instantOrNull(at: Micros | null): string | null {
  return at === null ? null : formatInstant(at)
}

/** An account as events show it (docs/contract/log.md#event-types). */
export function accountRef({ uuid, handle, kind, displayName }: Account) {
  return { id: uuid, handle, kind, display_name: displayName }
}

export function attachmentJson(attachment: Attachment) {
  const { uuid, kind, filename, mime, size, sha256, width, height } = attachment
  return { id: uuid, kind, filename, mime, size, sha256, width, height, url: `/v1/attachments/${uuid}` }
}

/** A channel as events show it (docs/contract/log.md#event-types). */
function channelRef({ uuid, slug, name, kind }: Channel) {
  return { id: uuid, slug, name, kind }
}

/** A claim (docs/contract/coordination.md#claims). */
export function claimJson(claim: ClaimView) {
  const { uuid, resource, channel, message, holder, instance, note, epoch, outcome } = claim
  return {
    id: uuid,
    resource,
    channel: channel?.slug ?? null,
    message_id: message?.uuid ?? null,
    holder: holder.handle,
    holder_kind: holder.kind,
    instance,
    note,
    epoch,
    acquired_at: formatInstant(claim.acquiredAt),
    renewed_at: formatInstant(claim.renewedAt),
    expires_at: formatInstant(claim.expiresAt),
    released_at: instantOrNull(claim.releasedAt),
    outcome,
  }
}

/** A pause (docs/contract/coordination.md#pauses). */
export function pauseJson({ uuid, channel, account, by, note, since, until }: PauseView) {
  return {
    id: uuid,
    channel: channel?.slug ?? null,
    account: account && accountRef(account),
    by: by && accountRef(by),
    note,
    since: formatInstant(since),
    until: instantOrNull(until),
  }
}

/** An approval (docs/contract/approvals.md). What a deleted message asked is gone. */
export function approvalJson({ uuid, state, expiresAt, message: view }: ApprovalView) {
  const { message, channel, sender } = view
  const { approval } = message
  const decision = approval?.decision ?? null
  return {
    id: uuid,
    message_id: message.uuid,
    channel: channel.slug,
    thread_id: message.thread?.uuid ?? null,
    question: message.deletedAt === null ? message.body : '',
    options: approval?.options ?? [],
    approvers: view.approval?.approvers ?? null,
    requested_by: sender.handle,
    state,
    decision: decision && {
      option: decision.option,
      label: approval?.options.find(({ id }) => id === decision.option)?.label ?? decision.option,
      by: view.approval?.decidedBy ?? null,
      at: formatInstant(decision.at),
      note: decision.note,
    },
    created_at: formatInstant(message.createdAt),
    expires_at: formatInstant(expiresAt),
    metadata: message.metadata,
  }
}

/** Returns the handles of the accounts in a fact. */
function handlesIn(event: LogEvent, name: AccountsFact): readonly string[] | undefined {
  if (event.about !== 'message') return undefined
  const handles = new Map(event.named.map(({ id, handle }) => [id, handle]))
  return idsIn(event.facts, name).flatMap((id) => handles.get(id) ?? [])
}

/** Payload keys that are derived from the subject, or from ids in the facts; all others are facts as they are. */
const makers: Readonly<Record<string, (event: LogEvent) => unknown>> = {
  message_id: (event) => (event.about === 'message' ? event.message.message.uuid : undefined),
  thread_id: (event) =>
    event.about === 'message' ? (event.message.message.thread?.uuid ?? null) : undefined,
  mentions_added: (event) => handlesIn(event, 'mentions_added'),
  mentions_removed: (event) => handlesIn(event, 'mentions_removed'),
  accounts: (event) => handlesIn(event, 'accounts'),
  /** The account that the event is about, else the one that acted. */
  account: (event) => {
    const [recipient] = event.type === 'ack.delivery' ? event.named : []
    const account = recipient ?? subjectAccount(event) ?? event.actor
    return account && accountRef(account)
  },
  account_id: (event) => subjectAccount(event)?.uuid,
  info: (event) => (event.about === 'channel' ? channelRef(event.channel) : undefined),
  approval: (event) => {
    const found = event.about === 'message' ? approvalOf(event.type, event.message, event.facts) : undefined
    return found && approvalJson(found)
  },
  claim: (event) => (event.about === 'claim' ? claimJson(event.claim) : undefined),
  pause: (event) => (event.about === 'pause' ? pauseJson(event.pause) : undefined),
  key: (event) => (event.about === 'setting' ? event.setting.key : undefined),
  by: (event) => (event.about === 'setting' ? (event.actor?.handle ?? null) : undefined),
}

/** Without the closing brace, so that members can be appended without copying. */
const messages = new WeakMap<MessageView, string>()
const envelopes = new WeakMap<LogEvent, string>()
const frames = new WeakMap<Frame, string>()
const replays = new WeakMap<LogEvent, string>()

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

  /**
   * Renders a message for one reader in a REST answer: the author also gets its own client_message_id, and what became of the
   * message (`deliveries`).
   */
  messageFor(
    view: MessageView,
    readerId: number,
    deliveries: DeliverySummary | undefined,
    more = '',
  ): string {
    const { clientMessageId, senderId, deletedAt } = view.message
    if (senderId !== readerId || deletedAt !== null) return this.message(view, more)
    return this.message(view, ownMembers(clientMessageId, deliveries, more))
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

  /** Renders a frame as JSON, like an event without a place in the log (docs/contract/live.md#ephemeral-frames). */
  frame(frame: Frame): string {
    let text = frames.get(frame)
    if (text === undefined) {
      text = this.renderFrame(frame)
      frames.set(frame, text)
    }
    return text
  }

  /** Renders that an event about a message notifies an account (docs/contract/inbox.md#live). */
  item(event: LogEvent, reasons: Reasons, recipient: string, replay: boolean): string {
    if (event.about !== 'message') throw new Error(`${event.type} is not about a message`)
    const names = reasonsIn(reasons)
    const why = `"recipient":${quote(recipient)},"reason":"${names[0]}","reasons":${JSON.stringify(names)}`
    const payload = `${why},"message":${this.message(event.message)},`
    const text = this.enveloped('inbox.item', event, payload)
    return replay ? extend(text, '"replay":true') : text
  }

  /**
   * Renders what a webhook is sent of an event: its envelope, for whom it is, and why. A notification has the message, whatever
   * the type of its event.
   */
  forWebhook(event: LogEvent, recipient: string, reasons: Reasons | null): string {
    const [reason = null] = reasons === null ? [] : reasonsIn(reasons)
    const isItem = reasons !== null && event.about === 'message'
    const text = isItem
      ? this.enveloped(event.type, event, `"message":${this.message(event.message)},`)
      : this.envelope(event)
    return extend(text, `"recipient":${quote(recipient)},"reason":${JSON.stringify(reason)}`)
  }

  /** Renders an event of the past, as sockets send it. */
  replay(event: LogEvent): string {
    let text = replays.get(event)
    if (text === undefined) {
      text = extend(this.envelope(event), '"replay":true')
      replays.set(event, text)
    }
    return text
  }

  private renderFrame(frame: Frame): string {
    const { type, channel, account, at } = frame
    return JSON.stringify({
      type,
      channel: channel?.slug ?? null,
      ...this.contentOf(frame),
      at: formatInstant(at),
      actor: { handle: account.handle, kind: account.kind },
    })
  }

  private contentOf(frame: Frame): object {
    switch (frame.type) {
      case 'claim.renewed':
        return { claim: claimJson(frame.content.claim) }
      case 'presence.online':
      case 'presence.offline':
      case 'presence.updated':
        return { presence: presenceJson(frame.content.presence) }
      case 'delivery.updated': {
        const { message, deliveries } = frame.content
        return { message_id: message.message.uuid, deliveries }
      }
      case 'read.position': {
        const { thread, readSeq, unread, mentions } = frame.content
        const read_cursor = this.core.log.cursor(readSeq)
        return { thread_id: thread?.uuid ?? null, read_cursor, unread, mentions }
      }
    }
  }

  private renderEnvelope(event: LogEvent): string {
    return this.enveloped(event.type, event, this.payload(event))
  }

  /** `payload`: the keys of the type, each followed by a comma. */
  private enveloped(type: string, event: LogEvent, payload: string): string {
    const { actor, seq } = event
    const channel = channelOf(event)
    const by = actor ? `{"handle":${quote(actor.handle)},"kind":"${actor.kind}"}` : 'null'
    const slug = channel ? quote(channel.slug) : 'null'
    const cursor = this.core.log.cursor(seq)
    return `{"type":"${type}","channel":${slug},${payload}"seq":${seq},"cursor":"${cursor}","at":"${formatInstant(event.at)}","actor":${by}}`
  }

  /** Renders the keys of the event's type, each followed by a comma. */
  private payload(event: LogEvent): string {
    let text = ''
    const add = (key: string, value: unknown) => {
      if (value !== undefined) text += `${quote(key)}:${JSON.stringify(value)},`
    }
    const { payload = [], hidden = [] } = this.core.catalogue.find(event.type) ?? {}
    // The message is rendered once for its event and the pages that show it.
    for (const key of payload)
      if (key === 'message' && event.about === 'message') text += `"message":${this.message(event.message)},`
      else {
        const made = makers[key]?.(event)
        add(key, made === undefined ? event.facts[key] : made)
      }
    for (const [key, value] of Object.entries(event.facts))
      if (!payload.includes(key) && !hidden.includes(key)) add(key, value)
    return text
  }

  private renderMessage(view: MessageView): string {
    const { message, channel, sender, mentioned, reactions } = view
    const { seq, createdAt, thread, replyTo } = message
    const gone = message.deletedAt !== null
    const edited = message.editedAt === null ? 'null' : `"${formatInstant(message.editedAt)}"`
    const lastReply = message.lastReplyAt === null ? 'null' : `"${formatInstant(message.lastReplyAt)}"`
    const names = gone ? '' : mentioned.map(quote).join()
    const approval =
      gone || !message.approval
        ? ''
        : `,"approval":${JSON.stringify(approvalJson({ ...message.approval, message: view }))}`
    const truncated = !gone && message.mentions.truncated ? ',"mentions_truncated":true' : ''
    return `{"id":"${message.uuid}","channel":${quote(channel.slug)},"thread_id":${thread ? `"${thread.uuid}"` : 'null'},"reply_to":${replyTo ? `"${replyTo.uuid}"` : 'null'},"sender_handle":${quote(sender.handle)},"sender_kind":"${sender.kind}","body":${gone ? '""' : quote(message.body)},"body_format":"${message.format}","created_at":"${formatInstant(createdAt)}","edited_at":${edited},"mentioned_handles":[${names}],"seq":${seq},"cursor":"${this.core.log.cursor(seq)}","kind":"${message.kind}","priority":"${message.priority}","sender_id":"${sender.uuid}","sender_display_name":${quote(sender.displayName)},"via":"${message.via}","broadcast":${!gone && message.mentions.broadcast},"reply_count":${message.replyCount},"last_reply_at":${lastReply},"reactions":${gone || reactions.length === 0 ? '[]' : JSON.stringify(reactions)}${truncated},"attachments":${message.attachments.length === 0 ? '[]' : JSON.stringify(message.attachments.map(attachmentJson))},"metadata":${gone ? '{}' : wellFormedJson(message.metadata)}${approval},"deleted":${gone}`
  }
}

/** Returns the members of a message for its author alone, and further ones. */
export function ownMembers(
  clientMessageId: string | null,
  deliveries: DeliverySummary | undefined,
  more: string,
): string {
  const own = clientMessageId === null ? '' : `"client_msg_id":${JSON.stringify(clientMessageId)},`
  const summary = deliveries === undefined ? '' : `"deliveries":${JSON.stringify(deliveries)},`
  return more === '' ? `${own}${summary}`.slice(0, -1) : `${own}${summary}${more}`
}

/** Appends members to a JSON object. */
function extend(object: string, members: string): string {
  return `${object.slice(0, -1)},${members}}`
}

function quote(text: string): string {
  return JSON.stringify(text)
}
