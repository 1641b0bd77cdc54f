import type { Core } from '../../core'
import { type Endpoint, endpoint } from '../endpoint'
import { rowAfter } from '../row-cursor'
import { Type, text } from '../schema'
import {
  DEFAULT_PAGE,
  deliveriesAnswer,
  deliveriesQuery,
  deliveriesRequest,
  pageQuery,
} from '../webhook-deliveries'
import {
  allWebhooksSchema,
  changedPushJson,
  changedPushSchema,
  deliveriesSchema,
  pushBody,
  pushChange,
  pushJson,
  pushSchema,
  webhookJson,
} from '../webhook-json'
import { idOf } from './wire'

const account = Type.Optional(text({ minLength: 1, maxLength: 64, description: 'Handle' }))

/** Endpoints of the webhooks of all accounts (docs/contract/webhooks.md#administration). */
export function webhookEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/admin/accounts/:id/push',
      who: 'admin',
      tag: 'Administration',
      summary: 'Show the push endpoint of an account',
      answers: { 200: { description: 'The push endpoint', schema: pushSchema } },
      refusals: ['invalid_id', 'account_not_found'],
      handle: async ({ actor, params }) => ({
        status: 200,
        json: pushJson(await core.push.get(actor, idOf(params.id, 'account id'))),
      }),
    }),
    endpoint({
      method: 'PATCH',
      path: '/v1/admin/accounts/:id/push',
      who: 'admin',
      tag: 'Administration',
      summary: 'Set or disable the push endpoint of an account',
      description:
        'Enabling it always replaces the secret, which is shown once. The address may be in a private network.',
      body: pushBody,
      answers: { 200: { description: 'The push endpoint with its secret', schema: changedPushSchema } },
      refusals: [
        'invalid_id',
        'account_not_found',
        'account_erased',
        'webhook_url_required',
        'webhook_target_blocked',
      ],
      handle: async ({ actor, params, body }) => {
        const change = pushChange(body)
        const push = await core.push.set(actor, idOf(params.id, 'account id'), change)
        return { status: 200, json: changedPushJson(push) }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/admin/webhooks',
      who: 'admin',
      tag: 'Administration',
      summary: 'List the webhooks of all accounts',
      query: Type.Object({ account, ...pageQuery }),
      answers: { 200: { description: 'A page', schema: allWebhooksSchema } },
      refusals: ['account_not_found', 'invalid_cursor'],
      handle: async ({ actor, query }) => {
        const { webhooks, next } = await core.webhooks.listAll(actor, {
          account: query.account ?? null,
          after: rowAfter(query.cursor),
          limit: query.limit ?? DEFAULT_PAGE,
        })
        const json = webhooks.map((view) => ({ ...webhookJson(view), account_handle: view.account.handle }))
        return { status: 200, json: { webhooks: json, next_cursor: next === null ? null : String(next) } }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/admin/webhooks/deliveries',
      who: 'admin',
      tag: 'Administration',
      summary: 'List the deliveries of all webhooks, newest first',
      query: Type.Object({ account, ...deliveriesQuery.properties }),
      answers: { 200: { description: 'A page', schema: deliveriesSchema } },
      refusals: ['account_not_found', 'invalid_cursor'],
      handle: async ({ actor, query }) => {
        const handle = query.account ?? null
        return deliveriesAnswer(
          await core.webhookDeliveries.pageOfAll(actor, handle, deliveriesRequest(query)),
        )
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/webhooks/deliveries/:id/redeliver',
      who: 'admin',
      tag: 'Administration',
      summary: 'Send a delivery that has ended again, under the same id',
      answers: {
        202: { description: 'It is sent', schema: Type.Object({ id: Type.String({ format: 'uuid' }) }) },
      },
      refusals: ['delivery_not_found', 'delivery_pending'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.webhookDeliveries.redeliverAny(actor, params.id ?? ''),
          (id) => ({ status: 202, json: { id } }),
        ),
    }),
  ]
}
