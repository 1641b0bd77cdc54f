import { synapse } from '../../app/session'
import { toast } from '../../ui'
import { countOf } from '../parts/facts'
import { FormDialog } from '../parts/form-dialog'

export interface ImportProps {
  readonly handle: string
  readonly onClose: () => void
  readonly onDone: () => unknown
}

/** Imports an export for an account that has nothing in ConfigSync. */
export function ImportSync({ handle, onClose, onDone }: ImportProps) {
  const load = async (fields: FormData) => {
    const file = fields.get('file')
    if (!(file instanceof Blob) || file.size === 0) throw new Error('Choose a file that an export made.')
    const { machines, snapshots, entities } = await synapse.request(
      'POST /v1/admin/configsync/users/{handle}/import',
      { path: { handle }, body: file, headers: { 'content-type': 'application/x-ndjson' } },
    )
    toast(
      `Imported ${countOf(machines, 'machine')}, ${countOf(snapshots, 'state')}, ${countOf(entities, 'entity', 'entities')}.`,
    )
    await onDone()
  }
  return (
    <FormDialog title={`Import for @${handle}`} act="Import" onSubmit={load} onClose={onClose}>
      <p>All of it or nothing. The account must have nothing in ConfigSync yet.</p>
      <div class="field">
        <label for="sync-file">File of an export</label>
        <input id="sync-file" type="file" name="file" accept=".ndjson,application/x-ndjson" required />
      </div>
    </FormDialog>
  )
}
