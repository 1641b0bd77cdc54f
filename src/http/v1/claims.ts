import type { Core } from '../../core'
import { ClaimConflict } from '../../core/coordination/claims'
import { CLAIM_OUTCOMES } from '../../core/kernel/coordination-ports'
import { AppError } from '../../core/kernel/errors'
import { type Endpoint, endpoint } from '../endpoint'
import { maybe, oneOf, Type, text } from '../schema'
import { instance, instanceName, note } from './lease-fields'
import { claimSchema, claimsSchema, readErrors } from './schemas'
import { claimJson } from './wire'

const seconds = (description: string) => maybe(Type.Integer({ minimum: 10, maximum: 86_400, description }))
const epoch = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const outcome = oneOf(CLAIM_OUTCOMES)

const listQuery = Type.Object({
  resource: Type.Optional(text({ description: 'One resource' })),
  prefix: Type.Optional(text({ maxLength: 512, description: 'The beginning of the resource' })),
  channel: Type.Optional(text({ minLength: 1, maxLength: 64, description: 'Slug' })),
  holder: Type.Optional(text({ minLength: 1, maxLength: 64, description: 'Handle' })),
  include: Type.Optional(oneOf(['ended'], 'Claims that have ended, too')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
  cursor: Type.Optional(text({ description: 'next_cursor of the previous page' })),
})

/** The error codes of an act on a claim. */
const actErrors = ['invalid_id', 'claim_not_found', 'claim_lost', 'not_holder', 'missing_scope'] as const
const postErrors = ['channel_archived', 'not_a_member', 'missing_scope', 'read_only_role'] as const

/** Endpoints of claims: who works on what (docs/contract/coordination.md#claims). */
export function claimEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/claims',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Claims',
      summary: 'Claim a resource for yourself alone, for a while',
      description:
        'A path that ends in a slash is a directory: it conflicts with everything below it. Renew the claim before it expires.',
      body: Type.Object({
        resource: text({
          minLength: 1,
          description: '`file:src/main.ts`, `message:<id>`, or any other <kind>:<name>',
        }),
        ttl_s: seconds('Seconds until it expires; default 300'),
        note,
        message_id: maybe(text({ description: 'The message that it is about' })),
        channel: maybe(
          text({ minLength: 1, maxLength: 64, description: 'Claims of other channels do not conflict' }),
        ),
        instance,
      }),
      answers: {
        200: { description: 'You held it already; it is renewed', schema: claimSchema },
        201: { description: 'The claim', schema: claimSchema },
      },
      refusals: [
        'invalid_resource',
        'invalid_id',
        'message_not_found',
        'channel_not_found',
        ...postErrors,
        'account_not_found',
        'claim_held',
        'quota_exceeded',
        'storage_full',
      ],
      handle: ({ body, once }) =>
        once(
          (actor) =>
            showingClaim(
              core.claims.acquire(actor, {
                resource: body.resource,
                seconds: body.ttl_s ?? null,
                note: body.note ?? null,
                messageId: body.message_id ?? null,
                channel: body.channel?.trim().toLowerCase() ?? null,
                instance: body.instance ?? null,
              }),
            ),
          ({ claim, isNew }) => ({ status: isNew ? 201 : 200, json: claimJson(claim) }),
        ),
    }),
    endpoint({
      method: 'POST',
      path: '/v1/claims/:id/renew',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Claims',
      summary: 'Renew a claim that you hold',
      body: Type.Object({ epoch, ttl_s: seconds('Seconds from now; default: as before'), note, instance }),
      answers: { 200: { description: 'The claim', schema: claimSchema } },
      refusals: [...actErrors, ...postErrors, 'storage_full'],
      handle: ({ params, body, once }) =>
        once(
          (actor) =>
            showingClaim(
              core.claims.renew(actor, params.id ?? '', {
                epoch: body.epoch,
                seconds: body.ttl_s ?? null,
                note: body.note ?? null,
                instance: body.instance ?? null,
              }),
            ),
          (claim) => ({ status: 200, json: claimJson(claim) }),
        ),
    }),
    endpoint({
      method: 'POST',
      path: '/v1/claims/:id/release',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Claims',
      summary: 'Release a claim: yours, or, as an admin, any',
      body: Type.Object({ epoch: maybe(epoch), outcome: maybe(outcome), note, instance }),
      answers: { 200: { description: 'The claim', schema: claimSchema } },
      refusals: [...actErrors, 'channel_archived', 'not_a_member', 'storage_full'],
      handle: ({ params, body, once }) =>
        once(
          (actor) =>
            showingClaim(
              core.claims.release(actor, params.id ?? '', {
                epoch: body.epoch ?? null,
                outcome: body.outcome ?? null,
                note: body.note ?? null,
                instance: body.instance ?? null,
              }),
            ),
          (claim) => ({ status: 200, json: claimJson(claim) }),
        ),
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/claims/:id',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Claims',
      summary: 'Release a claim without an outcome',
      query: Type.Object({
        epoch: Type.Optional(epoch),
        instance: Type.Optional(instanceName('Which of your programs')),
      }),
      answers: { 204: { description: 'Released' } },
      refusals: [...actErrors, 'channel_archived', 'not_a_member', 'storage_full'],
      handle: async ({ actor, params, query }) => {
        const { epoch = null, instance = null } = query
        const release = { epoch, outcome: null, note: null, instance }
        await showingClaim(core.claims.release(actor, params.id ?? '', release))
        return { status: 204 }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/claims',
      who: 'account',
      tag: 'Claims',
      summary: 'List claims, newest first',
      query: listQuery,
      answers: { 200: { description: 'A page', schema: claimsSchema } },
      refusals: ['invalid_resource', ...readErrors, 'invalid_cursor', 'cursor_expired', 'cursor_epoch'],
      handle: async ({ actor, query }) => {
        const { claims, next } = await core.claimList.page(actor, {
          resource: query.resource || null,
          prefix: query.prefix || null,
          channel: query.channel ?? null,
          holder: query.holder ?? null,
          includesEnded: query.include === 'ended',
          cursor: query.cursor || null,
          limit: query.limit ?? 50,
        })
        return {
          status: 200,
          json: { claims: claims.map(claimJson), next_cursor: next === null ? null : core.log.cursor(next) },
        }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/claims/:id',
      who: 'account',
      tag: 'Claims',
      summary: 'Show a claim',
      answers: { 200: { description: 'The claim', schema: claimSchema } },
      refusals: ['invalid_id', 'claim_not_found'],
      handle: async ({ actor, params }) => ({
        status: 200,
        json: claimJson(await core.claims.get(actor, params.id ?? '')),
      }),
    }),
  ]
}

/** Adds the claim of a conflict to the refusal. */
async function showingClaim<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof ClaimConflict)) throw error
    const claim = error.claim && claimJson(error.claim)
    throw new AppError(error.kind, error.reason, error.message, { claim, ...error.extra })
  }
}
