import { UsageError } from '../../lib/cli-error'
import { command } from '../../lib/command'
import { timeOrAgo } from '../../lib/duration'
import { confirm } from '../../lib/prompt'
import { tableOf } from '../../lib/table'
import { printJson } from '../../lib/terminal'
import { whereArgs } from '../index'
import { BASE, matrixCommand, pathOf, shownBytes, withHomeserver } from './index'

interface Usage {
  readonly files: number
  readonly bytes: number
}

/** Deleting many files takes long. */
const WITHIN_MS = 24 * 3_600_000

const uriArg = {
  type: 'positional',
  required: true,
  description: 'The file: mxc://example.org/<id>, as clients show it',
} as const

export const usage = matrixCommand({
  args: {},
  notes: ['Counts what was uploaded over Matrix. Attachments of /v1 count towards the quota of attachments.'],
  examples: ['synapse matrix media usage'],
  act: (client) => client.list<Usage & { readonly handle: string }>(`${BASE}/media`),
  table: (rows) =>
    tableOf(
      rows.toSorted((one, other) => other.bytes - one.bytes),
      {
        ACCOUNT: ({ handle }) => handle,
        FILES: ({ files }) => files,
        SIZE: ({ bytes }) => shownBytes(bytes),
      },
    ),
})

export const quarantine = matrixCommand({
  args: { uri: uriArg, undo: { type: 'boolean', description: 'Let it be read again' } },
  notes: ['Nobody can download the file any more, not even who uploaded it. Its bytes stay.'],
  examples: [
    'synapse matrix media quarantine mxc://example.org/AbCdEfGhIjKlMnOpQrStUvWx',
    'synapse matrix media quarantine mxc://example.org/AbCdEfGhIjKlMnOpQrStUvWx --undo',
  ],
  act: (client, { uri, undo }) =>
    client.patch<object>(pathOf('media', ...partsOf(uri)), { quarantined: undo !== true }),
})

export const deleteFile = matrixCommand({
  args: { uri: uriArg },
  notes: [
    'Messages that show it have a dead link. A file that was sent as a message stays an attachment on /v1.',
  ],
  examples: ['synapse matrix media delete mxc://example.org/AbCdEfGhIjKlMnOpQrStUvWx'],
  async act(client, { uri }) {
    await client.delete(pathOf('media', ...partsOf(uri)))
    return { deleted: uri }
  },
})

export const purge = command({
  args: {
    before: {
      type: 'string',
      valueHint: 'time',
      required: true,
      description: 'Delete what was uploaded before this time, such as 2026-01-31, or longer ago than 90d',
    },
    'dry-run': { type: 'boolean', description: 'Only say what would be deleted' },
    yes: { type: 'boolean', description: 'Do not ask for confirmation' },
    ...whereArgs,
  },
  notes: ['Deletes the files uploaded over Matrix before a time, except pictures of users and rooms.'],
  examples: [
    'synapse matrix media purge --before 90d --dry-run',
    'synapse matrix media purge --before 2026-01-31 --yes',
  ],
  async run({ args }) {
    const before = instantIn(args.before)
    const isDryRun = args['dry-run'] === true
    if (!isDryRun && args.yes !== true)
      await confirm('matrix media purge', `Delete the files uploaded before ${before}?`)
    const gone = await withHomeserver(args, async (client) => {
      const query = new URLSearchParams({ before, dry_run: String(isDryRun) })
      return client.delete<Usage>(`${BASE}/media?${query}`, WITHIN_MS)
    })
    printJson(gone)
    return undefined
  },
})

/** @throws UsageError */
function instantIn(given: string): string {
  const text = timeOrAgo(given, '--before')
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new UsageError('--before must be a time such as 2026-01-31, or a duration such as 90d')
  return new Date(at).toISOString()
}

/** @throws UsageError */
function partsOf(uri: string): readonly [string, string] {
  const [, server, media] = /^mxc:\/\/([^/]+)\/([^/]+)$/.exec(uri) ?? []
  if (server === undefined || media === undefined)
    throw new UsageError('a file is written mxc://server/id, as clients show it')
  return [server, media]
}
