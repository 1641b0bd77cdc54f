import type { AnswerTo } from '@synapse/client'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Chip, Dialog, Time, toast } from '../../ui'
import { Asking } from './asking'
import { Deliveries } from './deliveries'
import { Row } from './rows'

type Webhook = AnswerTo<'GET /v1/me/webhooks'>['webhooks'][number]

export interface WebhookRowProps {
  readonly of: Webhook
  readonly onChanged: () => Promise<void>
  /** A new secret, to be shown once. */
  readonly onSecret: (secret: string) => void
}

/** A webhook: what it is called for, whether that works, and what can be done with it. */
export function WebhookRow({ of, onChanged, onSecret }: WebhookRowProps) {
  const { id, name } = of
  const [showsDeliveries, setShowsDeliveries] = useState(false)
  const path = { id }
  const sendTest = async () => {
    await synapse.request('POST /v1/me/webhooks/{id}/test', { path })
    toast('A test is on its way. Its answer is under Deliveries.')
    await onChanged()
  }
  const setEnabled = async () => {
    await synapse.request('PATCH /v1/me/webhooks/{id}', { path, body: { enabled: !of.enabled } })
    await onChanged()
  }
  const rotate = async () => {
    const answer = await synapse.request('PATCH /v1/me/webhooks/{id}', {
      path,
      body: { rotate_secret: true },
    })
    if (answer.secret) onSecret(answer.secret)
  }
  const remove = async () => {
    await synapse.request('DELETE /v1/me/webhooks/{id}', { path })
    await onChanged()
  }
  return (
    <Row
      title={
        <>
          {name} <State of={of} />
        </>
      }
      facts={[
        <code key="url">{of.url}</code>,
        of.on === 'inbox' ? `for ${of.reasons.join(', ')}` : `for ${of.types?.join(', ') ?? 'every event'}`,
        of.channels && `in ${of.channels.map((slug) => `#${slug}`).join(', ')}`,
        `${of.pending} waiting, ${of.dead} given up`,
      ]}
      acts={
        <>
          <Button small aria-label={`Test ${name}`} onPress={sendTest}>
            Test
          </Button>
          <Button small aria-label={`Deliveries of ${name}`} onPress={() => setShowsDeliveries(true)}>
            Deliveries
          </Button>
          <Button small aria-label={`${of.enabled ? 'Turn off' : 'Turn on'} ${name}`} onPress={setEnabled}>
            {of.enabled ? 'Turn off' : 'Turn on'}
          </Button>
          <Asking act="New secret" danger={false} label={`New secret for ${name}`} onYes={rotate}>
            The receiver must have the new secret, or it refuses what is signed with it.
          </Asking>
          <Asking act="Delete" label={`Delete ${name}`} onYes={remove}>
            Its deliveries are deleted too, also those that were not made. This cannot be undone.
          </Asking>
        </>
      }
    >
      {showsDeliveries && (
        <Dialog title={`Deliveries of ${name}`} wide onClose={() => setShowsDeliveries(false)}>
          <Deliveries webhook={id} />
        </Dialog>
      )}
    </Row>
  )
}

function State({ of: { enabled, disabled_reason: reason, failing_since: since } }: { readonly of: Webhook }) {
  if (!enabled && reason === 'gone') return <Chip tone="bad">off: the address is gone</Chip>
  if (!enabled && reason === 'failing') return <Chip tone="bad">off: it failed too often</Chip>
  if (!enabled) return <Chip>off</Chip>
  if (since === null) return <Chip tone="agent">on</Chip>
  return (
    <Chip tone="bad">
      fails since <Time at={since} show="both" />
    </Chip>
  )
}
