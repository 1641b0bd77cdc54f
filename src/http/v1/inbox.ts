import type { Core } from '../../core'
import { normalName } from '../../core/identity/accounts'
import { DEFAULT_CONSUMER } from '../../core/inbox/consumers'
import type { InboxItem, InboxPage } from '../../core/inbox/inbox'
import { DELIVERY_STATES } from '../../core/inbox/items'
import { reasonSet, reasonsIn } from '../../core/inbox/reasons'
import { WAKE_REASONS, type WakeReason } from '../../core/kernel/entities'
import { formatInstant } from '../../core/kernel/time'
import { type Endpoint, endpoint } from '../endpoint'
import { ValidationError } from '../errors'
import { holdRequest } from '../held-request'
import { oneOf, Type, text } from '../schema'
import type { StreamLimits } from '../stream-limits'
import { ackedJson, ackFields, ackProblem, ackRequest, CONSUMER } from './ack-fields'
import { ackedSchema, cursorsSchema, deliveriesSchema, inboxSchema } from './inbox-schemas'
import { type MessageText, messageTexts } from './message-texts'
import { flag, waitSeconds } from './schemas'
import { accountRef, type Wire } from './wire'

const pageQuery = Type.Object({
  since: Type.Optional(
    text({ description: 'Cursor: only items after it. Default: the position of the consumer' }),
  ),
  before: Type.Optional(text({ description: 'Cursor: only items before it' })),
  consumer: Type.Optional(
    text({ pattern: CONSUMER, description: 'Name of your position. Default: default' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
  order: Type.Optional(oneOf(['asc', 'desc'], 'asc (default), or desc from the newest item')),
  reason: Type.Optional(text({ description: 'Only items with one of these reasons, separated by commas' })),
  unacked: flag('Only open items: neither acknowledged nor failed'),
  peek: flag('The items do not become seen'),
  account: Type.Optional(text({ description: 'For observers: handle of the account whose inbox it is' })),
  wait: waitSeconds(60),
})

export function inboxEndpoints(core: Core, wire: Wire, limits: StreamLimits): Endpoint[] {
  const cursor = (seq: number) => `"${core.log.cursor(seq)}"`
  const item = ({ seq, reasons, event, message, state, stateAt }: InboxItem, text: MessageText) => {
    const names = reasonsIn(reasons)
    return `{"seq":${seq},"cursor":${cursor(seq)},"reason":"${names[0]}","reasons":${JSON.stringify(names)},"event":"${event}","message":${text(message)},"delivery":{"state":"${state}","at":"${formatInstant(stateAt)}"}}`
  }
  const rendered = async (page: InboxPage, readerId: number) => {
    const views = page.items.map(({ message }) => message)
    const text = await messageTexts(core, wire, readerId, views)
    const items = await core.pace.each(page.items, (one) => item(one, text))
    const notices = page.notices.map(({ code, detail, at }) => ({ code, detail, at: formatInstant(at) }))
    return `{"items":[${items.join()}],"cursor":${cursor(page.end)},"position":${cursor(page.position)},"pending":${page.pending},"has_more":${page.hasMore},"timed_out":${page.timedOut},"notices":${JSON.stringify(notices)}}`
  }
  return [
    endpoint({
      method: 'GET',
      path: '/v1/inbox',
      who: 'account',
      tag: 'Inbox',
      summary: 'Read what notified you, by page, or wait for the next item',
      description:
        'An item stays until its message goes. Reading moves no position: acknowledge what you have handled.',
      query: pageQuery,
      answers: { 200: { description: 'A page', schema: inboxSchema } },
      refusals: [
        'missing_scope',
        'account_not_found',
        'invalid_cursor',
        'cursor_expired',
        'cursor_epoch',
        'quota_exceeded',
        'too_many_streams',
      ],
      handle: async ({ actor, query, request }) => {
        const seconds = Math.min(query.wait ?? 0, core.settings.get('wait.max_s'))
        using _held = holdRequest(limits, actor, request, seconds)
        const page = await core.inbox.page(actor, {
          account: query.account === undefined ? null : normalName(query.account.replace(/^@/, '')),
          since: query.since || null,
          before: query.before || null,
          consumer: query.consumer ?? DEFAULT_CONSUMER,
          order: query.order ?? 'asc',
          limit: query.limit ?? 50,
          reasons: query.reason ? reasonSet(...reasonNames(query.reason)) : null,
          unacked: query.unacked ?? false,
          isPeek: query.peek ?? false,
          waitMs: seconds * 1000,
          signal: request.signal,
        })
        return { status: 200, text: await rendered(page, actor.account.id) }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/inbox/ack',
      who: 'account',
      tag: 'Inbox',
      summary: 'Acknowledge items: all up to a cursor, or those of some messages',
      description:
        'With `cursor`, the position of the consumer moves there. Name either `cursor` or `message_ids`.',
      body: Type.Object(ackFields),
      answers: { 200: { description: 'Where the consumer is', schema: ackedSchema } },
      refusals: ['invalid_cursor', 'cursor_epoch', 'not_in_inbox', 'quota_exceeded'],
      handle: ({ once, body }) => {
        const problem = ackProblem(body)
        if (problem) throw new ValidationError([{ type: 'value_error', ...problem }])
        const request = ackRequest(body)
        return once(
          (actor) => core.acks.ack(actor, request),
          (acked) => ({ status: 200, json: ackedJson(core.log, acked) }),
        )
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/messages/:id/deliveries',
      who: 'account',
      tag: 'Inbox',
      summary: 'Show which accounts your message notified, and what became of it',
      description: 'For the author, and for admins of the channel.',
      query: Type.Object({
        state: Type.Optional(oneOf(DELIVERY_STATES, 'Only deliveries in this state')),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
        cursor: Type.Optional(text({ description: 'next_cursor of the previous page' })),
      }),
      answers: { 200: { description: 'By handle', schema: deliveriesSchema } },
      refusals: ['invalid_id', 'message_not_found', 'not_author'],
      handle: async ({ actor, params, query }) => {
        const { deliveries, next, summary } = await core.deliveries.list(actor, params.id ?? '', {
          state: query.state ?? null,
          after: query.cursor || null,
          limit: query.limit ?? 50,
        })
        const shown = deliveries.map(({ account, reason, state, stateAt, note }) => {
          return { account: accountRef(account), reason, state, state_at: formatInstant(stateAt), note }
        })
        return { status: 200, json: { deliveries: shown, next_cursor: next, summary } }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/me/cursors',
      who: 'account',
      tag: 'Inbox',
      summary: 'List your positions in your inbox',
      answers: { 200: { description: '`default` first', schema: cursorsSchema } },
      handle: async ({ actor }) => {
        const consumers = await core.consumers.list(actor)
        const found = []
        for (const { name, position, updatedAt } of consumers)
          found.push({
            consumer: name,
            position: core.log.cursor(position),
            pending: await core.inbox.pendingOf(actor, position),
            updated_at: updatedAt === 0 ? null : formatInstant(updatedAt),
          })
        return { status: 200, json: { cursors: found } }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/me/cursors/:consumer',
      who: 'account',
      tag: 'Inbox',
      summary: 'Forget a position',
      answers: { 204: { description: 'Forgotten' } },
      refusals: ['consumer_not_found'],
      handle: async ({ actor, params }) => {
        await core.consumers.remove(actor, params.consumer ?? '')
        return { status: 204 }
      },
    }),
  ]
}

/** @throws 422 for a reason that does not exist */
function reasonNames(list: string): WakeReason[] {
  const names = list.split(',').filter((name) => name !== '')
  for (const name of names)
    if (!WAKE_REASONS.some((reason) => reason === name)) {
      const msg = `Value error, a reason is one of ${WAKE_REASONS.join(', ')}`
      throw new ValidationError([{ type: 'value_error', loc: ['query', 'reason'], msg, input: name }])
    }
  return names as WakeReason[]
}
