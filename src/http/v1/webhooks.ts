import type { Core } from '../../core'
import { MAX_CHANNEL_FILTER } from '../../core/kernel/limits'
import type { WebhookSource } from '../../core/kernel/webhook-ports'
import type { WebhookFields } from '../../core/webhooks/webhooks'
import { type Endpoint, endpoint } from '../endpoint'
import { ValidationError } from '../errors'
import { given } from '../profile-wire'
import { list, maybe, oneOf, type Static, Type, text } from '../schema'
import { deliveriesAnswer, deliveriesQuery, deliveriesRequest } from '../webhook-deliveries'
import {
  batchSeconds,
  changedPushJson,
  changedPushSchema,
  changedWebhookSchema,
  deliveriesSchema,
  pushBody,
  pushChange,
  pushJson,
  pushSchema,
  wakeReasons,
  webhookJson,
  webhookMode,
  webhookSchema,
  webhookSecret,
  webhooksSchema,
  webhookUrl,
} from '../webhook-json'
import { readErrors } from './schemas'

const fields = {
  reasons: maybe(
    wakeReasons('Of `on: inbox`: reasons of notifications. Default: `wake_on` of the push endpoint'),
  ),
  types: maybe(
    list(text({ minLength: 1, maxLength: 64 }), {
      minItems: 1,
      maxItems: 50,
      description: 'Of `on: events`: types, or prefixes such as message.*. Default: all, as with *',
    }),
  ),
  channels: maybe(
    list(text({ minLength: 1, maxLength: 64 }), {
      minItems: 1,
      maxItems: MAX_CHANNEL_FILTER,
      description: 'Slugs. Default: every channel that you may read, as with *',
    }),
  ),
  mode: maybe(webhookMode),
  batch_s: maybe(batchSeconds),
}
const name = text({ minLength: 1, maxLength: 64, form: 'name' })

const newWebhook = Type.Object({
  name,
  url: webhookUrl,
  on: oneOf(['inbox', 'events'], 'What notifies you, or every event that you see'),
  ...fields,
  secret: maybe(webhookSecret),
})

const webhookPatch = Type.Object({
  name: maybe(name),
  url: maybe(webhookUrl),
  ...fields,
  enabled: maybe(Type.Boolean()),
  rotate_secret: maybe(
    Type.Boolean({ description: 'Makes a new secret; the old one signs too for 24 hours' }),
  ),
})

const targetErrors = ['webhook_target_blocked', 'webhook_url_required'] as const

/** Endpoints of the caller's own webhooks (docs/contract/webhooks.md). */
export function webhookEndpoints(core: Core): Endpoint[] {
  return [
    ...pushEndpoints(core),
    endpoint({
      method: 'GET',
      path: '/v1/me/webhooks',
      who: 'account',
      tag: 'Webhooks',
      summary: 'List your webhooks, the push endpoint first',
      answers: { 200: { description: 'All of them', schema: webhooksSchema } },
      handle: async ({ actor }) => {
        const webhooks = await core.webhooks.list(actor)
        return { status: 200, json: { webhooks: webhooks.map(webhookJson) } }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/me/webhooks',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Webhooks',
      summary: 'Have an address called when something notifies you, or for every event that you see',
      body: newWebhook,
      answers: { 201: { description: 'The webhook with its secret', schema: changedWebhookSchema } },
      refusals: ['webhook_target_blocked', 'quota_exceeded', ...readErrors],
      handle: ({ body, once }) => {
        refuseForeign(body.on, body)
        return once(
          (actor) =>
            core.webhooks.create(actor, {
              name: body.name,
              url: body.url,
              source: body.on,
              secret: body.secret ?? null,
              reasons: null,
              types: null,
              channels: null,
              mode: 'message',
              batchSeconds: 5,
              ...changeOf(body),
            }),
          ({ view, secret }) => ({ status: 201, json: { ...webhookJson(view), secret } }),
        )
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/me/webhooks/:id',
      who: 'account',
      tag: 'Webhooks',
      summary: 'Show one of your webhooks',
      answers: { 200: { description: 'The webhook', schema: webhookSchema } },
      refusals: ['webhook_not_found'],
      handle: async ({ actor, params }) => ({
        status: 200,
        json: webhookJson(await core.webhooks.get(actor, params.id ?? '')),
      }),
    }),
    endpoint({
      method: 'PATCH',
      path: '/v1/me/webhooks/:id',
      who: 'account',
      tag: 'Webhooks',
      summary: 'Change one of your webhooks; null leaves a field unchanged',
      description: 'It is sent what the credential that changed it last may read.',
      body: webhookPatch,
      answers: { 200: { description: 'The webhook', schema: changedWebhookSchema } },
      refusals: ['webhook_not_found', ...targetErrors, ...readErrors],
      handle: async ({ actor, params, body }) => {
        const id = params.id ?? ''
        refuseForeign((await core.webhooks.get(actor, id)).webhook.source, body)
        const { view, secret } = await core.webhooks.update(actor, id, {
          ...given('name', body.name),
          ...given('url', body.url),
          ...changeOf(body),
          ...given('enabled', body.enabled),
          ...given('rotateSecret', body.rotate_secret),
        })
        return { status: 200, json: { ...webhookJson(view), secret } }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/me/webhooks/:id',
      who: 'account',
      tag: 'Webhooks',
      summary: 'Delete one of your webhooks with its deliveries',
      answers: { 204: { description: 'Deleted' } },
      refusals: ['webhook_not_found'],
      handle: async ({ actor, params }) => {
        await core.webhooks.remove(actor, params.id ?? '')
        return { status: 204 }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/me/webhooks/:id/test',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Webhooks',
      summary: 'Send a test',
      answers: {
        202: {
          description: 'It is sent',
          schema: Type.Object({ delivery_id: Type.String({ format: 'uuid' }) }),
        },
      },
      refusals: ['webhook_not_found', 'webhook_url_required'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.webhookDeliveries.test(actor, params.id ?? ''),
          (id) => ({ status: 202, json: { delivery_id: id } }),
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/me/webhooks/:id/deliveries',
      who: 'account',
      tag: 'Webhooks',
      summary: 'List what a webhook was sent, and what it is still to be sent, newest first',
      query: deliveriesQuery,
      answers: { 200: { description: 'A page', schema: deliveriesSchema } },
      refusals: ['webhook_not_found', 'invalid_cursor'],
      handle: async ({ actor, params, query }) =>
        deliveriesAnswer(await core.webhookDeliveries.page(actor, params.id ?? '', deliveriesRequest(query))),
    }),
    endpoint({
      method: 'POST',
      path: '/v1/me/webhooks/deliveries/:id/redeliver',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Webhooks',
      summary: 'Send a delivery that has ended again, under the same id',
      answers: {
        202: { description: 'It is sent', schema: Type.Object({ id: Type.String({ format: 'uuid' }) }) },
      },
      refusals: ['delivery_not_found', 'delivery_pending'],
      handle: ({ params, once }) =>
        once(
          (actor) => core.webhookDeliveries.redeliver(actor, params.id ?? ''),
          (id) => ({ status: 202, json: { id } }),
        ),
    }),
  ]
}

function pushEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/me/push',
      who: 'account',
      tag: 'Webhooks',
      summary: 'Show your push endpoint',
      answers: { 200: { description: 'The push endpoint', schema: pushSchema } },
      refusals: ['agents_only'],
      handle: async ({ actor }) => ({ status: 200, json: pushJson(await core.push.getOwn(actor)) }),
    }),
    endpoint({
      method: 'PUT',
      path: '/v1/me/push',
      who: 'account',
      tag: 'Webhooks',
      summary: 'Have an address called when something notifies you',
      description: 'Enabling it always replaces the secret, which is shown once.',
      body: pushBody,
      answers: { 200: { description: 'The push endpoint with its secret', schema: changedPushSchema } },
      refusals: ['agents_only', ...targetErrors],
      handle: async ({ actor, body }) => ({
        status: 200,
        json: changedPushJson(await core.push.setOwn(actor, pushChange(body))),
      }),
    }),
    endpoint({
      method: 'DELETE',
      path: '/v1/me/push',
      who: 'account',
      tag: 'Webhooks',
      summary: 'Disable your push endpoint; its address and secret are forgotten',
      answers: { 204: { description: 'Disabled' } },
      refusals: ['agents_only'],
      handle: async ({ actor }) => {
        await core.push.setOwn(actor, pushChange({ enabled: false }))
        return { status: 204 }
      },
    }),
  ]
}

type Fields = Static<ReturnType<typeof Type.Object<typeof fields>>>

/** Returns the fields that a request changes. */
function changeOf({ reasons, types, channels, mode, batch_s }: Fields): Partial<WebhookFields> {
  return {
    // The schema has checked the words.
    ...given('reasons', reasons as WebhookFields['reasons'] | undefined),
    ...givenList('types', types),
    ...givenList(
      'channels',
      channels?.map((slug) => slug.trim().toLowerCase()),
    ),
    ...given('mode', mode),
    ...given('batchSeconds', batch_s),
  } as Partial<WebhookFields>
}

/** A list that a request changes: one with `*` stands for everything, which is stored as null. */
function givenList<Key extends string>(key: Key, list: readonly string[] | null | undefined) {
  return list?.includes('*') ? { [key]: null } : given(key, list)
}

/** Refuses the fields that say nothing about such a webhook. @throws 422 */
function refuseForeign(source: WebhookSource, body: Fields): void {
  const foreign = source === 'events' ? (['reasons', 'mode', 'batch_s'] as const) : (['types'] as const)
  for (const key of foreign) {
    if (body[key] === undefined || body[key] === null) continue
    const msg = `Value error, a webhook on ${source} has no ${key}`
    throw new ValidationError([{ type: 'value_error', loc: ['body', key], msg, input: null }])
  }
}
