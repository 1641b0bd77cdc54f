import { findHome, loadConfig, maskUrl } from '../../config'
import { becomeOwner } from '../../home'
import { command } from '../lib/command'
import { progressBar } from '../lib/progress'
import { printJson } from '../lib/terminal'
import { databaseOf } from './migrate-db'

export const importOriginal = command({
  args: {
    from: {
      type: 'string',
      required: true,
      valueHint: 'url',
      description: 'The database of the earlier server, SQLite or Postgres; it is only read',
    },
    'keep-broadcast-wakes': {
      type: 'boolean',
      description: 'Let @channel and @everyone go on waking agents by webhook',
    },
    home: { type: 'string', valueHint: 'dir', description: 'The home to import into (SYNAPSE_HOME)' },
    'database-url': {
      type: 'string',
      valueHint: 'url',
      description: 'The store; otherwise SQLite in the home (SYNAPSE_DATABASE_URL)',
    },
    json: { type: 'boolean', description: 'Show no progress; the answer is JSON with or without it' },
  },
  notes: [
    'Tokens, passwords, sessions and the cursor files of clients go on working. The store must be empty: nothing, or',
    'what init makes. All of it is imported or, should anything be wrong, nothing. Read the warnings of the answer.',
    'Stop the earlier server first, or what is said meanwhile is missing here.',
    'A password may be left out of the URL and given as PGPASSWORD instead, where no list of processes shows it.',
  ],
  examples: [
    'synapse import-original --from sqlite:///./data/synapse.db',
    'synapse import-original --from postgresql+psycopg://synapse@localhost/synapse --home /srv/synapse',
  ],
  async run({ args }) {
    const from = databaseOf('--from', args.from)
    const flags = { home: args.home, 'database-url': args['database-url'] }
    const request = { flags, command: 'serve' } as const
    becomeOwner(findHome(request))
    const config = loadConfig(request)
    const { importDatabase } = await import('../../app/data-migration')
    const bar = progressBar({ quiet: args.json === true })
    try {
      const { rows, headSeq, warnings } = await importDatabase(config, {
        from: from.choice,
        keepBroadcastWakes: args['keep-broadcast-wakes'] === true,
        onProgress: (step) => bar.show(step),
      })
      bar.end()
      printJson({ from: maskUrl(from.url), rows, head_seq: headSeq, warnings })
    } finally {
      bar.end()
    }
    return undefined
  },
})
