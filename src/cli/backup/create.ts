import type { BackupOutcome } from '../../backup'
import { withClient } from '../admin'
import { UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import { note, print, printJson } from '../lib/terminal'
import { counted } from '../lib/text'
import { showCopying } from './copying'
import { configAt, homeArgs, passphraseFor, refuseAbsent, sizeOf } from './index'

/** Long enough for a large store on a slow disk. */
const WITHIN_MS = 6 * 3600_000

export const createBackup = command({
  args: {
    'with-blobs': { type: 'boolean', description: 'Copy uploaded files too' },
    'with-keys': { type: 'boolean', description: 'Copy the keys too, encrypted with a passphrase' },
    label: { type: 'string', valueHint: 'word', description: 'A word that is stored with the backup' },
    ...homeArgs,
  },
  notes: [
    'A running server keeps serving. The copy is verified and never overwritten. Backups beyond backup.keep or',
    'backup.retain are removed, unless the store has lost messages; those with a label stay. A restored backup needs the',
    'keys: back them up once, and keep the passphrase elsewhere (SYNAPSE_BACKUP_PASSPHRASE_FILE, or typed). If the store is',
    'Postgres, the command prints how to dump it, and still copies keys and blobs.',
  ],
  examples: [
    'synapse backup create',
    'synapse backup create --with-keys --with-blobs --label before-the-move',
  ],
  async run({ args }) {
    const config = configAt(args.home)
    if (args.label !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(args.label))
      throw new UsageError('--label is one word of letters, digits, dots, dashes and underscores')
    refuseAbsent(config)
    const passphrase =
      args['with-keys'] === true ? await passphraseFor(config, 'A passphrase for the keys', true) : undefined
    const request = { label: args.label, with_blobs: args['with-blobs'] === true, passphrase }
    const outcome = await withClient(args, async (client) => {
      using _shown = showCopying(config, args.json === true)
      return await client.post<BackupOutcome>('/v1/admin/backups', request, WITHIN_MS)
    })
    if (args.json === true) printJson(outcome)
    else for (const line of linesOf(outcome)) print(line)
    for (const notice of outcome.notices) note(`warning: ${notice}`)
    return undefined
  },
})

function linesOf({ file, dump, record, bytes, keys, blobs, pruned }: BackupOutcome): string[] {
  const counts =
    record === null
      ? ''
      : `, ${counted(record.counts['messages'] ?? 0, 'message')}, up to seq ${record.last_seq}`
  return [
    ...(file === null ? [] : [`store   ${file} (${sizeOf(bytes)}${counts})`]),
    ...(dump === null ? [] : [`store   run: ${dump}`]),
    ...(keys === null ? [] : [`keys    ${keys}`]),
    ...(blobs === null ? [] : [`blobs   ${counted(blobs, 'file')}`]),
    ...(pruned.length === 0 ? [] : [`pruned  ${counted(pruned.length, 'older backup')}`]),
  ]
}
