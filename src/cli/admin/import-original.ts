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
      description: 'Database of the earlier server, SQLite or Postgres; it is not changed',
    },
    'keep-broadcast-wakes': {
      type: 'boolean',
      description: 'Let @channel and @everyone still call the webhooks of agents',
    },
    home: { type: 'string', valueHint: 'dir', description: 'Home directory to import into (SYNAPSE_HOME)' },
    'database-url': {
      type: 'string',
      valueHint: 'url',
      description: 'URL of the store; default: SQLite in the home (SYNAPSE_DATABASE_URL)',
    },
    json: { type: 'boolean', description: 'Show no progress; the output is always JSON' },
  },
  notes: [
    'Stop the earlier server first, or messages that are posted during the import are missing here. The store must be',
    'new, or just made by init. The import is all or nothing; read the warnings in its output. Tokens, passwords,',
    'sessions and the cursor files of clients still work afterwards. To keep a password out of the list of processes,',
    'set PGPASSWORD instead of writing it in the URL.',
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
