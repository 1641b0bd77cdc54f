import { type Config, findHome, loadConfig, maskUrl } from '../../config'
import { becomeOwner, HomeLocked } from '../../home'
import { command } from '../lib/command'
import { socketOf } from '../lib/connect'
import { ownName } from '../lib/executable'
import { print, printJson } from '../lib/terminal'

export const init = command({
  args: {
    home: { type: 'string', valueHint: 'dir', description: 'Home directory to create (SYNAPSE_HOME)' },
    'database-url': {
      type: 'string',
      valueHint: 'url',
      description: 'URL of the store; default: SQLite in the home (SYNAPSE_DATABASE_URL)',
    },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'Creates the home, the instance key and the database, and migrates an older database. Safe to run again: an',
    'existing key is never changed. serve does the same when it starts.',
  ],
  examples: ['synapse init', 'synapse init --home /srv/synapse'],
  async run({ args }) {
    const flags = { home: args.home, 'database-url': args['database-url'] }
    const request = { flags, command: 'serve' } as const
    becomeOwner(findHome(request))
    const config = loadConfig(request)
    const running = await prepare(config)
    const facts = { home: config.home, store: maskUrl(config.databaseUrl), running }
    if (args.json === true) printJson(facts)
    else {
      print(`home   ${facts.home}\nstore  ${facts.store}`)
      print(running ? 'ready: a server is running on it' : `ready: ${ownName()} serve starts the server`)
    }
    return undefined
  },
})

/** Prepares the home. Returns true when a server already runs on it, which has prepared it. @throws OperatorError */
async function prepare(config: Config): Promise<boolean> {
  if ((await socketOf(config.home)) !== undefined) return true
  const { boot } = await import('../../main')
  try {
    const running = await boot(config, { listen: false })
    await running.stop()
    return false
  } catch (error) {
    if (error instanceof HomeLocked && (await socketOf(config.home)) !== undefined) return true
    throw error
  }
}
