import { useState } from 'preact/hooks'
import { navigate, route } from '../../app/navigation'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { Button, ErrorState, Field, Loading } from '../../ui'
import { Deliveries, type DeliveryState } from '../parts/deliveries'
import { When } from '../parts/facts'
import { Select } from '../parts/inputs'
import { usePages } from '../parts/pages'
import { Table } from '../parts/table'
import { WebhookState } from '../parts/webhook-state'
import { AdminMain } from './frame'

/** Where accounts are called, whether that works, and what they were sent. */
export function Webhooks() {
  const account = route.value.query.get('account') ?? ''
  const [typed, setTyped] = useState(account)
  const [state, setState] = useState('')
  const filter = account === '' ? {} : { account }
  const webhooks = usePages(
    async (cursor) => {
      const query = { ...filter, limit: 100, ...(cursor === undefined ? {} : { cursor }) }
      const { webhooks: rows, next_cursor: next } = await synapse.request('GET /v1/admin/webhooks', { query })
      return { rows, next }
    },
    [account],
  )
  const deliveries = usePages(
    async (cursor) => {
      const query = {
        ...filter,
        ...(state === '' ? {} : { state: state as DeliveryState }),
        ...(cursor === undefined ? {} : { cursor }),
      }
      const answer = await synapse.request('GET /v1/admin/webhooks/deliveries', { query })
      return { rows: answer.deliveries, next: answer.next_cursor }
    },
    [account, state],
  )
  const names = new Map(webhooks.rows?.map((one) => [one.id, `${one.name}, @${one.account_handle}`]))
  return (
    <AdminMain
      title="Webhooks"
      section="webhooks"
      commands={[
        `synapse webhooks list${account && ` --account ${account}`}`,
        `synapse webhooks deliveries${account && ` --account ${account}`} --state dead`,
        'synapse webhooks redeliver ID',
      ]}
    >
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault()
          const handle = typed.trim().replace(/^@/, '') || undefined
          navigate(href('adminSection', { section: 'webhooks' }, { account: handle }))
        }}
      >
        <Field
          label="Account"
          placeholder="All"
          autoComplete="off"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit">Show</Button>
      </form>
      {webhooks.error !== undefined && <ErrorState error={webhooks.error} onRetry={webhooks.reload} />}
      {webhooks.rows === undefined && webhooks.error === undefined && <Loading />}
      {webhooks.rows && (
        <Table
          label="Webhooks"
          rows={webhooks.rows}
          keyOf={(one) => `${one.account_handle} ${one.id}`}
          empty="No account is called by a webhook."
          columns={[
            {
              title: 'Webhook',
              cell: (one) => (
                <span class="names">
                  <b>{one.name}</b>
                  <a href={href('adminItem', { section: 'accounts', item: one.account_handle })}>
                    @{one.account_handle}
                  </a>
                </span>
              ),
            },
            { title: 'Address', cell: (one) => one.url && <code>{one.url}</code> },
            {
              title: 'Called for',
              cell: (one) =>
                one.on === 'inbox' ? one.reasons.join(', ') : (one.types?.join(', ') ?? 'every event'),
            },
            { title: 'State', cell: (one) => <WebhookState of={one} /> },
            { title: 'Waiting', cell: (one) => one.pending, class: 'number' },
            { title: 'Last success', cell: (one) => <When at={one.last_success_at} /> },
          ]}
          hasMore={webhooks.hasMore}
          onMore={webhooks.more}
        />
      )}
      <section class="part" aria-label="Deliveries">
        <header>
          <h2>Deliveries</h2>
          <Select
            label="State"
            value={state}
            onChange={setState}
            options={[
              { value: '', label: 'All' },
              { value: 'pending', label: 'Waiting' },
              { value: 'dead', label: 'Given up' },
              { value: 'delivered', label: 'Delivered' },
            ]}
          />
        </header>
        <Deliveries
          of={deliveries}
          nameOf={(one) => names.get(one.webhook_id) ?? one.webhook_id}
          onRedeliver={async ({ id }) => {
            await synapse.request('POST /v1/admin/webhooks/deliveries/{id}/redeliver', { path: { id } })
            await deliveries.reload()
          }}
        />
      </section>
    </AdminMain>
  )
}
