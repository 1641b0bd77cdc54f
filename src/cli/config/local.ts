import { type Config, findHome, loadConfig, maskUrl } from '../../config/index'
import { becomeOwner } from '../../home/index'
import { command } from '../command'
import { printJson } from '../terminal'
import { written } from './index'

const args = {
  home: { type: 'string', valueHint: 'dir', description: 'The home of the server (SYNAPSE_HOME)' },
  json: { type: 'boolean', description: 'Print JSON instead of text' },
} as const

export const checkConfig = command({
  args,
  notes: [
    'Reads flags, environment and synapse.env as a server would that starts here now, and says everything that is',
    'wrong with them. Asks no server, and shows no secret.',
  ],
  examples: ['synapse config check', 'synapse config check --home /srv/synapse --json'],
  async run({ args }) {
    const request = { flags: { home: args.home }, command: 'other' } as const
    becomeOwner(findHome(request))
    const config = loadConfig(request)
    const rows = optionsOf(config)
    if (args.json === true) printJson({ options: rows, notices: config.notices })
    else {
      for (const { key, value, source } of rows) console.log(`${key} = ${written(value)}  (${source})`)
      for (const notice of config.notices) console.log(`note: ${notice}`)
    }
    return undefined
  },
})

export const configPath = command({
  args,
  examples: ['synapse config path'],
  async run({ args }) {
    const home = findHome({ flags: { home: args.home }, command: 'other' })
    if (args.json === true) printJson({ home })
    else console.log(home)
    return undefined
  },
})

/** What a start would go by: the boot options, and of the other settings those that somebody has written down. */
function optionsOf(config: Config) {
  const { sources, settings } = config
  const boot = [
    { key: 'home', value: config.home, source: sources.home },
    { key: 'database_url', value: maskUrl(config.databaseUrl), source: sources.database_url },
    { key: 'host', value: config.hosts.join(','), source: sources.host },
    { key: 'port', value: config.port, source: sources.port },
    { key: 'socket', value: config.socket ?? 'off', source: sources.socket },
    { key: 'allow_public_bind', value: config.allowPublicBind, source: sources.allow_public_bind },
    {
      key: 'bus_url',
      value: config.busUrl === undefined ? null : maskUrl(config.busUrl),
      source: sources.bus_url,
    },
    { key: 'backup_dir', value: config.backupDir, source: sources.backup_dir },
    { key: 'log_level', value: config.logLevel, source: sources.log_level },
  ]
  const live = Object.entries(settings)
    .map(([key, value]) => ({ key, value, source: sources[key as keyof typeof settings] }))
    .filter(({ source }) => source !== 'default')
  return [...boot, ...live]
}
