import type { BodyFormat, Priority } from '../kernel/entities'
import { MAX_BODY_CODE_POINTS } from '../kernel/limits'
import { isLongerThan } from '../kernel/text'
import { isObject, type JsonObject } from './canonical'
import { isEventId, parseUserId } from './ids'

/** The format of HTML bodies (client-server API, "m.room.message msgtypes"). */
const HTML = 'org.matrix.custom.html'
const FILES: ReadonlySet<string> = new Set(['m.image', 'm.video', 'm.audio', 'm.file'])

/** What a message says that was sent over Matrix, as v1 posts it. */
export interface InwardMessage {
  /** 1 to 16,000 code points. */
  readonly body: string
  readonly format: BodyFormat
  readonly priority: Priority
  /** Null: the mentions are those in the body. */
  readonly mentions: InwardMentions | null
  /** Id of the root of its thread. */
  readonly threadRoot: string | null
  /** Id of the event that it replies to; not one that stands there only for clients without threads. */
  readonly replyTo: string | null
  /** The `mxc://` URI of its file. */
  readonly file: InwardFile | null
  /** `metadata.matrix`, without the id of the event. */
  readonly facts: JsonObject
}

export interface InwardMentions {
  /** Whole user ids. */
  readonly userIds: readonly string[]
  readonly room: boolean
}

export interface InwardFile {
  readonly uri: string
  readonly name: string
}

/**
 * Returns what the content of an `m.room.message` says; undefined if it has no text, as v1 has no message without one.
 * A text that is too long is cut, and `facts` says so.
 */
export function inwardMessage(content: JsonObject): InwardMessage | undefined {
  const { msgtype, body: given, format } = content
  if (typeof msgtype !== 'string' || typeof given !== 'string') return undefined
  const relation = relationIn(content)
  const file = fileIn(msgtype, content, given)
  const said = relation.replyTo === null && relation.fallback === null ? given : withoutFallback(given)
  const { text, truncated } = fitted(textOf(msgtype, said, file))
  if (text === '') return undefined
  return {
    body: text,
    format: format === HTML && typeof content.formatted_body === 'string' ? 'markdown' : 'plaintext',
    priority: msgtype === 'm.notice' ? 'fyi' : 'normal',
    mentions: mentionsIn(content),
    threadRoot: relation.threadRoot,
    replyTo: relation.replyTo,
    file,
    facts: {
      ...(msgtype === 'm.text' || msgtype === 'm.notice' ? {} : { type: msgtype }),
      ...(truncated ? { truncated } : {}),
    },
  }
}

function textOf(msgtype: string, said: string, file: InwardFile | null): string {
  // Postgres stores no NUL.
  const text = said.replaceAll('\0', '\ufffd')
  if (msgtype === 'm.emote') return `/me ${text}`
  return text === '' && file !== null ? file.name : text
}

function fitted(text: string): { text: string; truncated: boolean } {
  if (!isLongerThan(text, MAX_BODY_CODE_POINTS)) return { text, truncated: false }
  // A code point has at most two units, so no more of the text is needed.
  const start = [...text.slice(0, 2 * MAX_BODY_CODE_POINTS)]
  return { text: start.slice(0, MAX_BODY_CODE_POINTS).join(''), truncated: true }
}

/** The body of a file is its caption if there is a file name beside it, else its name. */
function fileIn(msgtype: string, content: JsonObject, body: string): InwardFile | null {
  const { url, filename } = content
  if (!FILES.has(msgtype) || typeof url !== 'string' || !url.startsWith('mxc://')) return null
  return { uri: url, name: typeof filename === 'string' && filename !== '' ? filename : body || 'file' }
}

/**
 * Removes what clients without replies put before the text: quoted lines, of which the first names the sender
 * (client-server API v1.12, "Fallbacks for rich replies").
 */
function withoutFallback(body: string): string {
  if (!/^> (?:\* )?<@[^>]*>/.test(body)) return body
  const lines = body.split('\n')
  const end = lines.findIndex((line) => !line.startsWith('>'))
  if (end < 0) return body
  return lines.slice(lines[end] === '' ? end + 1 : end).join('\n')
}

/** The mentions that the content declares; null if it declares none, so that those of its text count. */
function mentionsIn(content: JsonObject): InwardMentions | null {
  const declared = content['m.mentions']
  if (!isObject(declared)) return null
  const ids = Array.isArray(declared.user_ids) ? declared.user_ids : []
  return {
    userIds: [...new Set(ids)].filter((id): id is string => parseUserId(id) !== undefined),
    room: declared.room === true,
  }
}

/** How an event relates to others (client-server API, "Forming relationships between events"). */
export interface Relation {
  /** The type of the relation and the event it is to. */
  readonly relType: string | null
  readonly eventId: string | null
  /** The key of an annotation. */
  readonly key: string | null
  readonly threadRoot: string | null
  /** The event that it replies to. */
  readonly replyTo: string | null
  /** The event that clients without threads show it as a reply to. */
  readonly fallback: string | null
}

export function relationIn(content: JsonObject): Relation {
  const relates = isObject(content['m.relates_to']) ? content['m.relates_to'] : {}
  const relType = nameIn(relates.rel_type)
  const eventId = isEventId(relates.event_id) ? relates.event_id : null
  const reply = isObject(relates['m.in_reply_to']) ? relates['m.in_reply_to'].event_id : undefined
  const answered = isEventId(reply) ? reply : null
  const isThread = relType === 'm.thread' && eventId !== null
  const isFallback = isThread && relates.is_falling_back === true
  return {
    relType: eventId === null ? null : relType,
    eventId: relType === null ? null : eventId,
    key: nameIn(relates.key),
    threadRoot: isThread ? eventId : null,
    replyTo: isFallback ? null : answered,
    fallback: isFallback ? answered : null,
  }
}

/** Returns a name by which events are found; null for what is none. Postgres stores no NUL. */
function nameIn(value: unknown): string | null {
  return typeof value === 'string' && !value.includes('\0') ? value : null
}
