import { Bell, BellOff, Ellipsis, KeyRound, Pencil, Plus, Send, Trash2 } from 'lucide'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { channelWords } from '../../text'
import { Button, Dialog, Menu, MenuItem, toast } from '../../ui'
import { Confirm } from '../parts/confirm'
import { Deliveries } from '../parts/deliveries'
import { usePages } from '../parts/pages'
import { SecretDialog } from '../parts/secret'
import { Table } from '../parts/table'
import { WebhookState } from '../parts/webhook-state'
import { Reading } from './reading'
import { type Webhook, WebhookForm } from './webhook-form'

type Act = { readonly name: 'edit' | 'deliveries' | 'secret' | 'delete'; readonly of: Webhook }

/** Addresses that the server calls for the person. */
export function Webhooks() {
  const [secret, setSecret] = useState<string>()
  const read = async () => {
    const { webhooks } = await synapse.request('GET /v1/me/webhooks')
    return webhooks.filter(({ url }) => url !== null)
  }
  return (
    <>
      <Reading read={read}>
        {(webhooks, reload) => <List webhooks={webhooks} onChanged={reload} onSecret={setSecret} />}
      </Reading>
      {secret !== undefined && (
        <SecretDialog
          secret={{
            title: 'The secret of your webhook',
            words: 'The server signs each request with it, so that the receiver can tell it from others.',
            texts: [{ label: 'Secret', text: secret }],
          }}
          onClose={() => setSecret(undefined)}
        />
      )}
    </>
  )
}

interface ListProps {
  readonly webhooks: readonly Webhook[]
  readonly onChanged: () => Promise<void>
  /** A new secret, to be shown once. */
  readonly onSecret: (secret: string) => void
}

function List({ webhooks, onChanged, onSecret }: ListProps) {
  const [isNew, setNew] = useState(false)
  const [act, setAct] = useState<Act>()
  const close = () => setAct(undefined)
  const stored = async (secret: string | null) => {
    if (secret !== null) onSecret(secret)
    await onChanged()
  }
  return (
    <section>
      <header class="acts">
        <h2>Your webhooks</h2>
        <Button small icon={Plus} onPress={() => setNew(true)}>
          New webhook
        </Button>
      </header>
      <Table
        label="Webhooks"
        rows={webhooks}
        keyOf={(one) => one.id}
        empty="The server calls no address for you."
        columns={[
          {
            title: 'Webhook',
            cell: (one) => (
              <span class="names">
                <b>{one.name}</b> <code>{one.url}</code>
              </span>
            ),
          },
          { title: 'Called for', cell: calledFor },
          { title: 'State', cell: (one) => <WebhookState of={one} /> },
          { title: 'Waiting', cell: (one) => one.pending, class: 'number' },
        ]}
        acts={(one) => (
          <WebhookMenu of={one} onAct={(name) => setAct({ name, of: one })} onChanged={onChanged} />
        )}
      />
      {isNew && <WebhookForm of={undefined} onClose={() => setNew(false)} onStored={stored} />}
      {act?.name === 'edit' && <WebhookForm of={act.of} onClose={close} onStored={stored} />}
      {act?.name === 'deliveries' && (
        <Dialog title={`Deliveries of ${act.of.name}`} wide onClose={close}>
          <OwnDeliveries of={act.of.id} />
        </Dialog>
      )}
      {act?.name === 'secret' && (
        <Confirm
          title={`New secret for ${act.of.name}?`}
          act="New secret"
          danger={false}
          onClose={close}
          onConfirm={async () => {
            const answer = await synapse.request('PATCH /v1/me/webhooks/{id}', {
              path: { id: act.of.id },
              body: { rotate_secret: true },
            })
            await stored(answer.secret ?? null)
          }}
        >
          <p>Requests are signed with both for a day. After that only the new one works.</p>
        </Confirm>
      )}
      {act?.name === 'delete' && (
        <Confirm
          title={`Delete ${act.of.name}?`}
          act="Delete"
          onClose={close}
          onConfirm={async () => {
            await synapse.request('DELETE /v1/me/webhooks/{id}', { path: { id: act.of.id } })
            await onChanged()
          }}
        >
          <p>Its deliveries are deleted too, also those that were not made. This cannot be undone.</p>
        </Confirm>
      )}
    </section>
  )
}

interface WebhookMenuProps {
  readonly of: Webhook
  readonly onAct: (name: Act['name']) => void
  readonly onChanged: () => Promise<void>
}

function WebhookMenu({ of: { id, name, enabled }, onAct, onChanged }: WebhookMenuProps) {
  const path = { id }
  const sendTest = async () => {
    await synapse.request('POST /v1/me/webhooks/{id}/test', { path })
    toast('A test is on its way. Its answer is under Deliveries.')
    await onChanged()
  }
  const toggle = async () => {
    await synapse.request('PATCH /v1/me/webhooks/{id}', { path, body: { enabled: !enabled } })
    await onChanged()
  }
  return (
    <>
      <Button small aria-label={`Deliveries of ${name}`} onPress={() => onAct('deliveries')}>
        Deliveries
      </Button>
      <Menu label={`Acts for ${name}`} icon={Ellipsis} class="button plain icon-only">
        <MenuItem icon={Pencil} onPress={() => onAct('edit')}>
          Edit
        </MenuItem>
        <MenuItem icon={Send} onPress={sendTest}>
          Send a test
        </MenuItem>
        <MenuItem icon={enabled ? BellOff : Bell} onPress={toggle}>
          {enabled ? 'Turn off' : 'Turn on'}
        </MenuItem>
        <MenuItem icon={KeyRound} onPress={() => onAct('secret')}>
          New secret
        </MenuItem>
        <MenuItem icon={Trash2} danger onPress={() => onAct('delete')}>
          Delete
        </MenuItem>
      </Menu>
    </>
  )
}

function OwnDeliveries({ of: id }: { readonly of: string }) {
  const deliveries = usePages(async (cursor) => {
    const query = cursor === undefined ? {} : { cursor }
    const answer = await synapse.request('GET /v1/me/webhooks/{id}/deliveries', { path: { id }, query })
    return { rows: answer.deliveries, next: answer.next_cursor }
  })
  return (
    <Deliveries
      of={deliveries}
      onRedeliver={async ({ id: delivery }) => {
        await synapse.request('POST /v1/me/webhooks/deliveries/{id}/redeliver', { path: { id: delivery } })
        await deliveries.reload()
      }}
    />
  )
}

function calledFor({ on, reasons, types, channels }: Webhook): string {
  const what = on === 'inbox' ? reasons.join(', ') : (types?.join(', ') ?? 'every event')
  return channels === null ? what : `${what}, in ${channels.map(channelWords).join(', ')}`
}
