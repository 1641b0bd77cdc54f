// `synapse doctor`: looks at a server and its home, changes nothing, and says for everything that is wrong what to do.
// May import: the shared files of src/cli, serve/server-state.ts, src/backup, config and home.
// One file a check; a new one is a file and a line in CHECKS. patient.ts is what they look at.
// Start reading in check.ts, then store.ts.
import { ConfigError } from '../../config/index'
import { command } from '../command'
import { EXIT } from '../exit-codes'
import { printJson, type Style, styleOf } from '../terminal'
import { configsync, federation } from './absent'
import { backup } from './backup'
import { baseUrl, proxy } from './base-url'
import { bind } from './bind'
import { type Check, type Report, reportOf, type Status } from './check'
import { disk } from './disk'
import { drain } from './drain'
import { epoch } from './epoch'
import { flags } from './flags'
import { home } from './home'
import { patientAt } from './patient'
import { processes } from './process'
import { reachable } from './reachable'
import { store } from './store'

/** In the order in which they are shown. */
const CHECKS: readonly Check[] = [
  reachable,
  processes,
  home,
  store,
  bind,
  flags,
  baseUrl,
  proxy,
  federation,
  epoch,
  backup,
  disk,
  configsync,
  drain,
]

export const doctor = command({
  args: {
    home: { type: 'string', valueHint: 'dir', description: 'The home to look at (SYNAPSE_HOME)' },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'Works whether the server runs or not, and changes nothing. Exit status: 0 all is well, 1 something deserves a',
    'look, 2 something is broken. The newest backup is read to its end, which takes a while where it is large; where',
    'base_url is set, a few requests go through it and come back.',
  ],
  examples: ['synapse doctor', 'synapse doctor --json'],
  async run({ args }) {
    const reports = await examine(args.home)
    if (args.json === true) printJson({ object: 'doctor_report', checks: reports })
    else console.log(reports.flatMap((report) => linesOf(styleOf(process.stdout), report)).join('\n'))
    const statuses = new Set(reports.map(({ status }) => status))
    if (statuses.has('fail')) return EXIT.broken
    return statuses.has('warn') ? EXIT.warned : undefined
  },
})

async function examine(at: string | undefined): Promise<Report[]> {
  try {
    const patient = await patientAt(at)
    const reports: Report[] = []
    // One after another: they read the same disk, and the lines of some explain those of others.
    for (const check of CHECKS) reports.push(await reportOf(check, patient))
    return reports
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ name, problem, remedy }) => ({
      name: name === 'home' ? name : 'config',
      status: 'fail',
      detail: name === 'home' ? problem : `${name}: ${problem}`,
      fix: remedy,
    }))
  }
}

const WORDS: Record<Status, string> = { pass: 'ok', warn: 'warn', fail: 'FAIL', skip: '–' }

function linesOf({ green, red, bold, dim }: Style, { name, status, detail, fix }: Report): string[] {
  const paint = { pass: green, warn: bold, fail: red, skip: dim }[status]
  const line = `${paint(WORDS[status].padEnd(5))} ${name.padEnd(10)} ${detail}`
  return fix === null ? [line] : [line, `      ${''.padEnd(10)} → ${fix}`]
}
