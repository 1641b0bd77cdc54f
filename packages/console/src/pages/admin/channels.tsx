import { Plus } from 'lucide'
import { useState } from 'preact/hooks'
import { navigate } from '../../app/navigation'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { Button, Chip, Field } from '../../ui'
import { countOf, When } from '../parts/facts'
import { isChecked, textOf, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Check, Select } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { Table } from '../parts/table'
import { AdminMain } from './frame'
import { type Channel, channels, MOST_ROWS } from './load'

const commands = [
  'synapse list-channels',
  'synapse add-channel --slug SLUG --name NAME',
  'synapse set-channel SLUG --topic TEXT',
]

/** All channels of the server. */
export function Channels() {
  const loaded = useLoaded(channels)
  const [isNew, setNew] = useState(false)
  const [find, setFind] = useState('')
  const [shows, setShows] = useState('open')
  const fits = ({ slug, name, kind, archived_at: archived }: Channel) => {
    const isShown = {
      open: archived === null && kind !== 'dm',
      archived: archived !== null,
      dm: kind === 'dm',
    }
    return (
      `${slug} ${name}`.toLowerCase().includes(find.trim().toLowerCase()) &&
      (isShown[shows as keyof typeof isShown] ?? true)
    )
  }
  return (
    <AdminMain
      title="Channels"
      section="channels"
      commands={commands}
      header={
        <Button look="primary" icon={Plus} onPress={() => setNew(true)}>
          Channel
        </Button>
      }
    >
      <search class="filters">
        <Field
          type="search"
          label="Find"
          placeholder="Slug or name"
          value={find}
          onInput={(event) => setFind(event.currentTarget.value)}
        />
        <Select
          label="Show"
          value={shows}
          onChange={setShows}
          options={[
            { value: 'open', label: 'Channels' },
            { value: 'archived', label: 'Archived ones' },
            { value: 'dm', label: 'Direct channels' },
            { value: 'all', label: 'All' },
          ]}
        />
      </search>
      <Show of={loaded} rows={8}>
        {(all) => (
          <>
            {all.length === MOST_ROWS && (
              <p class="notice">These are the first {countOf(MOST_ROWS, 'channel')} by slug.</p>
            )}
            <Table
              label="Channels"
              rows={all.filter(fits)}
              keyOf={(one) => one.id}
              empty="No channel is like that."
              columns={[
                {
                  title: 'Channel',
                  cell: (one) => (
                    <a class="who" href={href('adminItem', { section: 'channels', item: one.slug })}>
                      <span class="names">
                        <b>#{one.slug}</b>
                        <span class="handle">{one.topic ?? one.name}</span>
                      </span>
                    </a>
                  ),
                },
                { title: 'Kind', cell: (one) => <Kind of={one} /> },
                { title: 'Members', cell: (one) => one.member_count, class: 'number' },
                { title: 'Keeps', cell: (one) => keepsOf(one) },
                { title: 'Created', cell: (one) => <When at={one.created_at} /> },
              ]}
            />
          </>
        )}
      </Show>
      {isNew && <NewChannel onClose={() => setNew(false)} />}
    </AdminMain>
  )
}

/** Kind and state of a channel. */
export function Kind({ of }: { readonly of: Channel }) {
  return (
    <span class="chips">
      {of.kind === 'dm' ? 'direct' : of.kind}
      {of.archived_at !== null && <Chip>archived</Chip>}
      {of.settings.legal_hold && <Chip tone="wait">legal hold</Chip>}
    </span>
  )
}

/** How long messages are kept, where the channel has a setting of its own. */
export function keepsOf({ settings }: Channel): string {
  const { retention_days: days, retention_max: most } = settings
  const parts = [
    ...(days === undefined ? [] : [days === 0 ? 'for ever' : countOf(days, 'day')]),
    ...(most === undefined ? [] : [most === 0 ? 'any number' : countOf(most, 'message')]),
  ]
  return parts.join(', ') || 'as the server'
}

function NewChannel({ onClose }: { readonly onClose: () => void }) {
  const make = async (fields: FormData) => {
    const { slug } = await synapse.request('POST /v1/admin/channels', {
      body: {
        slug: wordOf(fields, 'slug') ?? '',
        name: wordOf(fields, 'name') ?? wordOf(fields, 'slug') ?? '',
        topic: wordOf(fields, 'topic') ?? null,
        kind: textOf(fields, 'kind') === 'private' ? 'private' : 'public',
        join: isChecked(fields, 'join'),
      },
    })
    onClose()
    navigate(href('adminItem', { section: 'channels', item: slug }))
  }
  return (
    <FormDialog title="New channel" act="Create" onSubmit={make} onClose={onClose}>
      <Field
        label="Slug"
        name="slug"
        required
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        spellcheck={false}
        hint="Its short name: small letters, digits and hyphens. It cannot be changed later."
      />
      <Field label="Name" name="name" autoComplete="off" hint="Default: the slug." />
      <Field label="Topic" name="topic" autoComplete="off" />
      <Select
        label="Who sees it"
        name="kind"
        first="public"
        options={[
          { value: 'public', label: 'Everybody, and everybody may join' },
          { value: 'private', label: 'Its members' },
        ]}
      />
      <Check label="Join it, as its admin" name="join" first />
    </FormDialog>
  )
}
