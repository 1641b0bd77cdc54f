import type { Core } from '../../core'
import { normalName } from '../../core/identity/accounts'
import type { Thread } from '../../core/messages/thread-list'
import { type Endpoint, endpoint } from '../endpoint'
import { Type, text } from '../schema'
import type { StreamLimits } from '../stream-limits'
import { continuation, threadChainJson } from './chain'
import { threadChainSchema } from './limit-schemas'
import { type MessageText, messageTexts } from './message-texts'
import { pageFilter, readPage } from './messages'
import { pageSchema, readErrors, readerRefusals, shownThreadSchema, threadsSchema } from './schemas'
import { instantOrNull, type Wire } from './wire'

const listQuery = Type.Object({
  since: Type.Optional(text({ description: 'Cursor: only threads with a reply after it' })),
  cursor: Type.Optional(text({ description: 'next_cursor of the previous page' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 50' })),
})

export function threadEndpoints(core: Core, wire: Wire, limits: StreamLimits): Endpoint[] {
  const rendered = ({ root, participants, isFollowed }: Thread, text: MessageText) => {
    const { uuid, replyCount, lastReplyAt } = root.message
    const rest = JSON.stringify({
      reply_count: replyCount,
      last_reply_at: instantOrNull(lastReplyAt),
      participants,
      followed: isFollowed,
    })
    return `{"id":"${uuid}","root":${text(root)},${rest.slice(1)}`
  }
  const follow = (method: 'PUT' | 'DELETE') =>
    endpoint({
      method,
      path: '/v1/threads/:id/follow',
      who: 'account',
      tag: 'Messages',
      summary: method === 'PUT' ? 'Follow a thread' : 'Do not follow a thread until you reply in it',
      answers: { 204: { description: 'Done' } },
      refusals: ['invalid_thread_id', 'thread_not_found'],
      handle: async ({ actor, params }) => {
        await core.threads.follow(actor, params.id ?? '', method === 'PUT')
        return { status: 204 }
      },
    })
  return [
    endpoint({
      method: 'GET',
      path: '/v1/channels/:slug/threads',
      who: 'account',
      tag: 'Messages',
      summary: 'List the threads of a channel, the latest reply first',
      query: listQuery,
      answers: { 200: { description: 'A page', schema: threadsSchema } },
      refusals: [...readErrors, 'invalid_cursor', 'cursor_expired', 'cursor_epoch'],
      handle: async ({ actor, params, query }) => {
        const { threads, next } = await core.threads.list(actor, normalName(params.slug ?? ''), {
          since: query.since || null,
          cursor: query.cursor || null,
          limit: query.limit ?? 50,
        })
        const roots = threads.map(({ root }) => root)
        const text = await messageTexts(core, wire, actor.account.id, roots)
        const texts = await core.pace.each(threads, (thread) => rendered(thread, text))
        const cursor = next === null ? 'null' : `"${core.log.cursor(next)}"`
        return { status: 200, text: `{"threads":[${texts.join()}],"next_cursor":${cursor}}` }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/threads/:id',
      who: 'account',
      tag: 'Messages',
      summary: 'Show a thread; any of its messages names it',
      answers: { 200: { description: 'The thread', schema: shownThreadSchema } },
      refusals: ['invalid_thread_id', 'thread_not_found'],
      handle: async ({ actor, params }) => {
        const thread = await core.threads.get(actor, params.id ?? '')
        const text = await messageTexts(core, wire, actor.account.id, [thread.root])
        const chain = threadChainJson(await core.chains.inThread(actor, thread.root.message))
        const shown = rendered(thread, text).slice(0, -1)
        return { status: 200, text: `${shown},"chain":${JSON.stringify(chain)}}` }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/threads/:id/continue',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Pauses',
      summary: 'Let the agents in a thread go on, without posting',
      description: 'For people. Each agent may reply `extra` times its limit until a person replies.',
      body: continuation,
      answers: {
        200: { description: 'Who is stopped now', schema: Type.Object({ chain: threadChainSchema }) },
      },
      refusals: [
        'humans_only',
        'invalid_thread_id',
        'thread_not_found',
        'channel_archived',
        'not_a_member',
        'missing_scope',
        'read_only_role',
        'storage_full',
      ],
      handle: ({ params, body, once }) =>
        once(
          (actor) => core.chains.continueThread(actor, params.id ?? '', body.extra ?? 1),
          (chain) => ({ status: 200, json: { chain: threadChainJson(chain) } }),
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/threads/:id/messages',
      who: 'account',
      tag: 'Messages',
      summary: 'Read the messages of a thread, its root included, by page, or wait for new ones',
      query: Type.Object(pageFilter),
      answers: { 200: { description: 'A page', schema: pageSchema } },
      refusals: readerRefusals,
      handle: async ({ actor, params, query, request }) => {
        const thread = params.id ?? ''
        const { slug } = await core.threads.channelOf(actor, thread)
        return readPage({ core, wire, limits }, { actor, request, channels: [slug], thread, query })
      },
    }),
    follow('PUT'),
    follow('DELETE'),
  ]
}
