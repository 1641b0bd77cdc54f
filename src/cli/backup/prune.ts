import type { PruneOutcome } from '../../backup'
import { withClient } from '../admin'
import { command } from '../lib/command'
import { note, print, printJson } from '../lib/terminal'
import { counted } from '../lib/text'
import { configAt, homeArgs, refuseAbsent } from './index'

/** A backup that stays is read completely first, which takes long if it is large. */
const WITHIN_MS = 3600_000

export const pruneBackups = command({
  args: {
    'dry-run': { type: 'boolean', description: 'Only show what would be removed' },
    ...homeArgs,
  },
  notes: [
    'A server does this after each backup. backup.keep, or backup.retain if it is set, says what is kept. Never removed are',
    'the newest backup, the newest that passes a complete check, backups that you labelled, and those dated in the future.',
    'Nothing is removed while the newest backup has fewer than half of the messages of another one.',
  ],
  examples: ['synapse backup prune --dry-run', 'synapse backup prune'],
  async run({ args }) {
    refuseAbsent(configAt(args.home))
    const isDryRun = args['dry-run'] === true
    const outcome = await withClient(args, (client) =>
      client.post<PruneOutcome>('/v1/admin/backups/prune', { dry_run: isDryRun }, WITHIN_MS),
    )
    if (args.json === true) printJson({ dry_run: isDryRun, ...outcome })
    else for (const line of linesOf(outcome, isDryRun)) print(line)
    for (const notice of outcome.notices) note(`warning: ${notice}`)
    return undefined
  },
})

function linesOf({ pruned, kept }: PruneOutcome, isDryRun: boolean): string[] {
  return [
    ...kept.map(
      ({ file, kept_by }) => `keep    ${file}${kept_by.length === 0 ? '' : ` (${kept_by.join(', ')})`}`,
    ),
    ...pruned.map((file) => `${isDryRun ? 'remove ' : 'removed'} ${file}`),
    `${isDryRun ? 'would remove' : 'removed'} ${counted(pruned.length, 'backup')}, ${isDryRun ? 'and keep' : 'kept'} ${kept.length}`,
  ]
}
