import { Download, Upload } from 'lucide'
import { useState } from 'preact/hooks'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { Button, Chip, Empty, Field, toast } from '../../ui'
import { Confirm } from '../parts/confirm'
import { Facts, sizeOf, When } from '../parts/facts'
import { numberOf, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Show, useLoaded } from '../parts/loaded'
import { download } from './account-acts'
import { Used } from './configsync'
import { ImportSync } from './configsync-import'
import { SyncMachines } from './configsync-machines'
import { SyncStored } from './configsync-stored'
import { SyncTokens } from './configsync-tokens'
import { AdminMain } from './frame'
import type { SyncUser } from './load'

type Act = 'quota' | 'disable' | 'purge' | 'import'

/** What one account keeps in ConfigSync: machines, states, entities, keys, tokens, and what it did there. */
export function ConfigSyncAccount({ item: handle }: { readonly item: string }) {
  const path = { handle }
  const loaded = useLoaded(
    () => synapse.request('GET /v1/admin/configsync/users/{handle}', { path }),
    [handle],
  )
  const [act, setAct] = useState<Act>()
  const close = () => setAct(undefined)
  const enable = async () => {
    await synapse.request('POST /v1/admin/configsync/users/{handle}/enable', { path })
    await loaded.reload()
  }
  return (
    <AdminMain
      title={`ConfigSync of @${handle}`}
      section="configsync"
      up={href('adminSection', { section: 'configsync' })}
      commands={[
        `synapse configsync usage ${handle}`,
        `synapse configsync quota ${handle} --bytes default --machines default`,
        `synapse configsync machines ${handle}`,
        `synapse configsync snapshots ${handle}`,
        `synapse configsync entities ${handle}`,
        `synapse configsync export ${handle} -o ${handle}.ndjson`,
        `synapse configsync import ${handle} ${handle}.ndjson`,
        `synapse configsync ${loaded.value?.enabled === false ? 'enable' : 'disable'} ${handle}`,
        `synapse configsync purge ${handle}`,
      ]}
    >
      {loaded.error !== undefined && (
        <Empty action={<Button onPress={enable}>Let @{handle} use it</Button>}>
          @{handle} does not use ConfigSync.
        </Empty>
      )}
      {loaded.error === undefined && (
        <Show of={loaded}>
          {(user) => (
            <>
              <Usage of={user} />
              <div class="acts">
                <Button onPress={() => setAct('quota')}>Limits…</Button>
                <Button
                  icon={Download}
                  onPress={() => download(`/v1/admin/configsync/users/${handle}/export`, `${handle}.ndjson`)}
                >
                  Export
                </Button>
                <Button icon={Upload} onPress={() => setAct('import')}>
                  Import…
                </Button>
                {user.enabled ? (
                  <Button look="danger" onPress={() => setAct('disable')}>
                    Disable…
                  </Button>
                ) : (
                  <Button onPress={enable}>Enable</Button>
                )}
                <Button look="danger" onPress={() => setAct('purge')}>
                  Purge…
                </Button>
              </div>
              <SyncMachines handle={handle} />
              <SyncStored handle={handle} />
              <SyncTokens handle={handle} />
              {act === 'quota' && <Quota user={user} onClose={close} onChanged={loaded.reload} />}
              {act === 'import' && <ImportSync handle={handle} onClose={close} onDone={loaded.reload} />}
              {act === 'disable' && (
                <Confirm
                  title={`Disable ConfigSync of @${handle}?`}
                  act="Disable"
                  onClose={close}
                  onConfirm={async () => {
                    await synapse.request('POST /v1/admin/configsync/users/{handle}/disable', { path })
                    await loaded.reload()
                  }}
                >
                  <p>Its machines no longer read or write here. What is stored stays.</p>
                </Confirm>
              )}
              {act === 'purge' && <Purge handle={handle} onClose={close} onPurged={loaded.reload} />}
            </>
          )}
        </Show>
      )}
    </AdminMain>
  )
}

function Usage({ of }: { readonly of: SyncUser }) {
  return (
    <Facts
      of={[
        ['State', of.enabled ? <Chip tone="agent">on</Chip> : <Chip tone="bad">off</Chip>],
        [
          'Stores',
          <Used
            key="bytes"
            used={of.storage_bytes}
            limit={of.storage_limit}
            words={`${sizeOf(of.storage_bytes)} of ${sizeOf(of.storage_limit)}`}
          />,
        ],
        [
          'Machines',
          <Used
            key="machines"
            used={of.machines}
            limit={of.machine_limit}
            words={`${of.machines} of ${of.machine_limit}`}
          />,
        ],
        ['Since', <When key="at" at={of.created_at} />],
        ['Off since', of.disabled_at && <When key="off" at={of.disabled_at} />],
      ]}
    />
  )
}

interface QuotaProps {
  readonly user: SyncUser
  readonly onClose: () => void
  readonly onChanged: () => unknown
}

function Quota({ user, onClose, onChanged }: QuotaProps) {
  const save = async (fields: FormData) => {
    const megabytes = numberOf(fields, 'size')
    await synapse.request('PATCH /v1/admin/configsync/users/{handle}', {
      path: { handle: user.handle },
      body: {
        quota_bytes: megabytes === undefined ? null : Math.round(megabytes * 1e6),
        max_machines: numberOf(fields, 'machines') ?? null,
      },
    })
    await onChanged()
  }
  return (
    <FormDialog title={`Limits of @${user.handle}`} act="Save" onSubmit={save} onClose={onClose}>
      <Field
        label="Megabytes"
        name="size"
        type="number"
        min={0}
        step="any"
        defaultValue={user.storage_limit / 1e6}
        hint="1 MB is 1,000,000 bytes. Empty: as the setting says."
      />
      <Field
        label="Machines"
        name="machines"
        type="number"
        min={0}
        defaultValue={user.machine_limit}
        hint="Empty: as the setting says."
      />
    </FormDialog>
  )
}

interface PurgeProps {
  readonly handle: string
  readonly onClose: () => void
  readonly onPurged: () => unknown
}

function Purge({ handle, onClose, onPurged }: PurgeProps) {
  const purge = async (fields: FormData) => {
    await synapse.request('POST /v1/admin/configsync/users/{handle}/purge', {
      path: { handle },
      body: { confirm: wordOf(fields, 'confirm') ?? '' },
    })
    toast(`ConfigSync has nothing of @${handle} any more.`)
    await onPurged()
  }
  return (
    <FormDialog
      title={`Purge ConfigSync of @${handle}`}
      act="Delete everything"
      danger
      onSubmit={purge}
      onClose={onClose}
    >
      <p>
        All machines, states, entities, versions, variables and keys of the account are deleted for good. This
        cannot be undone. To keep a copy, export it first.
      </p>
      <Field
        label={`Type ${handle} to confirm`}
        name="confirm"
        required
        autoComplete="off"
        autoCapitalize="none"
      />
    </FormDialog>
  )
}
