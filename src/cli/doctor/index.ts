// `synapse doctor`: looks at a server and its home, and from outside at one that a client uses; changes nothing, and
// says for everything that is wrong what to do.
// May import: the shared files of src/cli, serve/server-state.ts, src/backup, config and home.
// One file a check; a new one is a file and a line in CHECKS. patient.ts is what they look at; outside/ has its own.
// Start reading in check.ts, then store.ts.

import { existsSync } from 'node:fs'
import { ConfigError, findClient, findHome } from '../../config'
import { printableLines } from '../../core/kernel/text'
import { UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import { baseOf } from '../lib/connect'
import { EXIT } from '../lib/exit-codes'
import { print, printJson, type Style, styleOf } from '../lib/terminal'
import { configsync, federation } from './absent'
import { backup } from './backup'
import { baseUrl, proxy } from './base-url'
import { bind } from './bind'
import { bus } from './bus'
import { certificate } from './certificate'
import { type Check, type Report, reportsOf, type Status } from './check'
import { descriptors } from './descriptors'
import { diagnosisOf } from './diagnosis'
import { disk } from './disk'
import { drain } from './drain'
import { epoch } from './epoch'
import { flags } from './flags'
import { home } from './home'
import { logClock } from './log-clock'
import { memory } from './memory'
import { processes } from './process'
import { examineFromOutside } from './public'
import { reachable } from './reachable'
import { store } from './store'
import { time } from './time'

/** In the order in which they are shown. */
const CHECKS: readonly Check[] = [
  reachable,
  processes,
  home,
  store,
  time,
  bus,
  bind,
  certificate,
  flags,
  baseUrl,
  proxy,
  federation,
  epoch,
  logClock,
  backup,
  disk,
  descriptors,
  memory,
  configsync,
  drain,
]

export const doctor = command({
  args: {
    home: { type: 'string', valueHint: 'dir', description: 'The home to look at (SYNAPSE_HOME)' },
    url: {
      type: 'string',
      valueHint: 'url',
      description: 'Instead of a home: look from here at the server at this address (SYNAPSE_URL)',
    },
    config: {
      type: 'string',
      valueHint: 'file',
      description: 'Instead of a home: look as the client with this synapse.toml (SYNAPSE_CONFIG)',
    },
    handle: {
      type: 'string',
      valueHint: 'handle',
      description: 'With the token in ~/.synapse/<handle>.token (SYNAPSE_HANDLE)',
    },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'Works whether the server runs or not, and changes nothing. Exit status: 0 all is well, 1 something deserves a',
    'look, 2 something is broken. The newest backup is read to its end, which takes a while where it is large; where',
    'base_url is set, a few requests go through it and come back.',
    '',
    'With --url, and for a client that ./synapse.toml, ~/.synapse/synapse.toml or the environment describe, it goes to the',
    'server as that client does: certificate, clock, token, every gate of every channel, a long-poll, an event stream, a',
    'WebSocket. A token goes only where it is meant to: to the address in the file that names it, or with --handle,',
    'SYNAPSE_TOKEN or SYNAPSE_TOKEN_FILE to the one that you give.',
  ],
  examples: [
    'synapse doctor',
    'synapse doctor --json',
    'synapse doctor --url https://chat.example.org --handle assistant',
  ],
  async run({ args }) {
    if (args.home !== undefined && (args.url ?? args.config) !== undefined)
      throw new UsageError('--home is for the machine of the server, --url and --config for any other')
    const reports = await examine(args)
    if (args.json === true) printJson({ object: 'doctor_report', checks: reports })
    else print(reports.flatMap((report) => linesOf(styleOf(process.stdout), report)).join('\n'))
    const statuses = new Set(reports.map(({ status }) => status))
    if (statuses.has('fail')) return EXIT.broken
    return statuses.has('warn') ? EXIT.warned : undefined
  },
})

interface Flags {
  readonly home: string | undefined
  readonly url: string | undefined
  readonly config: string | undefined
  readonly handle: string | undefined
}

/** The home, unless it is another server that is asked about; then what a client of this machine meets. */
async function examine({ home, url, config, handle }: Flags): Promise<Report[]> {
  const address = url === undefined ? undefined : baseOf(url)
  const client = await orProblems('client', () => findClient({ config, handle, url: address }))
  const isElsewhere =
    (url ?? config) !== undefined || (home === undefined && client !== undefined && isHomeless())
  const reports = isElsewhere
    ? []
    : await orProblems('config', async () => reportsOf(CHECKS, await diagnosisOf(home)))
  if (client === undefined) return reports
  return [...reports, ...(Array.isArray(client) ? client : await examineFromOutside(client))]
}

/** Whether no server of this machine is there to be looked at. */
function isHomeless(): boolean {
  try {
    return !existsSync(findHome({ command: 'other' }))
  } catch {
    return false
  }
}

/** What `read` answers, or a line for each thing that is wrong with the configuration. */
async function orProblems<T>(of: string, read: () => T | Promise<T>): Promise<T | Report[]> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ name, problem, remedy }) => ({
      name: name === 'home' ? name : of,
      status: 'fail',
      detail: name === 'home' ? problem : `${name}: ${problem}`,
      fix: remedy,
    }))
  }
}

/** Of the longest name. */
const WIDTH = 12
const WORDS: Record<Status, string> = { pass: 'ok', warn: 'warn', fail: 'FAIL', skip: '–' }

function linesOf({ green, red, bold, dim }: Style, { name, status, detail, fix }: Report): string[] {
  const paint = { pass: green, warn: bold, fail: red, skip: dim }[status]
  const line = `${paint(WORDS[status].padEnd(5))} ${name.padEnd(WIDTH)} ${printableLines(detail)}`
  return fix === null ? [line] : [line, `      ${''.padEnd(WIDTH)} → ${printableLines(fix)}`]
}
