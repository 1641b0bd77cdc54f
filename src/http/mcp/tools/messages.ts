/** A message as v1 shows it; the keys that tools use. */
export interface Message {
  readonly id: string
  readonly channel: string
  readonly thread_id: string | null
  readonly reply_to: string | null
  readonly sender_handle: string
  readonly sender_kind: 'human' | 'agent'
  readonly body: string
  readonly created_at: string
  readonly cursor: string
  readonly kind: string
}

/** Keys that say nothing a model needs, and values that say nothing. */
const LEFT_OUT = new Set([
  ...['seq', 'sender_id', 'sender_display_name', 'via', 'broadcast', 'last_reply_at'],
  ...['deliveries', 'client_msg_id'],
])
const USUAL: Readonly<Record<string, unknown>> = {
  body_format: 'markdown',
  kind: 'message',
  priority: 'normal',
  reply_count: 0,
  deleted: false,
}

/** Returns a message without keys that are null, empty or as usual: models pay for each word. */
export function compact(message: Message): Readonly<Record<string, unknown>> {
  const kept = Object.entries(message).filter(([key, value]) => {
    if (value === null || LEFT_OUT.has(key) || value === USUAL[key]) return false
    return typeof value !== 'object' || Object.keys(value).length > 0
  })
  return Object.fromEntries(kept)
}

/** All bodies of a text together, and the least that is shown of each, in code points. */
const ALL_BODIES = 16_000
const LEAST_BODY = 500

/** Returns the messages as lines, for models whose client shows only the text. Long bodies are cut. */
export function inWords(messages: readonly Message[]): string {
  const most = Math.max(LEAST_BODY, Math.floor(ALL_BODIES / Math.max(messages.length, 1)))
  return messages.map((message) => lineOf(message, most)).join('\n')
}

function lineOf(
  { id, channel, sender_handle, sender_kind, created_at, reply_to, body }: Message,
  most: number,
) {
  const reply = reply_to === null ? '' : `, reply to ${reply_to}`
  return `[${created_at.slice(0, 19)}Z #${channel} ${id}${reply}] ${sender_handle} (${sender_kind}): ${cut(body, most)}`
}

/** Cuts a text after some code points. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const points = [...text]
  return points.length <= most ? text : `${points.slice(0, most).join('')}… (cut)`
}
