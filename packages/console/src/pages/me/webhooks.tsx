import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Field } from '../../ui'
import { SecretDialog } from '../parts/secret'
import { Form, textOf } from './form'
import { Reading } from './reading'
import { Rows } from './rows'
import { WebhookRow } from './webhook-row'

/** Addresses that the server calls for the person. */
export function Webhooks() {
  const [secret, setSecret] = useState<string>()
  const read = async () => (await synapse.request('GET /v1/me/webhooks')).webhooks
  return (
    <>
      <Reading read={read}>
        {(webhooks, reload) => (
          <>
            <section>
              <h2>Your webhooks</h2>
              <Rows label="Webhooks" empty="The server calls no address for you.">
                {webhooks
                  .filter(({ url }) => url !== null)
                  .map((one) => (
                    <WebhookRow key={one.id} of={one} onChanged={reload} onSecret={setSecret} />
                  ))}
              </Rows>
            </section>
            <section>
              <h2>Make a webhook</h2>
              <NewWebhook
                onMade={async (made) => {
                  setSecret(made ?? undefined)
                  await reload()
                }}
              />
            </section>
          </>
        )}
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

function NewWebhook({ onMade }: { readonly onMade: (secret: string | null) => Promise<void> }) {
  const make = async (fields: FormData) => {
    const channels = textOf(fields, 'channels')
      .split(/[\s,]+/)
      .map((slug) => slug.replace(/^#/, ''))
      .filter(Boolean)
    const answer = await synapse.request('POST /v1/me/webhooks', {
      body: {
        name: textOf(fields, 'name'),
        url: textOf(fields, 'url'),
        on: textOf(fields, 'on') === 'events' ? 'events' : 'inbox',
        channels: channels.length > 0 ? channels : null,
      },
    })
    await onMade(answer.secret ?? null)
  }
  return (
    <Form act="Make" onSend={make} isCleared>
      <Field label="Name" name="name" required maxLength={64} autoComplete="off" />
      <Field
        label="Address"
        name="url"
        type="url"
        required
        maxLength={2048}
        autoComplete="off"
        placeholder="https://"
      />
      <fieldset class="choices">
        <legend>Called for</legend>
        <label>
          <input type="radio" name="on" value="inbox" defaultChecked />
          What notifies me
        </label>
        <label>
          <input type="radio" name="on" value="events" />
          Every event I see
        </label>
      </fieldset>
      <Field
        label="Channels"
        name="channels"
        autoComplete="off"
        hint="Separated by blanks. Empty: every channel that you may read."
      />
    </Form>
  )
}
