import type { Approval, Message } from '@synapse/client'
import { isShown, shortId } from '../lib/table'
import { visible, visibleLines } from '../lib/visible'
import { momentOf, type Name, type Row } from './sheet'

/** Who looks: own entries are those of `you`. */
export interface Viewer {
  readonly handle: string
  readonly kind: 'human' | 'agent'
}

/** The sender of a message: people by their name, agents by their handle. */
export function senderOf(message: Message, viewer: Viewer): Name {
  const { sender_handle: handle, sender_display_name: name, sender_kind: kind } = message
  if (message.kind === 'system') return { text: 'system', kind: 'server' }
  return nameOf({ handle, kind, name }, viewer)
}

/** How an account is shown. */
export function nameOf(
  {
    handle,
    kind,
    name,
  }: { readonly handle: string; readonly kind: 'human' | 'agent'; readonly name?: string },
  viewer: Viewer,
): Name {
  if (handle === viewer.handle) return { text: 'you', kind: 'human' }
  return { text: visible(kind === 'agent' ? handle : (name ?? handle)), kind }
}

/** Returns what a message shows. `paint` marks what waits for the viewer. */
export function messageRow(message: Message, viewer: Viewer, paint: (text: string) => string): Row {
  const { approval, mentioned_handles: mentioned } = message
  const isForViewer = mentioned.includes(viewer.handle) && message.sender_handle !== viewer.handle
  const row = {
    at: message.created_at,
    channel: message.channel,
    name: senderOf(message, viewer),
    lines: [...bodyOf(message), ...message.attachments.map(attachmentLine)],
  }
  if (approval !== undefined) return { ...row, ...approvalPart(approval, viewer, paint) }
  const isReply = message.reply_to !== null || message.thread_id !== null
  return { ...row, sign: isReply ? '>' : undefined, paint: isForViewer ? paint : undefined }
}

function bodyOf({ body, deleted, edited_at: edited }: Message): string[] {
  if (deleted) return ['(deleted)']
  const lines = visibleLines(body.trimEnd())
  return edited === null ? lines : [...lines.slice(0, -1), `${lines.at(-1) ?? ''} (edited)`]
}

function attachmentLine({ filename, size, url }: Message['attachments'][number]): string {
  return `[${visible(filename)}, ${sizeOf(size)}, ${visible(url)}]`
}

function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** A question with its options, and below it what became of it. */
function approvalPart(
  approval: Approval,
  viewer: Viewer,
  paint: (text: string) => string,
): Pick<Row, 'sign' | 'paint' | 'lines' | 'below'> {
  const { question, options } = approval
  const [first = '', ...more] = visibleLines(question)
  const choices = options.map(({ label }) => `[${visible(label)}]`).join(' ')
  return {
    sign: '?',
    paint: mayDecide(approval, viewer) ? paint : undefined,
    lines: more.length === 0 ? [`${first}  ${choices}`.trimEnd()] : [first, ...more, choices],
    below: [outcomeOf(approval, viewer)],
  }
}

/** What became of a question, in one line. */
export function outcomeOf(approval: Approval, viewer: Viewer): string {
  const { id, state, decision, expires_at: ends } = approval
  if (decision !== null) {
    const note = decision.note === null ? '' : `: ${visible(decision.note)}`
    return `decided ${momentOf(decision.at)} by @${decision.by}: ${visible(decision.label)}${note}`
  }
  if (state !== 'pending') return state
  const open = `open until ${momentOf(ends)}`
  const shown = isShown() ? shortId(id) : id
  return mayDecide(approval, viewer) ? `${open}: synapse decide ${shown} OPTION` : open
}

/** Whether the question waits for the viewer. The server judges it, too. */
function mayDecide({ state, approvers, requested_by: asker }: Approval, { handle, kind }: Viewer): boolean {
  return (
    state === 'pending' &&
    kind === 'human' &&
    asker !== handle &&
    (approvers === null || approvers.includes(handle))
  )
}
