import { Plus } from 'lucide'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Field } from '../../ui'
import { DeviceTable } from '../parts/device-table'
import { textOf, wordOf, wordsIn } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Select } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { PairDialog, type PairFacts } from '../parts/pair-dialog'
import { type Secret, SecretDialog } from '../parts/secret'
import { AdminMain } from './frame'
import { accounts } from './load'

/** Devices of everybody, and codes that let one in. */
export function Devices() {
  const loaded = useLoaded(() => synapse.request('GET /v1/admin/devices'))
  const [isNew, setNew] = useState(false)
  return (
    <AdminMain
      title="Devices"
      section="devices"
      commands={[
        'synapse pair list',
        'synapse pair --device phone-NAME --account HANDLE',
        'synapse pair revoke phone-NAME',
      ]}
      header={
        <Button look="primary" icon={Plus} onPress={() => setNew(true)}>
          Let a device in
        </Button>
      }
    >
      <p class="quiet">
        A device is let in by a code that works once. Sessions that began with a password are listed for each
        person under You, Devices; a new password ends them all.
      </p>
      <Show of={loaded}>
        {(devices) => (
          <DeviceTable
            devices={devices.toReversed()}
            ofEverybody
            onRevoke={async ({ id }) => {
              await synapse.request('POST /v1/admin/devices/{id}/revoke', { path: { id } })
              await loaded.reload()
            }}
          />
        )}
      </Show>
      {isNew && <NewDevice onClose={() => setNew(false)} onMade={loaded.reload} />}
    </AdminMain>
  )
}

interface NewDeviceProps {
  readonly onClose: () => void
  readonly onMade: () => unknown
}

function NewDevice({ onClose, onMade }: NewDeviceProps) {
  const known = useLoaded(accounts)
  const [code, setCode] = useState<PairFacts>()
  const [secret, setSecret] = useState<Secret>()
  const make = async (fields: FormData) => {
    const scopes = wordsIn(fields, 'scopes')
    const made = await synapse.request('POST /v1/admin/devices', {
      body: {
        device: wordOf(fields, 'device') ?? '',
        account_handle: (wordOf(fields, 'handle') ?? '').replace(/^@/, '') || null,
        scopes: scopes.length > 0 ? scopes : null,
        ttl_s: Number(textOf(fields, 'ttl')),
        direct: textOf(fields, 'form') === 'direct',
      },
    })
    if (made.token === undefined) setCode(made)
    else
      setSecret({
        title: `A token for ${made.device}`,
        words: `A program on the device acts with it as @${made.account_handle}.`,
        texts: [{ label: 'Token', text: made.token }],
      })
    await onMade()
  }
  if (code) return <PairDialog code={code} onClose={onClose} />
  if (secret) return <SecretDialog secret={secret} onClose={onClose} />
  return (
    <FormDialog title="Let a device in" act="Make" onSubmit={make} onClose={onClose} onDone={() => undefined}>
      <Field
        label="Device"
        name="device"
        required
        autoFocus
        autoComplete="off"
        maxLength={64}
        hint="A label, such as phone-ada. By default browser-… lets a person do everything, viewer-… reads only, others read and post."
      />
      <Field
        label="Account"
        name="handle"
        autoComplete="off"
        list="device-accounts"
        hint="Default: the only system admin."
      />
      <datalist id="device-accounts">
        {known.value
          ?.filter((one) => one.archived_at === null)
          .map((one) => (
            <option key={one.id} value={one.handle}>
              {one.display_name}
            </option>
          ))}
      </datalist>
      <Field label="Scopes" name="scopes" autoComplete="off" hint="Empty: by the label." />
      <Select
        label="Works for"
        name="ttl"
        first="600"
        options={[
          { value: '600', label: '10 minutes' },
          { value: '3600', label: '1 hour' },
          { value: '86400', label: '1 day' },
        ]}
      />
      <Select
        label="What is made"
        name="form"
        first="code"
        options={[
          { value: 'code', label: 'a code that works once' },
          { value: 'direct', label: 'the token itself, for a script' },
        ]}
      />
    </FormDialog>
  )
}
