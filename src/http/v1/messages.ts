import type { TObject } from '@sinclair/typebox'
import type { Core } from '../../core'
import { normalName } from '../../core/identity/accounts'
import type { Person } from '../../core/identity/actor'
import { summaryOfPost } from '../../core/inbox/summaries'
import { canonicalJson } from '../../core/kernel/canonical-json'
import type { BodyFormat } from '../../core/kernel/entities'
import { refusal } from '../../core/kernel/errors'
import {
  MAX_ACK_SECONDS,
  MAX_ATTACHMENTS,
  MAX_BODY_CODE_POINTS,
  MAX_IDEMPOTENCY_KEY,
  MIN_ACK_SECONDS,
} from '../../core/kernel/limits'
import { notifiedIn } from '../../core/log/events'
import type { Page } from '../../core/messages/history'
import type { Posted } from '../../core/messages/messages'
import type { NewPost } from '../../core/messages/new-post'
import { type Answer, type Endpoint, endpoint } from '../endpoint'
import { holdRequest } from '../held-request'
import { checkedMetadata } from '../message-metadata'
import { REPLAYED } from '../once'
import { freeObject, list, maybe, oneOf, type Static, Type, text } from '../schema'
import type { StreamLimits } from '../stream-limits'
import { budgetJson } from './chain'
import { messageTexts } from './message-texts'
import { showingPause } from './pauses'
import {
  flag,
  messageSchema,
  pageSchema,
  postedSchema,
  readErrors,
  readerRefusals,
  waitSeconds,
} from './schemas'
import { ownMembers, type Wire } from './wire'

const newMessage = Type.Object({
  channel: text({ minLength: 1, maxLength: 64, description: 'Slug of the channel' }),
  body: text({ minLength: 1, maxLength: MAX_BODY_CODE_POINTS, secret: true }),
  body_format: Type.Optional(text({ description: 'markdown (default) or plaintext' })),
  thread_id: maybe(text({ description: 'Any message of the thread to post in' })),
  reply_to: maybe(text({ description: 'The message that this one replies to' })),
  kind: maybe(oneOf(['message', 'correction'], 'message (default) or correction')),
  priority: maybe(oneOf(['urgent', 'normal', 'fyi'])),
  metadata: maybe(freeObject('At most 8 KiB of compact JSON')),
  attachments: maybe(
    list(text({ maxLength: 64 }), { maxItems: MAX_ATTACHMENTS, description: 'Ids of your uploads' }),
  ),
  ack_within_s: maybe(
    Type.Integer({
      minimum: MIN_ACK_SECONDS,
      maximum: MAX_ACK_SECONDS,
      description:
        'Seconds in which those whom it concerns must acknowledge it or reply, else you are notified',
    }),
  ),
  client_msg_id: maybe(
    text({ minLength: 1, maxLength: MAX_IDEMPOTENCY_KEY, description: 'Retry key of the message' }),
  ),
})

/** The parameters of a page of messages, besides where they are. */
export const pageFilter = {
  since: Type.Optional(text({ description: 'Cursor: only messages after it' })),
  before: Type.Optional(text({ description: 'Cursor: only messages before it' })),
  mentions_me: flag('Only messages that mention you'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
  order: Type.Optional(oneOf(['asc', 'desc'])),
  from: Type.Optional(text({ description: 'Handle of the sender' })),
  mention: Type.Optional(text({ description: 'Handle that the message mentions' })),
  contains: Type.Optional(text({ description: 'Text in the body, in upper or lower case' })),
  kind: Type.Optional(oneOf(['message', 'correction', 'approval', 'system'])),
  exclude_self: flag('Exclude your own messages'),
  include_deleted: flag('Include deleted messages as tombstones'),
  top_level: flag('Only messages outside of a thread, and roots'),
  wait: waitSeconds(60),
}

const pageQuery = Type.Object({
  channel: text({
    minLength: 1,
    description: 'A slug, up to 50 separated by commas, or * for all you can read',
  }),
  thread: Type.Optional(text({ description: 'Root of a thread; the root is included' })),
  ...pageFilter,
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
        'invalid_correction',
        'account_not_found',
        'invalid_thread_id',
        'invalid_reply_to',
        'thread_not_found',
        'reply_target_not_found',
        'thread_mismatch',
        'too_many_mentions',
        'attachment_not_found',
        'message_not_found',
        'paused',
        'chain_limit',
        'loop_guard',
        'storage_full',
      ],
      handle: async ({ actor, body, retryKey }) => {
        const posted = await showingPause(core.messages.post(actor, newPost(body, retryKey)))
        if (!posted.replayed) return postedAnswer(wire, body.client_msg_id ?? null, posted)
        const text = await messageTexts(core, wire, actor.account.id, [posted.message])
        return {
          status: 201,
          text: text(posted.message, '"unresolved_mentions":[],"unreachable":[]'),
          headers: REPLAYED,
        }
      },
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
      handle: ({ actor, query, request }) => {
        const channels = query.channel
          .split(',')
          .map(normalName)
          .filter((slug) => slug !== '')
        return readPage(
          { core, wire, limits },
          { actor, request, channels, thread: query.thread ?? null, query },
        )
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
        const text = await messageTexts(core, wire, actor.account.id, [view])
        return { status: 200, text: text(view) }
      },
    }),
  ]
}

/** Answers with a page of messages. With `wait`, an empty page is held. */
export async function readPage(
  { core, wire, limits }: { readonly core: Core; readonly wire: Wire; readonly limits: StreamLimits },
  page: {
    readonly actor: Person
    readonly request: Request
    readonly channels: readonly string[]
    readonly thread: string | null
    readonly query: Static<TObject<typeof pageFilter>>
  },
): Promise<Answer> {
  const { actor, request, channels, thread, query } = page
  const seconds = Math.min(query.wait ?? 0, core.settings.get('wait.max_s'))
  using _held = holdRequest(limits, actor, request, seconds)
  const found = await core.history.page(actor, {
    channels,
    since: query.since || null,
    before: query.before || null,
    order: query.order ?? null,
    limit: query.limit ?? 50,
    mentionsMe: query.mentions_me ?? false,
    thread,
    from: query.from === undefined ? null : handleIn(query.from),
    mention: query.mention ? handleIn(query.mention) : null,
    contains: query.contains || null,
    kind: query.kind ?? null,
    excludeSelf: query.exclude_self ?? false,
    includeDeleted: query.include_deleted ?? false,
    topLevel: query.top_level ?? false,
    waitMs: seconds * 1000,
    signal: request.signal,
  })
  return { status: 200, text: await pageText(core, wire, found, actor.account.id) }
}

function handleIn(text: string): string {
  return normalName(text.replace(/^@/, ''))
}

function newPost(body: Static<typeof newMessage>, header: string | null): NewPost {
  return {
    channel: normalName(body.channel),
    body: body.body,
    format: bodyFormat(body.body_format ?? 'markdown'),
    // The earlier server treated an empty id as absent, and scripts send one.
    threadId: body.thread_id || null,
    replyTo: body.reply_to || null,
    kind: body.kind ?? 'message',
    priority: body.priority ?? 'normal',
    metadata: checkedMetadata(body.metadata ?? {}),
    attachments: body.attachments ?? [],
    clientMessageId: body.client_msg_id ?? null,
    ackWithinSeconds: body.ack_within_s ?? null,
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

/** @throws invalid_body_format */
export function bodyFormat(text: string): BodyFormat {
  if (text !== 'markdown' && text !== 'plaintext') throw refusal('invalid_body_format')
  return text
}

function postedAnswer(
  wire: Wire,
  clientMessageId: string | null,
  posted: Extract<Posted, { readonly replayed: false }>,
) {
  const { message } = posted.event
  if (!message) throw new Error('a post made another event than a message')
  const unresolved = posted.unresolved.length === 0 ? '[]' : JSON.stringify(posted.unresolved)
  const { budget } = posted
  const thread = message.message.thread
  const chain = budget && thread ? `,"chain":${JSON.stringify(budgetJson(budget, thread))}` : ''
  const deliveries = summaryOfPost(notifiedIn(posted.event.facts))
  const unreachable = posted.unreachable.length === 0 ? '[]' : JSON.stringify(posted.unreachable)
  const more = `"unresolved_mentions":${unresolved},"unreachable":${unreachable}${chain}`
  const members = ownMembers(clientMessageId, deliveries, more)
  return { status: 201, text: wire.message(message, members) }
}

async function pageText(core: Core, wire: Wire, page: Page, readerId: number): Promise<string> {
  const text = await messageTexts(core, wire, readerId, page.messages)
  const messages = (await core.pace.each(page.messages, (view) => text(view))).join(',')
  const cursor = (seq: number | null) => (seq === null ? 'null' : `"${core.log.cursor(seq)}"`)
  return `{"messages":[${messages}],"next_cursor":${cursor(page.next)},"head_cursor":${cursor(page.head)},"position":${cursor(page.position)},"has_more":${page.hasMore},"timed_out":${page.timedOut}}`
}
