import type { AnswerTo } from '@synapse/client'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Field } from '../../ui'
import { allOf, numberOf, wordOf, wordsIn } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Select } from '../parts/inputs'
import { Reasons, reasonsOf } from '../parts/reasons'

export type Webhook = AnswerTo<'GET /v1/me/webhooks'>['webhooks'][number]

export interface WebhookFormProps {
  /** The one to change; undefined makes one. */
  readonly of: Webhook | undefined
  readonly onClose: () => void
  /** After it was stored, with the secret of a new one. */
  readonly onStored: (secret: string | null) => Promise<void>
}

/** What the server chooses by itself for an inbox. */
const USUAL = ['dm', 'mention', 'reply', 'approval', 'overdue', 'thread']
/** Stands for everything in lists of types and channels. */
const ALL = '*'

/** Makes a webhook of one's own, or changes one: where it is called, what for, and how often. */
export function WebhookForm({ of, onClose, onStored }: WebhookFormProps) {
  const [on, setOn] = useState(of?.on ?? 'inbox')
  const [mode, setMode] = useState(of?.mode ?? 'message')
  const store = async (fields: FormData) => {
    const channels = wordsIn(fields, 'channels').map((slug) => slug.replace(/^#/, ''))
    const types = wordsIn(fields, 'types')
    const body = {
      name: wordOf(fields, 'name') ?? '',
      url: wordOf(fields, 'url') ?? '',
      channels: channels.length > 0 ? channels : [ALL],
      ...(on === 'events'
        ? { types: types.length > 0 ? types : [ALL] }
        : {
            reasons: reasonsOf(allOf(fields, 'reason')),
            mode,
            ...(mode === 'inbox' ? { batch_s: numberOf(fields, 'batch') ?? null } : {}),
          }),
    }
    if (of) {
      await synapse.request('PATCH /v1/me/webhooks/{id}', { path: { id: of.id }, body })
      await onStored(null)
    } else {
      const { secret } = await synapse.request('POST /v1/me/webhooks', { body: { ...body, on } })
      await onStored(secret ?? null)
    }
  }
  return (
    <FormDialog
      title={of ? `Edit ${of.name}` : 'New webhook'}
      act={of ? 'Save' : 'Make'}
      onSubmit={store}
      onClose={onClose}
    >
      <Field label="Name" name="name" required maxLength={64} autoComplete="off" defaultValue={of?.name} />
      <Field
        label="Address"
        name="url"
        type="url"
        required
        maxLength={2048}
        autoComplete="off"
        placeholder="https://"
        defaultValue={of?.url ?? ''}
      />
      {!of && (
        <Select
          label="What it is called for"
          value={on}
          onChange={(value) => setOn(value === 'events' ? 'events' : 'inbox')}
          options={[
            { value: 'inbox', label: 'what notifies me' },
            { value: 'events', label: 'every event that I see' },
          ]}
        />
      )}
      {on === 'inbox' ? (
        <>
          <Reasons first={of?.reasons ?? USUAL} />
          <Select
            label="Requests"
            value={mode}
            onChange={(value) => setMode(value === 'inbox' ? 'inbox' : 'message')}
            options={[
              { value: 'message', label: 'one for each item' },
              { value: 'inbox', label: 'one for several items, after a few seconds' },
            ]}
          />
          {mode === 'inbox' && (
            <Field
              label="Seconds to gather items"
              name="batch"
              type="number"
              min={0}
              max={300}
              defaultValue={of?.batch_s ?? 5}
            />
          )}
        </>
      ) : (
        <Field
          label="Types of events"
          name="types"
          autoComplete="off"
          defaultValue={of?.types?.join(' ')}
          hint="Such as message.created or claim.*, separated by blanks. Empty: all."
        />
      )}
      <Field
        label="Channels"
        name="channels"
        autoComplete="off"
        defaultValue={of?.channels?.join(' ')}
        hint="Separated by blanks. Empty: every channel that you may read."
      />
    </FormDialog>
  )
}
