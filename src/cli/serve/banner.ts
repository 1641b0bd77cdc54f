import type { Config } from '../../config'
import { homePaths } from '../../home'
import type { Running } from '../../main'
import { ownName } from '../lib/executable'
import { homeFlag } from '../lib/home-flag'
import type { Style } from '../lib/terminal'

/** Returns the facts about a started server, one per line, and the first command to run if there is no admin yet. */
export function banner({ bold, green }: Style, { summary }: Running, config: Config): string {
  const { version, home, store, socket, baseUrl, adminCredentials, isRescue } = summary
  const urls = [...summary.urls, ...(summary.localUrl === null ? [] : [summary.localUrl])]
  const rows = {
    home,
    store,
    listening: urls.join(', '),
    socket: socket ?? 'off',
    base_url: baseUrl ?? 'not set',
    auth: isRescue ? 'OFF (rescue mode)' : `required (admin credentials: ${adminCredentials})`,
    'last backup': summary.lastBackup?.toISOString() ?? 'none',
    ...(summary.isDraining ? { draining: 'yes: changes are refused until synapse drain stop' } : {}),
    ...(config.bootId === undefined ? {} : { log: homePaths(home).log }),
    pid: String(process.pid),
  }
  const width = Math.max(...Object.keys(rows).map((name) => name.length))
  return [
    `${green('synapse')} ${version} is running`,
    ...Object.entries(rows).map(([name, value]) => `  ${name.padStart(width)}: ${value}`),
    ...(config.lan && config.tls === undefined ? ['', UNENCRYPTED] : []),
    ...(adminCredentials === 0 ? welcome(bold, config) : []),
  ].join('\n')
}

const UNENCRYPTED = 'Tokens travel unencrypted in this network. Use --tls-cert and --tls-key, or a TLS proxy.'

/** Reports whether a text contains the whole banner of the server with this process id. */
export function holdsBanner(text: string, pid: number): boolean {
  return text.includes(` pid: ${pid}\n`)
}

function welcome(bold: Style['bold'], config: Config): string[] {
  const command = `${ownName()} quickstart${homeFlag(config, 'other')}`
  const line = 'No account can administer this server yet. Create the first admin from any terminal:'
  return ['', line, '', `  ${bold(command)}`, '']
}
