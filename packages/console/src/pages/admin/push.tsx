import type { AnswerTo } from '@synapse/client'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Chip, Field } from '../../ui'
import { Confirm } from '../parts/confirm'
import { Facts } from '../parts/facts'
import { allOf, textOf, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Select } from '../parts/inputs'
import { Reasons, reasonsOf } from '../parts/reasons'
import { Terminal } from '../parts/terminal'
import type { Account } from './load'

type Push = AnswerTo<'GET /v1/admin/accounts/{id}/push'>

export interface PushEndpointProps {
  readonly account: Account
  readonly push: Push
  readonly onChanged: () => unknown
}

/** Where an agent is called when something notifies it. */
export function PushEndpoint({ account, push, onChanged }: PushEndpointProps) {
  const [act, setAct] = useState<'set' | 'disable'>()
  const path = { id: account.id }
  const close = () => setAct(undefined)
  return (
    <>
      <header>
        <h2>Push endpoint</h2>
        <Button small onPress={() => setAct('set')}>
          {push.enabled ? 'Change' : 'Set'}
        </Button>
        {push.enabled && (
          <Button small look="danger" onPress={() => setAct('disable')}>
            Disable
          </Button>
        )}
      </header>
      {push.enabled ? (
        <Facts
          of={[
            ['Address', <code key="url">{push.webhook_url}</code>],
            ['Called for', push.wake_on.join(', ')],
            ['Requests', push.mode === 'inbox' ? 'one for several items' : 'one for each item'],
            ['Secret', push.has_secret ? 'set' : <Chip tone="wait">none</Chip>],
          ]}
        />
      ) : (
        <p class="quiet">The server calls nothing when something notifies it.</p>
      )}
      <Terminal
        lines={[
          `synapse set-push --account ${account.handle} --webhook-url URL`,
          `synapse disable-push --account ${account.handle}`,
        ]}
      />
      {act === 'set' && (
        <FormDialog
          title={`Push endpoint of @${account.handle}`}
          act="Set"
          onClose={close}
          onSubmit={async (fields) => {
            await synapse.request('PATCH /v1/admin/accounts/{id}/push', {
              path,
              body: {
                enabled: true,
                webhook_url: wordOf(fields, 'url') ?? null,
                secret: wordOf(fields, 'secret') ?? null,
                wake_on: reasonsOf(allOf(fields, 'reason')),
                mode: textOf(fields, 'mode') === 'inbox' ? 'inbox' : 'message',
              },
            })
            await onChanged()
          }}
        >
          <Field
            label="Address"
            name="url"
            type="url"
            required
            autoFocus
            defaultValue={push.webhook_url ?? ''}
            hint="Called with POST. It may be in a private network."
          />
          <Field
            label="Secret"
            name="secret"
            autoComplete="off"
            hint="Signs the calls; the receiver has the same. Empty: a new one that only the agent can read by setting its own."
          />
          <Reasons first={push.wake_on} />
          <Select
            label="Requests"
            name="mode"
            first={push.mode}
            options={[
              { value: 'message', label: 'one for each item' },
              { value: 'inbox', label: 'one for several items, after a few seconds' },
            ]}
          />
        </FormDialog>
      )}
      {act === 'disable' && (
        <Confirm
          title={`Disable the push endpoint of @${account.handle}?`}
          act="Disable"
          onClose={close}
          onConfirm={async () => {
            await synapse.request('PATCH /v1/admin/accounts/{id}/push', { path, body: { enabled: false } })
            await onChanged()
          }}
        >
          <p>The address and its secret are forgotten. What notifies the agent waits in its inbox.</p>
        </Confirm>
      )}
    </>
  )
}
