import type { Attachment, Message } from '../../kernel/entities'
import type { JsonObject } from '../canonical'
import { isObject } from '../canonical'
import type { Html } from '../html'

/**
 * Messages as the contents of events. A message is one event, and each further file of it another one.
 */

/** What a content names that the message does not hold. */
export interface Named {
  readonly serverName: string
  readonly html: Html
  /** The user id of an account; undefined for one that is gone. */
  userId(accountId: number): string | undefined
  /** The user id of the account with a handle, among those whom the message mentions. */
  userOf(handle: string): string | undefined
}

/** How much of a message its events show. Less where an event would be larger than its limit. */
export const DETAILS = ['all', 'without HTML', 'without metadata', 'cut'] as const
export type Detail = (typeof DETAILS)[number]

/** The longest body of a message that is too large for an event, in characters. */
const CUT_LENGTH = 8000

/** The same for the text that clients show which know no edits. */
const FALLBACK_LENGTH = 100

/** A relation of an event to others, as its content says it. */
export type RelatesTo = Readonly<Record<string, unknown>>

/** The place of a message in a thread. */
export interface ThreadPlace {
  /** Event ids. */
  readonly root: string
  readonly repliedTo: string
  /** Whether `repliedTo` is only the newest message of the thread, for clients that show no threads. */
  readonly isFallback: boolean
}

export function threadRelation({ root, repliedTo, isFallback }: ThreadPlace): RelatesTo {
  return {
    rel_type: 'm.thread',
    event_id: root,
    'm.in_reply_to': { event_id: repliedTo },
    is_falling_back: isFallback,
  }
}

/** Returns the contents of the events of a message, first one first. */
export function contentsOf(
  message: Message,
  named: Named,
  detail: Detail,
  relation?: RelatesTo,
): JsonObject[] {
  const { attachments } = message
  const related = relation ? { 'm.relates_to': relation } : {}
  const [first] = attachments
  if (first && attachments.length === 1) return [{ ...captioned(message, first, named, detail), ...related }]
  const text = message.body === '' && first ? [] : [{ ...textOf(message, named, detail), ...related }]
  return [...text, ...attachments.map((file) => ({ ...fileOf(file, named), ...related }))]
}

/** Returns the content of the event of an edit. `target` is the id of the event that is replaced. */
export function editOf(
  message: Message,
  named: Named,
  detail: Detail,
  target: string,
  added: readonly number[],
): JsonObject {
  const [replaced = {}] = contentsOf(message, named, detail)
  const { formatted_body: html } = replaced
  const body = String(replaced['body'])
  return {
    ...replaced,
    // Only clients that know no edits show it.
    body: `* ${detail === 'all' ? body : wholeCharacters(body.slice(0, FALLBACK_LENGTH))}`,
    ...(typeof html === 'string' ? { formatted_body: `* ${html}` } : {}),
    // The edit itself notifies only those whom it mentions for the first time.
    'm.mentions': mentionsOf(added, false, named),
    'm.new_content': replaced,
    'm.relates_to': { rel_type: 'm.replace', event_id: target },
  }
}

/** Returns the content of the event of a reaction. */
export function reactionTo(target: string, emoji: string): JsonObject {
  return { 'm.relates_to': { rel_type: 'm.annotation', event_id: target, key: emoji } }
}

function textOf(message: Message, named: Named, detail: Detail): JsonObject {
  const { priority, kind } = message
  const isQuiet = priority === 'fyi' || kind === 'system' || kind === 'approval'
  return { msgtype: isQuiet ? 'm.notice' : 'm.text', ...wordsOf(message, named, detail) }
}

function captioned(message: Message, file: Attachment, named: Named, detail: Detail): JsonObject {
  const words = wordsOf(message, named, detail)
  const body = message.body === '' ? file.filename : words['body']
  return { ...words, ...fileOf(file, named), body }
}

/** The members of a content that hold what the message says. */
function wordsOf(message: Message, named: Named, detail: Detail): JsonObject {
  const { mentions } = message
  const body = detail === 'cut' ? wholeCharacters(message.body.slice(0, CUT_LENGTH)) : message.body
  const html =
    detail === 'all' && message.format === 'markdown'
      ? named.html.render(body, (handle) => named.userOf(handle))
      : undefined
  return {
    body,
    ...(html === undefined ? {} : { format: 'org.matrix.custom.html', formatted_body: html }),
    'm.mentions': mentionsOf([...mentions.listed, ...mentions.unlisted], mentions.broadcast, named),
    'dev.synapse.v1': ownFacts(message, detail),
  }
}

function mentionsOf(accountIds: readonly number[], broadcast: boolean, named: Named): JsonObject {
  const userIds = accountIds.flatMap((id) => named.userId(id) ?? [])
  return {
    ...(userIds.length > 0 ? { user_ids: userIds } : {}),
    ...(broadcast ? { room: true } : {}),
  }
}

/** What a message has for which Matrix has no word. */
function ownFacts({ uuid, kind, priority, metadata }: Message, detail: Detail): JsonObject {
  const isShown = (detail === 'all' || detail === 'without HTML') && Object.keys(metadata).length > 0
  return {
    id: uuid,
    ...(kind === 'message' ? {} : { kind }),
    ...(priority === 'normal' ? {} : { priority }),
    ...(isShown && isLegal(metadata) ? { metadata } : {}),
    ...(detail === 'cut' ? { truncated: true } : {}),
  }
}

/** Reports whether events may contain a value: their numbers are integers. */
function isLegal(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (Array.isArray(value)) return value.every(isLegal)
  return !isObject(value) || Object.values(value).every(isLegal)
}

const MSGTYPES = { image: 'm.image', video: 'm.video', audio: 'm.audio' } as const

function fileOf(
  { uuid, filename, mime, size, width, height }: Attachment,
  { serverName }: Named,
): JsonObject {
  const [family = ''] = mime.split('/', 1)
  return {
    msgtype: Object.hasOwn(MSGTYPES, family) ? MSGTYPES[family as keyof typeof MSGTYPES] : 'm.file',
    body: filename,
    filename,
    url: `mxc://${serverName}/${uuid.replaceAll('-', '')}`,
    info: {
      ...{ mimetype: mime, size },
      ...(width === null ? {} : { w: width }),
      ...(height === null ? {} : { h: height }),
    },
  }
}

/** Returns a text without half of a surrogate pair at its end. */
function wholeCharacters(text: string): string {
  return text.isWellFormed() ? text : text.slice(0, -1)
}
