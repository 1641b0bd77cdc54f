import { loadConfig } from '../../config'
import type { Where } from '../lib/connect'
import { ownName } from '../lib/executable'
import { homeFlag } from '../lib/home-flag'
import { joinSnippet } from '../lib/join-snippet'
import { serverAddress } from '../lib/server-address'
import type { Style } from '../lib/terminal'
import type { Outcome } from './steps'

/** The outcome as `--json` prints it. */
export interface QuickstartFacts {
  readonly admin: {
    readonly handle: string
    readonly created: boolean
    readonly made_admin: boolean
    /** Only if it was generated here. */
    readonly password?: string
  }
  readonly channel: { readonly slug: string; readonly created: boolean; readonly admin_membership: string }
  readonly agent: {
    readonly handle: string
    readonly created: boolean
    readonly joined: boolean
    readonly token_scopes: readonly string[]
    readonly token: string
  }
  readonly url: string
  /** True if programs on other machines cannot use that address. */
  readonly url_is_local: boolean
  readonly running: boolean
  /** The command that starts the server. */
  readonly start: string
  /** The command that signs a phone in by a QR code; null where a phone cannot reach the server. */
  readonly pair: string | null
  readonly _warning: string
  readonly _next: string
}

/** Collects what was done, and the address of the server. */
export function quickstartFacts(outcome: Outcome, where: Where): QuickstartFacts {
  const { admin, channel, membership, agent, password } = outcome
  const { url, local, running } = serverAddress(where, outcome.way, outcome.publicUrl)
  return {
    admin: {
      handle: admin.handle,
      created: admin.created,
      made_admin: admin.madeAdmin,
      ...(password?.generated === true ? { password: password.password } : {}),
    },
    channel: { slug: channel.slug, created: channel.created, admin_membership: membership },
    agent: {
      handle: agent.handle,
      created: agent.account_created,
      joined: agent.channels_joined.includes(channel.slug),
      token_scopes: agent.token_scopes,
      token: agent.token,
    },
    url,
    url_is_local: local,
    running,
    start: startCommand(where),
    pair: local || where.url !== undefined ? null : pairCommand(where, admin.handle),
    _warning: 'Password and token are shown once; the server keeps only hashes of them.',
    _next: joinSnippet({ url, handle: agent.handle, token: agent.token, channel: channel.slug }),
  }
}

function startCommand({ home, url }: Where): string {
  const flag = url === undefined ? homeFlag(loadConfig({ flags: { home }, command: 'other' }), 'serve') : ''
  return `${ownName()} serve${flag}`
}

function pairCommand({ home }: Where, handle: string): string {
  const flag = homeFlag(loadConfig({ flags: { home }, command: 'other' }), 'other')
  return `${ownName()} pair --device phone-${handle} --account ${handle}${flag}`
}

/** Returns the outcome as text for a person, with what to do next. */
export function quickstartText({ bold, dim, green }: Style, facts: QuickstartFacts): string {
  const { admin, channel, agent, url } = facts
  const did = (created: boolean) => (created ? green('created') : 'existed')
  const names = [`@${admin.handle}`, `#${channel.slug}`, `@${agent.handle}`]
  const width = Math.max(...names.map((name) => name.length))
  const remarks = [
    `${did(admin.created)}, ${admin.made_admin && !admin.created ? 'now system admin' : 'system admin'}`,
    `${did(channel.created)}, @${admin.handle} is its admin${channel.admin_membership === 'changed' ? ' now' : ''}`,
    `${did(agent.created)}, ${agent.joined ? 'joined' : 'was in'} #${channel.slug}, ${agent.created ? 'token' : 'another token'} issued`,
  ]
  return [
    ...names.map((name, row) => `${bold(name.padEnd(width))}  ${remarks[row]}`),
    '',
    ...(facts.running
      ? [`The server runs at ${bold(url)}`]
      : ['Start the server:', '', `  ${bold(facts.start)}`]),
    '',
    ...signIn(facts, bold),
    '',
    bold(`Paste this on the machine of @${agent.handle}:`),
    '',
    facts._next,
    '',
    dim('The token in these lines is shown only once. Keep it like a password.'),
    ...(facts.url_is_local
      ? [dim(`An agent or a phone elsewhere cannot reach ${url}: see --host in ${ownName()} serve --help.`)]
      : []),
  ].join('\n')
}

/** Returns how to sign in. A password that the admin typed is not repeated. */
function signIn({ admin, url, pair }: QuickstartFacts, bold: Style['bold']): string[] {
  const secret = admin.password ?? (admin.created ? 'the one you gave' : 'the one it has')
  return [
    `Sign in as @${admin.handle}: ${bold(`${url}/`)} in a browser`,
    `Password of @${admin.handle}: ${admin.password === undefined ? secret : `${bold(secret)}  (shown once)`}`,
    ...(pair === null ? [] : [`On a phone: ${bold(pair)} shows a code to scan`]),
    `The API: ${url}/docs`,
  ]
}
