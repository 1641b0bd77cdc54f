import { command } from '../lib/command'
import { localMinute, tableOf } from '../lib/table'
import { jsonOf, type Loss, printOnce } from '../lib/terminal'
import { getAccount, type Push, type WebhookDeliveries, type Webhooks } from '../lib/wire'
import { adminCommand, whereArgs, withClient } from './index'

const accountArg = {
  type: 'string',
  valueHint: 'handle',
  required: true,
  description: 'Handle of the account',
} as const
const ofAccount = { type: 'string', valueHint: 'handle', description: 'Only of this account' } as const
const cursor = {
  type: 'string',
  valueHint: 'c',
  description: 'Continue after a page: its next_cursor',
} as const

export const setPush = command({
  args: {
    account: accountArg,
    'webhook-url': {
      type: 'string',
      valueHint: 'url',
      required: true,
      description: 'Where the account is called; the address may be in a private network',
    },
    secret: { type: 'string', valueHint: 'text', description: 'Signs the calls; default: a new one' },
    ...whereArgs,
  },
  notes: [
    'The server calls the address when something notifies the agent. Each run replaces the secret; the former one signs too',
    'for 24 hours.',
  ],
  examples: ['synapse set-push --account cairn --webhook-url http://127.0.0.1:9001/webhook'],
  async run({ args }) {
    const push = await withClient(args, async (client) => {
      const { id } = await getAccount(client, args.account)
      const request = { enabled: true, webhook_url: args['webhook-url'], secret: args.secret }
      return { id, ...(await client.patch<Push>(`/v1/admin/accounts/${id}/push`, request)) }
    })
    const { id, secret } = push
    const hidden = 'the secret could not be shown'
    const loss: Loss = {
      takeBack: () =>
        withClient(args, (client) => client.patch(`/v1/admin/accounts/${id}/push`, { enabled: false })),
      done: `${hidden}, so the push endpoint was disabled; run the command again`,
      otherwise: `${hidden}; run the command again to get another one`,
    }
    const shown =
      secret === null ? {} : { secret, _warning: 'The secret is shown once; save it at the receiver.' }
    await printOnce(jsonOf({ ...pushOf(push), ...shown }), secret === null ? [] : [loss])
    return undefined
  },
})

export const disablePush = adminCommand({
  args: { account: accountArg },
  notes: ['Its address and its secret are forgotten.'],
  examples: ['synapse disable-push --account cairn'],
  async act(client, args) {
    const { id } = await getAccount(client, args.account)
    return pushOf(await client.patch<Push>(`/v1/admin/accounts/${id}/push`, { enabled: false }))
  },
})

export const listWebhooks = adminCommand({
  args: { account: ofAccount, cursor },
  notes: [
    'Shows where accounts are called, whether that works, and how many deliveries wait or were given up.',
  ],
  examples: ['synapse webhooks list', 'synapse webhooks list --account cairn'],
  act: (client, { account, cursor }) => client.get<Webhooks>('/v1/admin/webhooks', { account, cursor }),
  table: ({ webhooks, next_cursor: more }) =>
    tableOf(
      webhooks,
      {
        ACCOUNT: ({ account_handle }) => account_handle,
        NAME: ({ name }) => name,
        STATE: ({ enabled, disabled_reason: why, failing_since: failing }) =>
          enabled ? (failing === null ? 'ok' : 'failing') : `disabled${why === null ? '' : ` (${why})`}`,
        PENDING: ({ pending }) => pending,
        DEAD: ({ dead }) => dead,
        URL: ({ url }) => url,
      },
      more === null ? undefined : `More: --cursor ${more}`,
    ),
})

export const listDeliveries = adminCommand({
  args: {
    account: ofAccount,
    state: { type: 'string', valueHint: 'state', description: 'pending, delivered or dead' },
    cursor,
  },
  notes: ['Shows each attempt with what the receiver answered, the newest delivery first.'],
  examples: ['synapse webhooks deliveries --state dead'],
  act: (client, { account, state, cursor }) =>
    client.get<WebhookDeliveries>('/v1/admin/webhooks/deliveries', { account, state, cursor }),
  table: ({ deliveries, next_cursor: more }) =>
    tableOf(
      deliveries,
      {
        ID: ({ id }) => id,
        EVENT: ({ event }) => event,
        STATE: ({ state }) => state,
        ATTEMPTS: ({ attempts }) => attempts.length,
        LAST: ({ attempts }) => attempts.at(-1)?.status ?? attempts.at(-1)?.error,
        NEXT: ({ next_at }) => localMinute(next_at),
      },
      more === null ? 'To send one again: synapse webhooks redeliver ID' : `More: --cursor ${more}`,
    ),
})

export const redeliver = adminCommand({
  args: {
    id: {
      type: 'positional',
      required: true,
      description: 'Id of the delivery, as webhooks deliveries shows it',
    },
  },
  examples: ['synapse webhooks redeliver 0190b2f4-6c1d-7a54-9d3e-2f4a5b6c7d8e'],
  act: (client, { id }) =>
    client.post<{ id: string }>(`/v1/admin/webhooks/deliveries/${encodeURIComponent(id)}/redeliver`),
})

function pushOf({ account_handle, enabled, webhook_url, has_secret }: Push) {
  return { account: account_handle, enabled, webhook_url, has_secret }
}
