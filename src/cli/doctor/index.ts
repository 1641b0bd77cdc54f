// `synapse doctor`: checks a server and its home, or from outside a server that a client uses. It changes nothing, and
// says for each problem how to fix it.
// May import: the shared files of src/cli, serve/server-state.ts, src/backup, config and home.
// One file per check; a new one is a file and a line in CHECKS. diagnosis.ts gathers what they examine. The checks from
// outside are in public/.
// Start reading in check.ts, then store.ts.

import { existsSync } from 'node:fs'
import { ConfigError, findClient, findHome } from '../../config'
import { printableLines } from '../../core/kernel/text'
import { UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import { baseOf } from '../lib/connect'
import { EXIT } from '../lib/exit-codes'
import { print, printJson, type Style, styleOf } from '../lib/terminal'
import { federation } from './absent'
import { backup } from './backup'
import { baseUrl, proxy } from './base-url'
import { bind } from './bind'
import { blobs } from './blobs'
import { bus } from './bus'
import { certificate } from './certificate'
import { type Check, type Report, reportsOf, type Status } from './check'
import { configsync } from './configsync'
import { descriptors } from './descriptors'
import { diagnosisOf } from './diagnosis'
import { disk } from './disk'
import { drain } from './drain'
import { epoch } from './epoch'
import { flags } from './flags'
import { home } from './home'
import { logClock } from './log-clock'
import { matrixChecks } from './matrix'
import { memory } from './memory'
import { processes } from './process'
import { examineFromOutside } from './public'
import { reachable } from './reachable'
import { search } from './search'
import { store } from './store'
import { time } from './time'
import { webhooks } from './webhooks'

/** The checks, in the order of the report. */
const CHECKS: readonly Check[] = [
  reachable,
  processes,
  home,
  store,
  search,
  webhooks,
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
  blobs,
  disk,
  descriptors,
  memory,
  configsync,
  drain,
]

export const doctor = command({
  args: {
    home: { type: 'string', valueHint: 'dir', description: 'Home directory to check (SYNAPSE_HOME)' },
    url: {
      type: 'string',
      valueHint: 'url',
      description: 'Check the server at this address from outside (SYNAPSE_URL)',
    },
    config: {
      type: 'string',
      valueHint: 'file',
      description: 'Check the server of the client with this synapse.toml (SYNAPSE_CONFIG)',
    },
    handle: {
      type: 'string',
      valueHint: 'handle',
      description: 'Use the token in ~/.synapse/<handle>.token (SYNAPSE_HANDLE)',
    },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'Works whether the server runs or not, and changes nothing. Exit status: 0 no problems, 1 warnings, 2 failures.',
    'The newest backup is read completely, which takes a while if it is large. If base_url is set, a few test requests go',
    'through that address.',
    '',
    'With --url, or if ./synapse.toml, ~/.synapse/synapse.toml or the environment describe a client, doctor also connects to',
    'the server like that client, and checks the certificate, the clock, the token, the access to every channel, a',
    'long-poll, an event stream and a WebSocket. A token is sent only to the address in the file that names it, or, with',
    '--handle, SYNAPSE_TOKEN or SYNAPSE_TOKEN_FILE, to the address that you give.',
  ],
  examples: [
    'synapse doctor',
    'synapse doctor --json',
    'synapse doctor --url https://chat.example.org --handle assistant',
  ],
  async run({ args }) {
    if (args.home !== undefined && (args.url ?? args.config) !== undefined)
      throw new UsageError(
        '--home is for the machine of the server; --url and --config are for any other machine',
      )
    const reports = await examine(args)
    if (args.json === true) printJson({ object: 'doctor_report', checks: reports })
    else print(shown(reports))
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

/** Checks the home, unless another server is named; then checks that server as the client of this machine sees it. */
async function examine({ home, url, config, handle }: Flags): Promise<Report[]> {
  const address = url === undefined ? undefined : baseOf(url)
  const client = await orProblems('client', () => findClient({ config, handle, url: address }))
  const isElsewhere =
    (url ?? config) !== undefined || (home === undefined && client !== undefined && isHomeless())
  const reports = isElsewhere
    ? []
    : await orProblems('config', async () => {
        const diagnosis = await diagnosisOf(home)
        return reportsOf([...CHECKS, ...matrixChecks(diagnosis)], diagnosis)
      })
  if (client === undefined) return reports
  return [...reports, ...(Array.isArray(client) ? client : await examineFromOutside(client))]
}

/** Reports whether this machine has no home of a server. */
function isHomeless(): boolean {
  try {
    return !existsSync(findHome({ command: 'other' }))
  } catch {
    return false
  }
}

/** Returns the result of `read`, or one failed report for each problem of the configuration. */
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

/** The names have at least this width. */
const WIDTH = 12
const WORDS: Record<Status, string> = { pass: 'ok', warn: 'warn', fail: 'FAIL', skip: '–' }

function shown(reports: readonly Report[]): string {
  const width = Math.max(WIDTH, ...reports.map(({ name }) => name.length))
  return reports.flatMap((report) => linesOf(styleOf(process.stdout), report, width)).join('\n')
}

function linesOf(
  { green, red, bold, dim }: Style,
  { name, status, detail, fix }: Report,
  width: number,
): string[] {
  const paint = { pass: green, warn: bold, fail: red, skip: dim }[status]
  const line = `${paint(WORDS[status].padEnd(5))} ${name.padEnd(width)} ${printableLines(detail)}`
  return fix === null ? [line] : [line, `      ${''.padEnd(width)} → ${printableLines(fix)}`]
}
