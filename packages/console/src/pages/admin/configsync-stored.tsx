import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Chip, Dialog, ErrorState, Loading } from '../../ui'
import { Confirm } from '../parts/confirm'
import { Facts, sizeOf, When } from '../parts/facts'
import { Show, useLoaded } from '../parts/loaded'
import { usePages } from '../parts/pages'
import { Table } from '../parts/table'
import { download } from './account-acts'

interface Asked {
  readonly title: string
  readonly act: string
  readonly words: string
  readonly run: () => Promise<unknown>
}

/** States, entities, environments, the key pair and the log of an account. All of it is encrypted but the names. */
export function SyncStored({ handle }: { readonly handle: string }) {
  const path = { handle }
  const [asked, setAsked] = useState<Asked>()
  const [entity, setEntity] = useState<{ readonly id: number; readonly name: string }>()
  const states = usePages(
    async (cursor) => {
      const query = cursor === undefined ? {} : { cursor }
      const answer = await synapse.request('GET /v1/admin/configsync/users/{handle}/snapshots', {
        path,
        query,
      })
      return { rows: answer.snapshots, next: answer.next_cursor }
    },
    [handle],
  )
  const entities = useLoaded(
    () => synapse.request('GET /v1/admin/configsync/users/{handle}/entities', { path }),
    [handle],
  )
  const environments = useLoaded(
    () => synapse.request('GET /v1/admin/configsync/users/{handle}/environments', { path }),
    [handle],
  )
  return (
    <>
      <section class="part" aria-label="States">
        <header>
          <h2>States</h2>
        </header>
        {states.error !== undefined && <ErrorState error={states.error} onRetry={states.reload} />}
        {states.rows === undefined && states.error === undefined && <Loading rows={2} />}
        {states.rows && (
          <Table
            label="States"
            rows={states.rows}
            keyOf={(one) => one.id}
            empty="No state was stored."
            columns={[
              { title: 'State', cell: (one) => <b>{one.id}</b> },
              { title: 'Machine', cell: (one) => one.machine_name ?? one.machine_id },
              { title: 'Size', cell: (one) => sizeOf(one.size_bytes), class: 'number' },
              { title: 'Stored', cell: (one) => <When at={one.created_at} /> },
            ]}
            acts={(one) => (
              <span class="acts">
                <Button
                  small
                  aria-label={`Save state ${one.id}`}
                  onPress={() => download(`/v1/admin/configsync/snapshots/${one.id}`, `state-${one.id}.enc`)}
                >
                  Save
                </Button>
                <Button
                  small
                  look="danger"
                  aria-label={`Delete state ${one.id}`}
                  onPress={() =>
                    setAsked({
                      title: `Delete state ${one.id}?`,
                      act: 'Delete',
                      words: 'It is deleted for good. No machine can go back to it.',
                      run: async () => {
                        await synapse.request('DELETE /v1/admin/configsync/snapshots/{id}', {
                          path: { id: String(one.id) },
                        })
                        await states.reload()
                      },
                    })
                  }
                >
                  Delete
                </Button>
              </span>
            )}
            hasMore={states.hasMore}
            onMore={states.more}
          />
        )}
      </section>
      <section class="part" aria-label="Entities">
        <header>
          <h2>Entities</h2>
        </header>
        <Show of={entities} rows={2}>
          {({ entities: rows }) => (
            <Table
              label="Entities"
              rows={rows}
              keyOf={(one) => one.id}
              empty="No entity was stored."
              columns={[
                { title: 'Entity', cell: (one) => <b>{one.name}</b> },
                { title: 'Type', cell: (one) => one.type },
                { title: 'Version', cell: (one) => one.current_version, class: 'number' },
                { title: 'Changed', cell: (one) => <When at={one.updated_at} /> },
              ]}
              acts={(one) => (
                <Button small aria-label={`Versions of ${one.name}`} onPress={() => setEntity(one)}>
                  Versions
                </Button>
              )}
            />
          )}
        </Show>
      </section>
      <section class="part" aria-label="Environments">
        <header>
          <h2>Environments</h2>
        </header>
        <Show of={environments} rows={1}>
          {(rows) => (
            <Table
              label="Environments"
              rows={rows}
              keyOf={(one) => one.name}
              empty="There is no environment."
              columns={[
                { title: 'Environment', cell: (one) => <b>{one.name}</b> },
                { title: 'Tier', cell: (one) => one.tier },
                {
                  title: 'Protected',
                  cell: (one) => (one.protect ? <Chip tone="wait">protected</Chip> : 'no'),
                },
              ]}
              acts={(one) => (
                <Button
                  small
                  look="danger"
                  aria-label={`Remove ${one.name}`}
                  onPress={() =>
                    setAsked({
                      title: `Remove the environment ${one.name}?`,
                      act: 'Remove',
                      words: 'Its variables are deleted for good.',
                      run: async () => {
                        await synapse.request(
                          'DELETE /v1/admin/configsync/users/{handle}/environments/{name}',
                          {
                            path: { handle, name: one.name },
                          },
                        )
                        await environments.reload()
                      },
                    })
                  }
                >
                  Remove
                </Button>
              )}
            />
          )}
        </Show>
      </section>
      <KeyPair handle={handle} onAsk={setAsked} />
      <Log handle={handle} />
      {asked && (
        <Confirm
          title={asked.title}
          act={asked.act}
          onClose={() => setAsked(undefined)}
          onConfirm={asked.run}
        >
          <p>{asked.words}</p>
        </Confirm>
      )}
      {entity && <Versions entity={entity} onClose={() => setEntity(undefined)} />}
    </>
  )
}

interface VersionsProps {
  readonly entity: { readonly id: number; readonly name: string }
  readonly onClose: () => void
}

function Versions({ entity, onClose }: VersionsProps) {
  const loaded = useLoaded(
    () =>
      synapse.request('GET /v1/admin/configsync/entities/{id}/versions', { path: { id: String(entity.id) } }),
    [entity.id],
  )
  return (
    <Dialog title={`Versions of ${entity.name}`} onClose={onClose} wide>
      <Show of={loaded} rows={3}>
        {({ versions }) => (
          <Table
            label="Versions"
            rows={versions}
            keyOf={(one) => one.version}
            empty="There is no version."
            columns={[
              { title: 'Version', cell: (one) => one.version },
              { title: 'Size', cell: (one) => sizeOf(one.size_bytes), class: 'number' },
              { title: 'Stored', cell: (one) => <When at={one.created_at} /> },
            ]}
          />
        )}
      </Show>
    </Dialog>
  )
}

interface KeyPairProps {
  readonly handle: string
  readonly onAsk: (asked: Asked) => void
}

function KeyPair({ handle, onAsk }: KeyPairProps) {
  const path = { handle }
  // An account without keys is no fault.
  const loaded = useLoaded(
    () => synapse.request('GET /v1/admin/configsync/users/{handle}/keypair', { path }).catch(() => null),
    [handle],
  )
  const pair = loaded.value
  return (
    <section class="part" aria-label="Keys">
      <header>
        <h2>Keys</h2>
        {pair && (
          <Button
            small
            look="danger"
            onPress={() =>
              onAsk({
                title: `Delete the key pair of @${handle}?`,
                act: 'Delete the keys',
                words:
                  'Nothing that was stored before can be decrypted with the keys that the client makes next. Do this only when the old ones are lost.',
                run: async () => {
                  await synapse.request('DELETE /v1/admin/configsync/users/{handle}/keypair', { path })
                  await loaded.reload()
                },
              })
            }
          >
            Delete…
          </Button>
        )}
      </header>
      {pair ? (
        <Facts
          of={[
            ['Kind', `${pair.key_algorithm}, version ${pair.key_version}`],
            ['Made', <When key="at" at={pair.created_at} />],
            ['Public key', <code key="key">{pair.public_key}</code>],
          ]}
        />
      ) : (
        <p class="quiet">The account has no key pair here.</p>
      )}
    </section>
  )
}

function Log({ handle }: { readonly handle: string }) {
  const entries = usePages(
    async (cursor) => {
      const query = { limit: 20, ...(cursor === undefined ? {} : { cursor }) }
      const answer = await synapse.request('GET /v1/admin/configsync/users/{handle}/audit', {
        path: { handle },
        query,
      })
      return { rows: answer.entries, next: answer.next_cursor }
    },
    [handle],
  )
  return (
    <section class="part" aria-label="Log">
      <header>
        <h2>Log</h2>
      </header>
      {entries.error !== undefined && <ErrorState error={entries.error} onRetry={entries.reload} />}
      {entries.rows && (
        <Table
          label="What the account did"
          rows={entries.rows}
          keyOf={(one) => `${one.at} ${one.event} ${one.ref}`}
          empty="Nothing was done yet."
          columns={[
            { title: 'What', cell: (one) => <code>{one.event}</code> },
            { title: 'About', cell: (one) => one.ref },
            { title: 'Size', cell: (one) => one.bytes !== null && sizeOf(one.bytes), class: 'number' },
            { title: 'From', cell: (one) => one.ip },
            { title: 'When', cell: (one) => <When at={one.at} /> },
          ]}
          hasMore={entries.hasMore}
          onMore={entries.more}
        />
      )}
    </section>
  )
}
