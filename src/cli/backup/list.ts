import { type Backup, byDate, listBackups } from '../../backup'
import { command } from '../lib/command'
import { note, print, printJson } from '../lib/terminal'
import { counted } from '../lib/text'
import { configAt, foldersOf, homeArgs, sizeOf } from './index'

export const listCopies = command({
  args: homeArgs,
  notes: ['Newest first. If the home has no key, the backups of every instance are shown.'],
  examples: ['synapse backup list', 'synapse backup list --json'],
  async run({ args }) {
    const folders = foldersOf(configAt(args.home))
    const backups = folders.flatMap(listBackups)
    const ahead = new Set(byDate(backups, new Date()).ahead)
    if (args.json === true)
      printJson(backups.map((backup) => ({ ...factsOf(backup), dated_ahead: ahead.has(backup) })))
    else if (backups.length === 0) note(`no backups in ${folders.join(', ')}`)
    else for (const backup of backups) print(lineOf(backup, ahead.has(backup)))
    return undefined
  },
})

function factsOf({ names, bytes, record }: Backup) {
  return { file: names.database, bytes, ...record }
}

function lineOf({ names, bytes, record }: Backup, isAhead: boolean): string {
  const parts = [
    record.created_at.slice(0, 19).replace('T', ' '),
    sizeOf(bytes).padStart(9),
    counted(record.counts['messages'] ?? 0, 'message').padStart(17),
    [
      record.label ?? '',
      record.keys ? '+keys' : '',
      record.blobs ? '+blobs' : '',
      isAhead ? '(dated ahead of now)' : '',
    ]
      .filter(Boolean)
      .join(' '),
    names.database,
  ]
  return parts.join('  ')
}
