import { databaseUrl, InvalidValue, maskUrl, parseDatabaseUrl } from '../../config'
import { becomeOwner } from '../../home'
import { UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import { progressBar } from '../lib/progress'
import { printJson } from '../lib/terminal'

export const migrateDb = command({
  args: {
    from: { type: 'string', required: true, valueHint: 'url', description: 'The store that is to be moved' },
    to: {
      type: 'string',
      required: true,
      valueHint: 'url',
      description: 'Where to: an empty file or database',
    },
    json: { type: 'boolean', description: 'Show no progress; the answer is JSON with or without it' },
  },
  notes: [
    'Ids, tokens, passwords, positions and the epoch stay: clients go on as if nothing had happened.',
    'Stop the server first. A move that was interrupted goes on when the same command is run again. Both stores are',
    'compared at the end; then the old one is marked, and a server refuses to start on it.',
    'A password may be left out of the URL and given as PGPASSWORD instead, where no list of processes shows it.',
    'The server of the new store needs the instance key of the old one (keys/ in its home).',
  ],
  examples: [
    'synapse migrate-db --from sqlite:/srv/synapse/synapse.db --to postgres://synapse@db.example/synapse',
    'synapse migrate-db --from postgres://synapse@db.example/synapse --to sqlite:/srv/synapse/synapse.db',
  ],
  async run({ args }) {
    const from = databaseOf('--from', args.from)
    const to = databaseOf('--to', args.to)
    if (from.url === to.url) throw new UsageError('--from and --to name the same store')
    // What root makes in a folder of another user would be of no use to that user's server.
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

/** The store that an option names, and its one spelling. @throws UsageError */
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
