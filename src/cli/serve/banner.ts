import { type Config, maskUrl } from '../../config/index'
import { homeFlag } from '../home-flag'
import { ownName } from '../myself'
import type { Style } from '../terminal'

/** What the banner says of a server that has started. */
export interface BannerFacts {
  readonly version: string
  readonly home: string
  /** Without its password. */
  readonly store: string
  readonly urls: readonly string[]
  readonly socket: string | null
  readonly baseUrl: string | null
  /** Undefined when that is not known. */
  readonly adminCredentials: number | undefined
  readonly pid: number
  readonly log?: string
}

/** One fact a line; and as long as nobody can administer the server, the one command that changes that. */
export function banner({ bold, green }: Style, facts: BannerFacts, quickstart: string): string {
  const admins = facts.adminCredentials
  const rows = {
    home: facts.home,
    store: facts.store,
    listening: facts.urls.join(', '),
    socket: facts.socket ?? 'off',
    base_url: facts.baseUrl ?? 'not set',
    auth: `required${admins === undefined ? '' : ` (admin credentials: ${admins})`}`,
    ...(facts.log === undefined ? {} : { log: facts.log }),
    pid: String(facts.pid),
  }
  const lines = Object.entries(rows).map(([name, value]) => `  ${name.padEnd(9)}  ${value}`)
  const welcome =
    admins === 0
      ? [
          '',
          'Nobody can administer this server yet. Create the first admin, from any terminal:',
          '',
          `  ${bold(quickstart)}`,
          '',
        ]
      : []
  return [`${green('synapse')} ${facts.version} is running`, ...lines, ...welcome].join('\n')
}

/** The command that creates the first admin on this home, as it is typed here. */
export function quickstartCommand(config: Config): string {
  return `${ownName()} quickstart${homeFlag(config, 'other')}`
}

/** How the banner names a store. */
export function shownStore({ databaseUrl }: Config): string {
  return maskUrl(databaseUrl)
}
