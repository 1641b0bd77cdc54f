// `synapse serve`: runs the server in this process or as a daemon; stops, restarts or shows a running one.
// May import: the shared files of src/cli, config, home; main.ts by `await import`, in foreground.ts alone.
// server-state.ts finds the server of a home; the other files are one action each. The rules
// are in docs/contract/commands.md#exit-status and docs/contract/operation.md#signals-and-stopping.
// Only the lock of the home decides which process runs on it; pid file, run file and socket file may be left over.
// Start reading in args.ts and this file, then foreground.ts.
import { processEnvironment } from '../../config/environment'
import { UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import { parseSeconds } from '../lib/duration'
import type { ExitCode } from '../lib/exit-codes'
import { ACTIONS, type Action, type ServeArgs, serveArgs } from './args'

const MOST_SECONDS = 3600
const MOST_LINES = 1_000_000

export const serve = command({
  args: serveArgs,
  notes: [
    'Give at most one of --foreground, --daemon, --stop, --restart, --status and --logs. Other settings:',
    'docs/configuration.md.',
    'The log is JSON lines, on stdout or, for a daemon, in logs/synapse.log. SIGTERM and Ctrl-C stop the server after the',
    'requests in flight are answered; a second Ctrl-C within three seconds kills it.',
    'Exit status: 0 ok, 1 failure, 2 usage, 3 not running (--status), 5 already running, 78 refused by the configuration.',
  ],
  examples: [
    'synapse serve',
    'synapse serve --daemon --port 8090',
    'synapse serve --status',
    'synapse serve --logs -n 50 --no-follow',
    'synapse serve --stop --timeout 60',
    'synapse serve --lan',
    'synapse serve --host 127.0.0.1,100.64.0.7 --tls-cert cert.pem --tls-key key.pem',
    'synapse serve --memory --port 0',
  ],
  async run({ args }) {
    const action = actionOf(args)
    checkFlags(args, action)
    return await act(action, args)
  },
})

async function act(action: Action, args: ServeArgs): Promise<ExitCode> {
  switch (action) {
    case 'foreground':
      return (await import('./foreground')).runForeground(args)
    case 'daemon':
      return (await import('./daemon')).startDaemon(args)
    case 'stop':
      return (await import('./stop')).stopServer(args, patienceOf(args))
    case 'restart':
      return (await import('./restart')).restartServer(args, patienceOf(args))
    case 'status':
      return (await import('./status')).showStatus(args)
    case 'logs':
      return (await import('./logs')).showLogs(args, linesOf(args))
  }
}

function actionOf(given: ServeArgs): Action {
  const chosen = ACTIONS.filter((action) => given[action] === true)
  if (chosen.length > 1)
    throw new UsageError(`${chosen.map((name) => `--${name}`).join(' and ')} cannot be used together`)
  return chosen[0] ?? 'foreground'
}

/** Checks which flags go together. @throws UsageError */
function checkFlags(args: ServeArgs, action: Action): void {
  if (args.timeout !== undefined && action !== 'stop' && action !== 'restart')
    throw new UsageError('--timeout goes with --stop and --restart')
  if ((args.lines !== undefined || args.follow !== undefined) && action !== 'logs')
    throw new UsageError(`${args.lines === undefined ? '--follow' : '--lines'} goes with --logs`)
  if (args.json === true && (action === 'foreground' || action === 'logs'))
    throw new UsageError('--json goes with --daemon, --stop, --restart and --status', [
      'the log is always JSON',
    ])
  exclude(args, 'lan', ['host', 'insecure-localhost'])
  exclude(args, 'insecure-localhost', ['tls-cert', 'tls-key'])
  // A daemon gets its temporary home from its parent, as --home.
  const isDaemon = processEnvironment().SYNAPSE_BOOT_ID !== undefined
  if (!isDaemon) exclude(args, 'memory', ['home', 'database-url'])
}

function exclude(args: ServeArgs, flag: keyof ServeArgs, others: readonly (keyof ServeArgs)[]): void {
  const other = others.find((name) => args[name] !== undefined && args[name] !== false)
  if (args[flag] === true && other !== undefined)
    throw new UsageError(`--${flag} and --${other} cannot be used together`)
}

function patienceOf({ timeout }: ServeArgs): number {
  return parseSeconds(timeout ?? '30', '--timeout', MOST_SECONDS) * 1000
}

function linesOf({ lines = '100' }: ServeArgs): number {
  if (/^\d{1,7}$/.test(lines) && Number(lines) <= MOST_LINES) return Number(lines)
  throw new UsageError(`-n must be a number of lines from 0 to ${MOST_LINES}`)
}
