import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button } from '../../ui'
import { textOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Area } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { Table } from '../parts/table'
import { aliasesOf } from './load'

type List = Awaited<ReturnType<typeof aliasesOf>>

/** The names of a channel that mention several members at once. */
export function Aliases({ slug }: { readonly slug: string }) {
  const loaded = useLoaded(() => aliasesOf(slug), [slug])
  const [edits, setEdits] = useState(false)
  return (
    <section class="part" aria-label="Aliases">
      <header>
        <h2>Aliases</h2>
        {loaded.value && (
          <Button small onPress={() => setEdits(true)}>
            Edit
          </Button>
        )}
      </header>
      <Show of={loaded} rows={1}>
        {(aliases) => (
          <>
            <Table
              label="Aliases"
              rows={Object.entries(aliases)}
              keyOf={([name]) => name}
              empty="No name of this channel mentions several members at once."
              columns={[
                { title: 'Alias', cell: ([name]) => <code>@{name}</code> },
                {
                  title: 'Mentions',
                  cell: ([, handles]) => handles.map((handle) => `@${handle}`).join(', '),
                },
              ]}
            />
            {edits && (
              <EditAliases
                slug={slug}
                aliases={aliases}
                onClose={() => setEdits(false)}
                onSaved={loaded.reload}
              />
            )}
          </>
        )}
      </Show>
    </section>
  )
}

interface EditProps {
  readonly slug: string
  readonly aliases: List
  readonly onClose: () => void
  readonly onSaved: () => unknown
}

function EditAliases({ slug, aliases, onClose, onSaved }: EditProps) {
  const save = async (fields: FormData) => {
    const lines = textOf(fields, 'aliases')
      .split('\n')
      .filter((line) => line.trim() !== '')
    const entries = lines.map((line) => {
      const [name = '', ...handles] = line.split(/[\s,:=]+/).filter(Boolean)
      return [name.replace(/^@/, ''), handles.map((handle) => handle.replace(/^@/, ''))]
    })
    await synapse.request('PUT /v1/channels/{slug}/aliases', {
      path: { slug },
      // The schema has no name for keys that are chosen by people.
      body: { aliases: Object.fromEntries(entries) },
    })
    await onSaved()
  }
  const text = Object.entries(aliases).map(([name, handles]) => `${name}: ${handles.join(' ')}`)
  return (
    <FormDialog title={`Aliases of #${slug}`} act="Save" onSubmit={save} onClose={onClose}>
      <Area
        label="One alias a line"
        name="aliases"
        rows={6}
        mono
        first={text.join('\n')}
        hint="A name, then handles: oncall: ada builder"
      />
    </FormDialog>
  )
}
