import type { Core } from '../../core'
import { Paused } from '../../core/coordination/pauses'
import { normalName } from '../../core/identity/accounts'
import { AppError } from '../../core/kernel/errors'
import { type Endpoint, endpoint } from '../endpoint'
import { maybe, Type, text } from '../schema'
import { pauseSchema, pausesSchema } from './limit-schemas'
import { readErrors } from './schemas'
import { pauseJson } from './wire'

const slug = text({ minLength: 1, maxLength: 64, description: 'Slug; without it every channel' })
const handle = text({
  minLength: 1,
  maxLength: 64,
  description: 'Handle of an agent; without it every agent',
})

/** Endpoints of pauses: whose posts are refused for a while (docs/contract/coordination.md#pauses). */
export function pauseEndpoints(core: Core): Endpoint[] {
  const actErrors = [
    'humans_only',
    'not_admin',
    ...readErrors,
    'read_only_role',
    'account_not_found',
  ] as const
  return [
    endpoint({
      method: 'POST',
      path: '/v1/pauses',
      who: 'authenticated',
      authorizedInTransaction: true,
      tag: 'Pauses',
      summary: 'Refuse the posts and edits of an agent, or of all, for a while',
      description:
        'For people who may post in the channel; without a channel for system admins who are people, and the local operator. A pause of the same channel and account is replaced.',
      body: Type.Object({
        channel: maybe(slug),
        account: maybe(handle),
        minutes: maybe(
          Type.Integer({ minimum: 1, maximum: 10_080, description: 'Without it until it is ended' }),
        ),
        note: maybe(text({ maxLength: 500, form: 'prose', description: 'Why' })),
      }),
      answers: {
        200: { description: 'The pause, in place of the earlier one', schema: pauseSchema },
        201: { description: 'The pause', schema: pauseSchema },
      },
      refusals: [...actErrors, 'not_an_agent', 'storage_full'],
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.pauses.begin(actor, {
              channel: body.channel ?? null,
              account: body.account ?? null,
              minutes: body.minutes ?? null,
              note: body.note ?? null,
            }),
          ({ pause, isNew }) => ({ status: isNew ? 201 : 200, json: pauseJson(pause) }),
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/pauses',
      who: 'authenticated',
      tag: 'Pauses',
      summary: 'List the pauses that hold now',
      query: Type.Object({
        channel: Type.Optional(
          text({ minLength: 1, maxLength: 64, description: 'Only those of this channel' }),
        ),
        account: Type.Optional(
          text({ minLength: 1, maxLength: 64, description: 'Only those of this agent' }),
        ),
      }),
      answers: { 200: { description: 'Oldest first', schema: pausesSchema } },
      refusals: readErrors,
      handle: async ({ actor, query }) => {
        const pauses = await core.pauses.list(actor, {
          channel: query.channel === undefined ? null : normalName(query.channel),
          account: query.account ?? null,
        })
        return { status: 200, json: { pauses: pauses.map(pauseJson) } }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/pauses/:id',
      who: 'authenticated',
      authorizedInTransaction: true,
      tag: 'Pauses',
      summary: 'End a pause, also one that another person began',
      answers: { 204: { description: 'Ended' } },
      refusals: ['invalid_id', 'pause_not_found', ...actErrors, 'storage_full'],
      handle: async ({ actor, params }) => {
        await core.pauses.end(actor, params.id ?? '')
        return { status: 204 }
      },
    }),
  ]
}

/** Adds the pause to the refusal of a post or edit. */
export async function showingPause<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Paused)) throw error
    throw new AppError(error.kind, error.reason, error.message, {
      pause: pauseJson(error.pause),
      ...error.extra,
    })
  }
}
