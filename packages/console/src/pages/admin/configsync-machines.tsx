import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Field } from '../../ui'
import { Confirm } from '../parts/confirm'
import { When } from '../parts/facts'
import { textOf, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Area, Check } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { Table } from '../parts/table'

interface Machine {
  readonly machine_id: string
  readonly name: string
}

type Act = { readonly of: Machine; readonly is: 'rename' | 'remove' | 'instruct' | 'clear' }

/** The machines of an account, and what waits for them. */
export function SyncMachines({ handle }: { readonly handle: string }) {
  const loaded = useLoaded(async () => {
    const [machines, actions] = await Promise.all([
      synapse.request('GET /v1/admin/configsync/users/{handle}/machines', { path: { handle } }),
      synapse.request('GET /v1/admin/configsync/users/{handle}/actions', { path: { handle } }),
    ])
    return { machines, actions }
  }, [handle])
  const [act, setAct] = useState<Act>()
  const [withStates, setWithStates] = useState(false)
  const close = () => setAct(undefined)
  const path = { handle, machine_id: act?.of.machine_id ?? '' }
  return (
    <section class="part" aria-label="Machines">
      <header>
        <h2>Machines</h2>
      </header>
      <Show of={loaded} rows={2}>
        {({ machines, actions }) => (
          <Table
            label="Machines"
            rows={machines}
            keyOf={(one) => one.machine_id}
            empty="No machine was registered."
            columns={[
              { title: 'Machine', cell: (one) => <b>{one.name}</b> },
              { title: 'System', cell: (one) => [one.platform, one.arch].filter(Boolean).join(' ') || '–' },
              { title: 'Client', cell: (one) => one.client_version },
              { title: 'Last seen', cell: (one) => <When at={one.last_seen_at} /> },
              {
                title: 'Waits for it',
                cell: (one) =>
                  actions
                    .filter(({ machine_id: id }) => id === one.machine_id)
                    .map(({ action }) => action)
                    .join(', ') || 'nothing',
              },
            ]}
            acts={(one) => (
              <span class="acts">
                <Button
                  small
                  aria-label={`Rename ${one.name}`}
                  onPress={() => setAct({ of: one, is: 'rename' })}
                >
                  Rename
                </Button>
                <Button
                  small
                  aria-label={`Instruct ${one.name}`}
                  onPress={() => setAct({ of: one, is: 'instruct' })}
                >
                  Instruct
                </Button>
                {actions.some(({ machine_id: id }) => id === one.machine_id) && (
                  <Button
                    small
                    aria-label={`Clear what waits for ${one.name}`}
                    onPress={() => setAct({ of: one, is: 'clear' })}
                  >
                    Clear
                  </Button>
                )}
                <Button
                  small
                  look="danger"
                  aria-label={`Remove ${one.name}`}
                  onPress={() => setAct({ of: one, is: 'remove' })}
                >
                  Remove
                </Button>
              </span>
            )}
          />
        )}
      </Show>
      {act?.is === 'rename' && (
        <FormDialog
          title={`Rename ${act.of.name}`}
          act="Rename"
          onClose={close}
          onSubmit={async (fields) => {
            await synapse.request('PATCH /v1/admin/configsync/users/{handle}/machines/{machine_id}', {
              path,
              body: { name: wordOf(fields, 'name') ?? '' },
            })
            await loaded.reload()
          }}
        >
          <Field
            label="Name"
            name="name"
            required
            autoFocus
            defaultValue={act.of.name}
            hint="It holds until the client registers the machine again."
          />
        </FormDialog>
      )}
      {act?.is === 'instruct' && (
        <FormDialog
          title={`Instruct ${act.of.name}`}
          act="Add"
          onClose={close}
          onSubmit={async (fields) => {
            // The client of the machine knows the form of what it is told.
            const payload = JSON.parse(textOf(fields, 'payload') || '{}') as Record<string, unknown>
            await synapse.request('POST /v1/admin/configsync/users/{handle}/machines/{machine_id}/actions', {
              path,
              body: { action: wordOf(fields, 'action') ?? '', payload },
            })
            await loaded.reload()
          }}
        >
          <p>Its client does this when it syncs next.</p>
          <Field
            label="Action"
            name="action"
            required
            autoFocus
            placeholder="add_module"
            autoComplete="off"
          />
          <Area label="Payload" name="payload" mono first="{}" hint='JSON, such as {"name":"zsh"}.' />
        </FormDialog>
      )}
      {act?.is === 'clear' && (
        <Confirm
          title={`Clear what waits for ${act.of.name}?`}
          act="Clear"
          onClose={close}
          onConfirm={async () => {
            await synapse.request(
              'DELETE /v1/admin/configsync/users/{handle}/machines/{machine_id}/actions',
              { path },
            )
            await loaded.reload()
          }}
        >
          <p>The machine is no longer told to do it.</p>
        </Confirm>
      )}
      {act?.is === 'remove' && (
        <Confirm
          title={`Remove ${act.of.name}?`}
          act="Remove"
          onClose={close}
          onConfirm={async () => {
            await synapse.request('DELETE /v1/admin/configsync/users/{handle}/machines/{machine_id}', {
              path,
              query: { snapshots: withStates },
            })
            await loaded.reload()
          }}
        >
          <p>Its links and what waits for it are deleted. It may register again.</p>
          <Check label="Delete its states, too" checked={withStates} onChange={setWithStates} />
        </Confirm>
      )}
    </section>
  )
}
