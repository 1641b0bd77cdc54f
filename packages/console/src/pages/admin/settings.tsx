import { useState } from 'preact/hooks'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { Chip, Field } from '../../ui'
import { When } from '../parts/facts'
import { Check } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { Table } from '../parts/table'
import { AdminMain } from './frame'
import type { Setting } from './load'
import { ChangeTable, useChanges } from './setting-history'
import { shownValue } from './setting-value'

/** Where the value comes from. */
export function Source({ of }: { readonly of: Setting }) {
  const words = { default: 'default', env: 'environment', set: 'set' }[of.source]
  return <Chip tone={of.source === 'set' ? 'accent' : 'plain'}>{words}</Chip>
}

/** The settings that can be changed while the server runs. */
export function Settings() {
  const loaded = useLoaded(() => synapse.request('GET /v1/config'))
  const changes = useChanges()
  const [find, setFind] = useState('')
  const [showsSet, setShowsSet] = useState(false)
  const fits = ({ key, value, source }: Setting) =>
    `${key} ${shownValue(value)}`.toLowerCase().includes(find.trim().toLowerCase()) &&
    (!showsSet || source !== 'default')
  return (
    <AdminMain
      title="Settings"
      section="settings"
      commands={[
        'synapse config show',
        'synapse config set KEY VALUE',
        'synapse config unset KEY',
        'synapse config history',
      ]}
    >
      <search class="filters">
        <Field
          type="search"
          label="Find"
          placeholder="Name or value"
          value={find}
          onInput={(event) => setFind(event.currentTarget.value)}
        />
        <Check label="Only changed ones" checked={showsSet} onChange={setShowsSet} />
      </search>
      <Show of={loaded} rows={10}>
        {({ settings }) => (
          <Table
            label="Settings"
            rows={settings.filter(fits)}
            keyOf={(one) => one.key}
            empty="No setting is like that."
            columns={[
              {
                title: 'Setting',
                cell: (one) => (
                  <a href={href('adminItem', { section: 'settings', item: one.key })}>
                    <code>{one.key}</code>
                  </a>
                ),
              },
              { title: 'Value', cell: (one) => <code>{shownValue(one.value)}</code> },
              { title: 'From', cell: (one) => <Source of={one} /> },
              {
                title: 'Changed',
                cell: (one) =>
                  one.updated_at && (
                    <>
                      <When at={one.updated_at} /> by {one.updated_by ? `@${one.updated_by}` : 'the operator'}
                    </>
                  ),
              },
            ]}
          />
        )}
      </Show>
      <section class="part" aria-label="History">
        <header>
          <h2>History</h2>
        </header>
        <ChangeTable of={changes} />
      </section>
    </AdminMain>
  )
}
