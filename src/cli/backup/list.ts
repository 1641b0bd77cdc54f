import { type Backup, byDate, type KeepReason, listBackups, reasonsToKeep } from '../../backup'
import { command } from '../lib/command'
import { note, print, printJson } from '../lib/terminal'
import { counted } from '../lib/text'
import { configAt, foldersOf, homeArgs, sizeOf } from './index'
import { retentionOf } from './retention'

export const listCopies = command({
  args: homeArgs,
  notes: [
    'Newest first, each with the reasons why the next prune keeps it: hourly, daily, weekly and monthly are those of',
    'backup.retain, recent is one of the last backup.keep. If the home has no key, the backups of every instance are shown.',
  ],
  examples: ['synapse backup list', 'synapse backup list --json'],
  async run({ args }) {
    const config = configAt(args.home)
    const folders = foldersOf(config)
    const now = new Date()
    const rule = await retentionOf(config)
    const listed = folders.flatMap((folder) => [...reasonsToKeep(listBackups(folder), { rule, now })])
    const ahead = new Set(
      byDate(
        listed.map(([backup]) => backup),
        now,
      ).ahead,
    )
    if (args.json === true)
      printJson(
        listed.map(([backup, reasons]) => ({
          ...factsOf(backup),
          dated_ahead: ahead.has(backup),
          kept_by: reasons,
        })),
      )
    else if (listed.length === 0) note(`no backups in ${folders.join(', ')}`)
    else for (const [backup, reasons] of listed) print(lineOf(backup, reasons))
    return undefined
  },
})

function factsOf({ names, bytes, record }: Backup) {
  return { file: names.database, bytes, ...record }
}

function lineOf({ names, bytes, record }: Backup, reasons: readonly KeepReason[]): string {
  const parts = [
    record.created_at.slice(0, 19).replace('T', ' '),
    sizeOf(bytes).padStart(9),
    counted(record.counts['messages'] ?? 0, 'message').padStart(17),
    [
      record.label ?? '',
      record.keys ? '+keys' : '',
      record.blobs ? '+blobs' : '',
      reasons.length === 0 ? '(goes with the next prune)' : `(${reasons.join(', ')})`,
    ]
      .filter(Boolean)
      .join(' '),
    names.database,
  ]
  return parts.join('  ')
}
