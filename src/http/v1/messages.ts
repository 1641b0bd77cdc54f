import type { Core } from '../../core'
import { normalName } from '../../core/identity/accounts'
import type { Person } from '../../core/identity/actor'
import { canonicalJson } from '../../core/kernel/canonical-json'
import { refusal } from '../../core/kernel/errors'
import { MAX_BODY_CODE_POINTS, MAX_IDEMPOTENCY_KEY, MAX_METADATA_BYTES } from '../../core/kernel/limits'
import type { Page } from '../../core/messages/history'
import type { NewPost, Posted } from '../../core/messages/messages'
import { peerOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { ValidationError } from '../errors'
import { REPLAYED } from '../once'
import { freeObject, maybe, oneOf, type Static, Type, text } from '../schema'
import type { StreamLimits } from '../stream-limits'
import {
  flag,
  idleSecondsFor,
  messageSchema,
  pageSchema,
  postedSchema,
  readErrors,
  readerRefusals,
  waitSeconds,
} from './schemas'
import type { Wire } from './wire'

const newMessage = Type.Object({
  channel: text({ minLength: 1, maxLength: 64, description: 'Slug of the channel' }),
  body: text({ minLength: 1, maxLength: MAX_BODY_CODE_POINTS, secret: true }),
  body_format: Type.Optional(text({ description: 'markdown (default) or plaintext' })),
  thread_id: maybe(text({ description: 'Any message of the thread to post in' })),
  reply_to: maybe(text({ description: 'The message that this one replies to' })),
  priority: maybe(oneOf(['urgent', 'normal', 'fyi'])),
  metadata: maybe(freeObject('At most 8 KiB of compact JSON')),
  client_msg_id: maybe(
    text({ minLength: 1, maxLength: MAX_IDEMPOTENCY_KEY, description: 'Retry key of the message' }),
  ),
})

const pageQuery = Type.Object({
  channel: text({
    minLength: 1,
    description: 'A slug, up to 50 separated by commas, or * for all you can read',
  }),
  since: Type.Optional(text({ description: 'Cursor: only messages after it' })),
  before: Type.Optional(text({ description: 'Cursor: only messages before it' })),
  mentions_me: flag('Only messages that mention you'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
  order: Type.Optional(oneOf(['asc', 'desc'])),
  thread: Type.Optional(text({ description: 'Root of a thread; the root is included' })),
  from: Type.Optional(text({ description: 'Handle of the sender' })),
  kind: Type.Optional(oneOf(['message', 'correction', 'approval', 'system'])),
  exclude_self: flag('Exclude your own messages'),
  include_deleted: flag('Include deleted messages as tombstones'),
  wait: waitSeconds(60),
})

const oneQuery = Type.Object({ include_deleted: flag('Return a deleted message as a tombstone') })

export function messageEndpoints(core: Core, wire: Wire, limits: StreamLimits): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/messages',
      who: 'account',
      authorizedInTransaction: true,
      rate: 'post',
      tag: 'Messages',
      summary: 'Post a message',
      description:
        'The answer is sent when the message is durable. With an `Idempotency-Key` header or `client_msg_id`, a repeated request returns the first message.',
      body: newMessage,
      answers: { 201: { description: 'The message', schema: postedSchema } },
      refusals: [
        'invalid_body_format',
        ...readErrors,
        'read_only_role',
        'invalid_thread_id',
        'invalid_reply_to',
        'thread_not_found',
        'reply_target_not_found',
        'thread_mismatch',
        'too_many_mentions',
        'storage_full',
      ],
      handle: async ({ actor, body, retryKey }) =>
        postedAnswer(
          wire,
          actor,
          body.client_msg_id ?? null,
          await core.messages.post(actor, newPost(body, retryKey)),
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/messages',
      who: 'account',
      tag: 'Messages',
      summary: 'Read messages by page, or wait for new ones',
      query: pageQuery,
      answers: { 200: { description: 'A page', schema: pageSchema } },
      refusals: readerRefusals,
      handle: async ({ actor, query, request }) => {
        const seconds = Math.min(query.wait ?? 0, core.settings.get('wait.max_s'))
        // Only a long-poll counts as held; a plain read is answered at once.
        using _held = seconds > 0 ? limits.hold(actor) : undefined
        if (seconds > 0) peerOf(request).hold?.(idleSecondsFor(seconds))
        const page = await core.history.page(actor, {
          channels: query.channel
            .split(',')
            .map(normalName)
            .filter((slug) => slug !== ''),
          since: query.since || null,
          before: query.before || null,
          order: query.order ?? null,
          limit: query.limit ?? 50,
          mentionsMe: query.mentions_me ?? false,
          thread: query.thread ?? null,
          from: query.from === undefined ? null : normalName(query.from.replace(/^@/, '')),
          kind: query.kind ?? null,
          excludeSelf: query.exclude_self ?? false,
          includeDeleted: query.include_deleted ?? false,
          waitMs: seconds * 1000,
          signal: request.signal,
        })
        return { status: 200, text: await pageText(core, wire, page, actor.account.id) }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/messages/:id',
      who: 'account',
      tag: 'Messages',
      summary: 'Read one message',
      query: oneQuery,
      answers: { 200: { description: 'The message', schema: messageSchema } },
      refusals: ['invalid_id', 'message_not_found'],
      handle: async ({ actor, params, query }) => {
        const view = await core.messages.get(actor, params.id ?? '')
        if (view.message.deletedAt !== null && !query.include_deleted) throw refusal('message_not_found')
        return { status: 200, text: wire.messageFor(view, actor.account.id) }
      },
    }),
  ]
}

function newPost(body: Static<typeof newMessage>, header: string | null): NewPost {
  const format = body.body_format ?? 'markdown'
  if (format !== 'markdown' && format !== 'plaintext') throw refusal('invalid_body_format')
  return {
    channel: normalName(body.channel),
    body: body.body,
    format,
    // The earlier server treated an empty id as absent, and scripts send one.
    threadId: body.thread_id || null,
    replyTo: body.reply_to || null,
    priority: body.priority ?? 'normal',
    metadata: checkedMetadata(body.metadata ?? {}),
    clientMessageId: body.client_msg_id ?? null,
    idempotency: idempotencyOf(header, body),
  }
}

/**
 * Returns the retry key; the header takes precedence over the body. The hash decides whether a repeated request is the
 * same.
 */
function idempotencyOf(header: string | null, body: Static<typeof newMessage>): NewPost['idempotency'] {
  const key = header ?? body.client_msg_id ?? null
  if (key === null) return null
  return { key, requestHash: Bun.SHA256.hash(`POST /v1/messages ${canonicalJson(body)}`, 'hex') }
}

function checkedMetadata(metadata: object): Readonly<Record<string, unknown>> {
  const size = Buffer.byteLength(JSON.stringify(metadata))
  if (size <= MAX_METADATA_BYTES) return metadata as Readonly<Record<string, unknown>>
  const msg = `Value error, metadata is ${size} bytes of JSON, the limit is ${MAX_METADATA_BYTES}`
  throw new ValidationError([{ type: 'value_error', loc: ['body', 'metadata'], msg, input: null }])
}

function postedAnswer(wire: Wire, actor: Person, clientMessageId: string | null, posted: Posted) {
  if (posted.replayed) {
    const text = wire.messageFor(posted.message, actor.account.id, '"unresolved_mentions":[]')
    return { status: 201, text, headers: REPLAYED }
  }
  const { message } = posted.event
  if (!message) throw new Error('a post made another event than a message')
  const own = clientMessageId === null ? '' : `"client_msg_id":${JSON.stringify(clientMessageId)},`
  const unresolved = posted.unresolved.length === 0 ? '[]' : JSON.stringify(posted.unresolved)
  return { status: 201, text: wire.message(message, `${own}"unresolved_mentions":${unresolved}`) }
}

async function pageText(core: Core, wire: Wire, page: Page, readerId: number): Promise<string> {
  const messages = (await core.pace.each(page.messages, (view) => wire.messageFor(view, readerId))).join(',')
  const cursor = (seq: number | null) => (seq === null ? 'null' : `"${core.log.cursor(seq)}"`)
  return `{"messages":[${messages}],"next_cursor":${cursor(page.next)},"head_cursor":${cursor(page.head)},"position":${cursor(page.position)},"has_more":${page.hasMore},"timed_out":${page.timedOut}}`
}
