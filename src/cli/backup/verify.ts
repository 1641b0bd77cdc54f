import { dirname } from 'node:path'
import { backupAt, byDate, listBackups, noteVerified, type Verdict, verifyBackup } from '../../backup'
import type { Config } from '../../config'
import { CliError, hasCode } from '../lib/cli-error'
import { command } from '../lib/command'
import { EXIT } from '../lib/exit-codes'
import { note, print, printJson } from '../lib/terminal'
import { counted } from '../lib/text'
import { configAt, fileCalled, foldersOf, homeArgs } from './index'

export const verifyCopy = command({
  args: {
    file: {
      type: 'positional',
      required: false,
      description: 'A path, or a name that backup list shows; default: the newest backup',
    },
    ...homeArgs,
  },
  notes: [
    'Checks the checksum, the structure of the database, its counts and schema, every blob and key in the backup, and the ids',
    'of the newest 1,000 events of Matrix rooms.',
    'Notes the result for a backup of this instance: the newest verified one is never pruned. Exit status 1 when anything',
    'is wrong.',
  ],
  examples: ['synapse backup verify', 'synapse backup verify /mnt/backups/synapse-20261121T030000.000Z.db'],
  async run({ args }) {
    const config = configAt(args.home)
    const verdict = await verifyBackup(fileOf(args.file, () => foldersOf(config)))
    noteIn(config, verdict)
    const { file, problems, remarks, backup } = verdict
    if (args.json === true)
      printJson({ file, ok: problems.length === 0, problems, remarks, ...backup?.record })
    else print(linesOf(verdict).join('\n'))
    return problems.length === 0 ? undefined : EXIT.failure
  },
})

/** Notes the result in the side file, if the backup lies in a folder of this instance. */
function noteIn(config: Config, { file, problems }: Verdict): void {
  // Read again, because a server may have noted something, or removed the backup, meanwhile.
  const backup = backupAt(file)
  if (backup === undefined || config.backupDir === null) return
  if (!foldersOf(config).includes(dirname(file))) return
  try {
    noteVerified(backup, problems.length === 0 ? new Date() : null)
  } catch (error) {
    if (!hasCode(error, 'EACCES') && !hasCode(error, 'EROFS') && !hasCode(error, 'ENOSPC')) throw error
    note(`remark: the result cannot be noted in ${backup.names.side}`)
  }
}

function fileOf(name: string | undefined, folders: () => string[]): string {
  if (name !== undefined) return fileCalled(name, folders)
  const { dated, ahead } = byDate(folders().flatMap(listBackups), new Date())
  const [newest] = [...dated, ...ahead]
  if (newest !== undefined) return newest.names.database
  throw new CliError(EXIT.notFound, `there are no backups in ${folders().join(', ')}`, [
    'synapse backup create makes one',
  ])
}

function linesOf({ file, problems, remarks, facts }: Verdict): string[] {
  for (const remark of remarks) note(`remark: ${remark}`)
  if (problems.length > 0) return [`${file} is not whole:`, ...problems.map((problem) => `  ${problem}`)]
  const messages = counted(facts?.counts['messages'] ?? 0, 'message')
  return [`${file} is whole: ${messages}, up to seq ${facts?.lastSeq}`]
}
