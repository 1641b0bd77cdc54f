import { command } from '../../lib/command'
import { EXIT } from '../../lib/exit-codes'
import { print, printJson } from '../../lib/terminal'
import { counted } from '../../lib/text'
import { adminCommand, whereArgs, withClient } from '../index'
import { handleArg, outputArg, userPath } from './index'
import { writeNew } from './new-file'

const BASE = '/v1/admin/configsync'
/** Reading or removing many blobs takes long. */
const WITHIN_MS = 24 * 3_600_000

const dryRun = { 'dry-run': { type: 'boolean', description: 'Only say what would be removed' } } as const
const snapshotArg = {
  type: 'positional',
  required: true,
  description: 'The id of the state, as configsync snapshots shows it',
} as const

interface Snapshots {
  readonly snapshots: readonly object[]
  readonly next_cursor: string | null
}

export const listSnapshots = adminCommand({
  args: {
    handle: handleArg,
    machine: { type: 'string', valueHint: 'id', description: 'Only the states of this machine' },
  },
  examples: [
    'synapse configsync snapshots ada',
    'synapse configsync snapshots ada --machine 3f9c2a1b5d7e8f60',
  ],
  async act(client, { handle, machine }) {
    const found: object[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await client.get<Snapshots>(`${userPath(handle)}/snapshots`, {
        machine,
        limit: '1000',
        cursor,
      })
      found.push(...page.snapshots)
      if (page.next_cursor === null) return found
      cursor = page.next_cursor
    }
  },
})

export const exportSnapshot = command({
  args: {
    id: snapshotArg,
    output: outputArg,
    ...whereArgs,
  },
  notes: ['Writes the ciphertext as it is stored. Only the client of its owner can decrypt it.'],
  examples: ['synapse configsync snapshot export 12 -o state.enc'],
  async run({ args }) {
    const { id, output } = args
    await withClient(args, async (client) => {
      await writeNew(output, await client.pieces(`${BASE}/snapshots/${encodeURIComponent(id)}`))
    })
    printJson({ id: Number(id), file: output })
    return undefined
  },
})

export const deleteSnapshot = adminCommand({
  args: { id: snapshotArg },
  notes: ['The newest state of a machine can be deleted, too.'],
  examples: ['synapse configsync snapshot delete 12'],
  async act(client, { id }) {
    await client.delete(`${BASE}/snapshots/${encodeURIComponent(id)}`)
    return { deleted: Number(id) }
  },
})

export const listEntities = adminCommand({
  args: {
    handle: handleArg,
    type: {
      type: 'enum',
      options: ['project', 'workspace', 'config', 'module', 'profile'],
      description: 'Only entities of this type',
    },
  },
  examples: ['synapse configsync entities ada --type project'],
  act: async (client, { handle, type }) =>
    (await client.get<{ entities: readonly object[] }>(`${userPath(handle)}/entities`, { type })).entities,
})

export const listVersions = adminCommand({
  args: {
    entity: {
      type: 'positional',
      required: true,
      description: 'The id of the entity, as configsync entities shows it',
    },
  },
  examples: ['synapse configsync versions 7'],
  act: async (client, { entity }) =>
    (
      await client.get<{ versions: readonly object[] }>(
        `${BASE}/entities/${encodeURIComponent(entity)}/versions`,
      )
    ).versions,
})

export const prune = adminCommand({
  args: dryRun,
  notes: ['Deletes what the retention settings say, which is otherwise done every hour.'],
  examples: ['synapse configsync prune --dry-run', 'synapse configsync prune'],
  act: (client, args) =>
    client.post<object>(`${BASE}/prune`, { dry_run: args['dry-run'] === true }, WITHIN_MS),
})

export const gc = adminCommand({
  args: dryRun,
  notes: [
    'Removes stored bytes that nothing refers to, which an interrupted upload leaves. Those of the last hour stay.',
  ],
  examples: ['synapse configsync gc --dry-run', 'synapse configsync gc'],
  act: (client, args) => client.post<object>(`${BASE}/gc`, { dry_run: args['dry-run'] === true }, WITHIN_MS),
})

interface Report {
  readonly checked: number
  readonly bytes: number
  readonly missing: readonly string[]
  readonly corrupt: readonly string[]
  readonly orphans: { readonly count: number; readonly bytes: number }
}

export const verify = command({
  args: { ...whereArgs, json: { type: 'boolean', description: 'Print JSON instead of text' } },
  notes: ['Reads every stored blob. Exit status 1 if one is missing or corrupt.'],
  examples: ['synapse configsync verify'],
  async run({ args }) {
    const report = await withClient(args, (client) => client.get<Report>(`${BASE}/verify`, {}, WITHIN_MS))
    const { checked, bytes, missing, corrupt, orphans } = report
    if (args.json === true) printJson(report)
    else {
      for (const path of missing) print(`missing  ${path}`)
      for (const path of corrupt) print(`corrupt  ${path}`)
      print(
        `${counted(checked, 'blob')} with ${bytes} bytes checked: ${missing.length} missing, ${corrupt.length} corrupt`,
      )
      if (orphans.count > 0)
        print(`${counted(orphans.count, 'blob')} without a row: synapse configsync gc removes them`)
    }
    return missing.length + corrupt.length > 0 ? EXIT.failure : undefined
  },
})
