import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Dialog, Field, toast } from '../../ui'
import { countOf } from '../parts/facts'
import { instantOf, numberOf, textOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Select } from '../parts/inputs'
import { Problem } from '../parts/problem'
import type { Channel } from './load'

export interface PurgeProps {
  readonly channel: Channel
  readonly onClose: () => void
  readonly onPurged: () => unknown
}

type What = { readonly before: string } | { readonly keep: number }

/** Counts what would be deleted, shows it, and deletes it after another press. */
export function PurgeChannel({ channel, onClose, onPurged }: PurgeProps) {
  const [by, setBy] = useState('before')
  const [counted, setCounted] = useState<{ readonly what: What; readonly messages: number }>()
  const [error, setError] = useState<unknown>()
  const path = { id: channel.id }
  const count = async (fields: FormData) => {
    const what: What =
      textOf(fields, 'by') === 'keep'
        ? { keep: numberOf(fields, 'keep') ?? 0 }
        : { before: instantOf(fields, 'before') ?? '' }
    const { messages } = await synapse.request('POST /v1/admin/channels/{id}/purge', {
      path,
      body: { ...what, dry_run: true },
    })
    setCounted({ what, messages })
  }
  const purge = async (what: What) => {
    setError(undefined)
    try {
      const { messages, done } = await synapse.request('POST /v1/admin/channels/{id}/purge', {
        path,
        body: what,
      })
      toast(
        `${countOf(messages, 'message')} deleted from #${channel.slug}.${done ? '' : ' There are more: purge again.'}`,
      )
      onClose()
      await onPurged()
    } catch (failure) {
      setError(failure)
    }
  }
  if (counted)
    return (
      <Dialog
        title={`Purge #${channel.slug}?`}
        onClose={onClose}
        acts={
          <>
            <Button onPress={() => setCounted(undefined)}>Back</Button>
            {counted.messages > 0 && (
              <Button look="danger" onPress={() => purge(counted.what)}>
                Delete {countOf(counted.messages, 'message')}
              </Button>
            )}
          </>
        }
      >
        <p>
          {counted.messages === 0
            ? 'There is nothing to delete.'
            : `${countOf(counted.messages, 'message')} with their reactions and events will be deleted for good. This cannot be undone; backups keep what they have.`}
        </p>
        <Problem error={error} />
      </Dialog>
    )
  return (
    <FormDialog
      title={`Purge #${channel.slug}`}
      act="Count"
      onSubmit={count}
      onClose={onClose}
      onDone={() => undefined}
    >
      <Select
        label="Delete"
        name="by"
        value={by}
        onChange={setBy}
        options={[
          { value: 'before', label: 'what was posted before a day' },
          { value: 'keep', label: 'all but the newest messages' },
        ]}
      />
      {by === 'before' ? (
        <Field label="Before" name="before" type="date" required />
      ) : (
        <Field label="Keep so many" name="keep" type="number" min={0} required />
      )}
      <p class="quiet">Nothing is deleted yet: you see how many messages it would be.</p>
    </FormDialog>
  )
}
