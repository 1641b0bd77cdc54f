import { type Config, findHome, loadConfig, maskUrl } from '../../config'
import { becomeOwner, HomeLocked } from '../../home'
import { command } from '../lib/command'
import { socketOf } from '../lib/connect'
import { ownName } from '../lib/executable'
import { print, printJson } from '../lib/terminal'

export const init = command({
  args: {
    home: { type: 'string', valueHint: 'dir', description: 'The home to create (SYNAPSE_HOME)' },
    'database-url': {
      type: 'string',
      valueHint: 'url',
      description: 'The store; otherwise SQLite in the home (SYNAPSE_DATABASE_URL)',
    },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'Creates the home, the key of this instance and the database, and brings an older database up to date.',
    'May be run again; never touches an existing key. serve does the same when it starts.',
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

/** Answers whether a server runs there, which then has done it all. @throws OperatorError */
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
