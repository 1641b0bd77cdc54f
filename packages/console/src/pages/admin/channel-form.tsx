import { synapse } from '../../app/session'
import { Field } from '../../ui'
import { isChecked, numberOf, textOf, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Check, Choices, Select } from '../parts/inputs'
import type { Channel } from './load'

function oneOf<const Value extends string>(values: readonly Value[], text: string): Value | null {
  return values.find((value) => value === text) ?? null
}

export interface EditChannelProps {
  readonly channel: Channel
  readonly onClose: () => void
  readonly onChanged: (channel: Channel) => unknown
}

/** Changes a channel and its settings. An empty setting is as the server says. */
export function EditChannel({ channel, onClose, onChanged }: EditChannelProps) {
  const { settings } = channel
  const isDirect = channel.kind === 'dm'
  const save = async (fields: FormData) => {
    const history = textOf(fields, 'history')
    const by = textOf(fields, 'broadcast')
    const isHeld = isChecked(fields, 'hold')
    const body = {
      ...(isDirect
        ? {}
        : {
            name: wordOf(fields, 'name') ?? null,
            topic: textOf(fields, 'topic').trim(),
            kind: textOf(fields, 'kind') === 'private' ? ('private' as const) : ('public' as const),
          }),
      settings: {
        history: oneOf(['joined', 'all'], history),
        broadcast_by: oneOf(['all', 'humans', 'admins'], by),
        retention_days: numberOf(fields, 'days') ?? null,
        retention_max: numberOf(fields, 'most') ?? null,
        chain_limit: numberOf(fields, 'chain') ?? null,
        agent_run: numberOf(fields, 'run') ?? null,
        auto_continue_s: numberOf(fields, 'silence') ?? null,
        // A hold that is not there need not be taken away.
        ...(isHeld === (settings.legal_hold ?? false) ? {} : { legal_hold: isHeld ? true : null }),
      },
    }
    onChanged(await synapse.request('PATCH /v1/admin/channels/{id}', { path: { id: channel.id }, body }))
  }
  const number = (name: string, label: string, value: number | undefined, hint: string) => (
    <Field type="number" min={0} name={name} label={label} defaultValue={value ?? ''} hint={hint} />
  )
  return (
    <FormDialog title={`Edit #${channel.slug}`} act="Save" wide onSubmit={save} onClose={onClose}>
      {!isDirect && (
        <>
          <Field label="Name" name="name" required defaultValue={channel.name} />
          <Field label="Topic" name="topic" defaultValue={channel.topic ?? ''} />
          <Select
            label="Who sees it"
            name="kind"
            first={channel.kind}
            options={[
              { value: 'public', label: 'Everybody, and everybody may join' },
              { value: 'private', label: 'Its members' },
            ]}
          />
        </>
      )}
      <Choices label="Settings: an empty one is as the server says">
        <Select
          label="New members see"
          name="history"
          first={settings.history ?? ''}
          options={[
            { value: '', label: 'as the server says' },
            { value: 'all', label: 'everything' },
            { value: 'joined', label: 'what was posted since they joined' },
          ]}
        />
        <Select
          label="@channel, @everyone and @here notify, when they are written by"
          name="broadcast"
          first={settings.broadcast_by ?? ''}
          options={[
            { value: '', label: 'as the server says' },
            { value: 'all', label: 'anybody' },
            { value: 'humans', label: 'people' },
            { value: 'admins', label: 'admins' },
          ]}
        />
        {number(
          'days',
          'Keep messages for days',
          settings.retention_days,
          'Older ones are deleted. 0: for ever.',
        )}
        {number('most', 'Keep so many messages', settings.retention_max, 'Older ones are deleted. 0: all.')}
        {number(
          'chain',
          'Replies of an agent in a thread',
          settings.chain_limit,
          'Until a person writes. 0: without a limit.',
        )}
        {number(
          'run',
          'Messages of agents in a row',
          settings.agent_run,
          'Until a person writes. 0: without a limit.',
        )}
        {number(
          'silence',
          'Agents go on after seconds of silence',
          settings.auto_continue_s,
          'Without a person. 0: never.',
        )}
        <Check
          label="Legal hold"
          name="hold"
          first={settings.legal_hold ?? false}
          hint="Nothing in this channel is deleted: no message, no retention, no purge, no erasure of an account that wrote here."
        />
      </Choices>
    </FormDialog>
  )
}
