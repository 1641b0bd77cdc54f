import type { Core } from '../../core'
import { ApprovalConflict } from '../../core/approvals/approval-view'
import { normalName } from '../../core/identity/accounts'
import { APPROVAL_STATES } from '../../core/kernel/approval-ports'
import { AppError } from '../../core/kernel/errors'
import {
  MAX_APPROVAL_SECONDS,
  MAX_DIRECT_MENTIONS,
  MAX_NOTE,
  MAX_OPTION_LENGTH,
  MAX_QUESTION,
} from '../../core/kernel/limits'
import { type Endpoint, endpoint } from '../endpoint'
import { holdRequest } from '../held-request'
import { checkedMetadata } from '../message-metadata'
import { freeObject, list, maybe, nullable, oneOf, type Static, Type, text } from '../schema'
import type { StreamLimits } from '../stream-limits'
import { approvalSchema } from './approval-schema'
import { cursor } from './common-schemas'
import { messageSchema, readErrors, waitSeconds } from './schemas'
import { approvalJson, type Wire } from './wire'

const askedSchema = Type.Object({ approval: approvalSchema, message: messageSchema })
const approvalsSchema = Type.Object({
  approvals: Type.Array(approvalSchema),
  next_cursor: nullable(cursor),
})

const word = text({ minLength: 1, maxLength: MAX_OPTION_LENGTH, form: 'name' })

const request = Type.Object({
  channel: text({ minLength: 1, maxLength: 64, description: 'Slug of the channel' }),
  question: text({
    minLength: 1,
    maxLength: MAX_QUESTION,
    secret: true,
    description: 'The body of the message; it may mention',
  }),
  options: Type.Unsafe<(string | { id: string; label: string })[]>(
    Type.Array(Type.Union([word, Type.Object({ id: word, label: word })]), {
      description: '2 to 10 different ones; a text is its own id',
    }),
  ),
  approvers: maybe(
    list(text({ minLength: 1, maxLength: 64 }), {
      maxItems: MAX_DIRECT_MENTIONS,
      description: 'Handles of those who may decide; default: every person in the channel who may post',
    }),
  ),
  ttl_s: maybe(
    Type.Integer({
      minimum: 60,
      maximum: MAX_APPROVAL_SECONDS,
      description: 'Seconds until it expires; default a day',
    }),
  ),
  reply_to: maybe(text({ description: 'The message that it replies to' })),
  metadata: maybe(freeObject('At most 8 KiB of compact JSON')),
})

const listQuery = Type.Object({
  channel: Type.Optional(text({ minLength: 1, maxLength: 64, description: 'Slug' })),
  state: Type.Optional(oneOf(APPROVAL_STATES)),
  mine: Type.Optional(
    oneOf(
      ['requested', 'decidable'],
      'Those that you asked for, or those that are pending and that you may decide',
    ),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
  cursor: Type.Optional(text({ description: 'next_cursor of the previous page' })),
})

const ended = ['already_decided', 'approval_expired', 'approval_cancelled'] as const

/** Endpoints of approvals: decisions of people (docs/contract/approvals.md). */
export function approvalEndpoints(core: Core, wire: Wire, limits: StreamLimits): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/approvals',
      who: 'account',
      authorizedInTransaction: true,
      rate: 'post',
      tag: 'Approvals',
      summary: 'Ask people for a decision',
      description: 'Posts a message of kind `approval`. The first decision counts.',
      body: request,
      answers: { 201: { description: 'The approval and its message', schema: askedSchema } },
      refusals: [
        'invalid_options',
        'no_eligible_approver',
        ...readErrors,
        'read_only_role',
        'account_not_found',
        'invalid_reply_to',
        'reply_target_not_found',
        'too_many_mentions',
        'approval_pending',
        'message_not_found',
        'storage_full',
      ],
      handle: ({ actor: { account }, body, once }) =>
        once(
          (actor) => showingApproval(core.approvalRequests.ask(actor, requestOf(body))),
          (approval) => ({
            status: 201,
            json: {
              approval: approvalJson(approval),
              message: JSON.parse(wire.messageFor(approval.message, account.id, approval.deliveries)),
            },
          }),
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/approvals',
      who: 'account',
      tag: 'Approvals',
      summary: 'List approvals, newest first',
      query: listQuery,
      answers: { 200: { description: 'A page', schema: approvalsSchema } },
      refusals: [...readErrors, 'invalid_cursor', 'cursor_expired', 'cursor_epoch'],
      handle: async ({ actor, query }) => {
        const { approvals, next } = await core.approvalList.page(actor, {
          channel: query.channel ?? null,
          state: query.state ?? null,
          mine: query.mine ?? null,
          cursor: query.cursor || null,
          limit: query.limit ?? 50,
        })
        return {
          status: 200,
          json: {
            approvals: approvals.map(approvalJson),
            next_cursor: next === null ? null : core.log.cursor(next),
          },
        }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/approvals/:id',
      who: 'account',
      tag: 'Approvals',
      summary: 'Show an approval, or wait for its decision',
      query: Type.Object({ wait: waitSeconds(60) }),
      answers: { 200: { description: 'The approval', schema: approvalSchema } },
      refusals: ['invalid_id', 'approval_not_found', 'too_many_streams'],
      handle: async ({ actor, params, query, request }) => {
        const seconds = Math.min(query.wait ?? 0, core.settings.get('wait.max_s'))
        using _held = holdRequest(limits, actor, request, seconds)
        const wait = { waitMs: seconds * 1000, signal: request.signal }
        return { status: 200, json: approvalJson(await core.approvals.get(actor, params.id ?? '', wait)) }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/approvals/:id/decide',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Approvals',
      summary: 'Decide an approval, as a person whom it asks',
      body: Type.Object({
        option: text({ minLength: 1, maxLength: MAX_OPTION_LENGTH, description: 'Id of the option' }),
        note: maybe(
          text({ maxLength: MAX_NOTE, form: 'prose', description: 'What the decision comes with' }),
        ),
      }),
      answers: { 200: { description: 'The approval', schema: approvalSchema } },
      refusals: [
        'invalid_id',
        'approval_not_found',
        'humans_only',
        'not_an_approver',
        'missing_scope',
        'invalid_options',
        ...ended,
        'message_not_found',
        'storage_full',
      ],
      handle: ({ params, body, once }) =>
        once(
          (actor) =>
            showingApproval(
              core.approvals.decide(actor, params.id ?? '', { option: body.option, note: body.note || null }),
            ),
          (approval) => ({ status: 200, json: approvalJson(approval) }),
        ),
    }),
    endpoint({
      method: 'POST',
      path: '/v1/approvals/:id/cancel',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Approvals',
      summary: 'Cancel an approval: yours, or, as an admin of the channel, any',
      answers: { 200: { description: 'The approval', schema: approvalSchema } },
      refusals: [
        'invalid_id',
        'approval_not_found',
        'not_author',
        'not_a_member',
        'missing_scope',
        'read_only_role',
        ...ended,
        'message_not_found',
        'storage_full',
      ],
      handle: ({ params, once }) =>
        once(
          (actor) => showingApproval(core.approvals.cancel(actor, params.id ?? '')),
          (approval) => ({ status: 200, json: approvalJson(approval) }),
        ),
    }),
  ]
}

function requestOf(body: Static<typeof request>) {
  return {
    channel: normalName(body.channel),
    question: body.question,
    options: body.options.map((option) =>
      typeof option === 'string' ? { id: option, label: option } : { id: option.id, label: option.label },
    ),
    approvers: body.approvers?.map((handle) => normalName(handle.replace(/^@/, ''))) ?? null,
    seconds: body.ttl_s ?? null,
    replyTo: body.reply_to || null,
    metadata: checkedMetadata(body.metadata ?? {}),
  }
}

/** Adds the approval of a conflict to the refusal. */
async function showingApproval<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof ApprovalConflict)) throw error
    throw new AppError(error.kind, error.reason, error.message, { approval: approvalJson(error.approval) })
  }
}
