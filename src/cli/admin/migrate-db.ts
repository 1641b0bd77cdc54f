import { databaseUrl, InvalidValue, maskUrl, parseDatabaseUrl } from '../../config'
import { becomeOwner } from '../../home'
import { UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import { progressBar } from '../lib/progress'
import { printJson } from '../lib/terminal'

export const migrateDb = command({
  args: {
    from: { type: 'string', required: true, valueHint: 'url', description: 'URL of the store to move' },
    to: {
      type: 'string',
      required: true,
      valueHint: 'url',
      description: 'URL of the new store: a new file or an empty database',
    },
    json: { type: 'boolean', description: 'Show no progress; the output is always JSON' },
  },
  notes: [
    'Stop the server first. Ids, tokens, passwords, positions and the epoch stay the same, so clients notice nothing.',
    'To resume an interrupted move, run the same command again. At the end both stores are compared; then the old one',
    'is marked, and a server refuses to start on it. To keep a password out of the list of processes, set PGPASSWORD',
    'instead of writing it in the URL. The new server needs the instance key of the old one (keys/ in its home).',
  ],
  examples: [
    'synapse migrate-db --from sqlite:/srv/synapse/synapse.db --to postgres://synapse@db.example/synapse',
    'synapse migrate-db --from postgres://synapse@db.example/synapse --to sqlite:/srv/synapse/synapse.db',
  ],
  async run({ args }) {
    const from = databaseOf('--from', args.from)
    const to = databaseOf('--to', args.to)
    if (from.url === to.url) throw new UsageError('--from and --to name the same store')
    // A file that root creates in the folder of another user could not be used by that user's server.
    for (const { choice } of [to, from]) if (choice.kind === 'sqlite') becomeOwner(folderOf(choice.path))
    const { migrateDatabase } = await import('../../app/data-migration')
    const bar = progressBar({ quiet: args.json === true })
    try {
      const { rows, epoch, headSeq } = await migrateDatabase({
        from: from.choice,
        to: to.choice,
        target: maskUrl(to.url),
        onProgress: (step) => bar.show(step),
      })
      bar.end()
      printJson({ from: maskUrl(from.url), to: maskUrl(to.url), rows, epoch, head_seq: headSeq })
    } finally {
      bar.end()
    }
    return undefined
  },
})

/** Parses the store that an option names; returns it with its normalized URL. @throws UsageError */
export function databaseOf(
  option: string,
  text: string,
): { readonly choice: ReturnType<typeof parseDatabaseUrl>; readonly url: string } {
  try {
    const choice = parseDatabaseUrl(text, process.cwd())
    return { choice, url: databaseUrl(choice) }
  } catch (error) {
    if (error instanceof InvalidValue) throw new UsageError(`${option} ${error.message}`, [error.remedy])
    throw error
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
