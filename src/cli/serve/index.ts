// `synapse serve`: runs the server in this process or as a daemon, and looks after one that runs.
// May import: the shared files of src/cli, config, home; main.ts by `await import`, in foreground.ts alone.
// server-state.ts says who runs on a home; the other files are one action each. The rules are §1 and §4 of operating.md.
// Only the lock of the home decides who runs there; pid, run file and socket file inform, and may be left over.
// Start reading in this file, then foreground.ts.
import { UsageError } from '../cli-error'
import { command, type Values } from '../command'
import { parseSeconds } from '../duration'

const ACTIONS = ['foreground', 'daemon', 'stop', 'status'] as const
type Action = (typeof ACTIONS)[number]

const args = {
  foreground: {
    type: 'boolean',
    description: 'Run in this terminal, or under a supervisor; what serve alone does',
  },
  daemon: { type: 'boolean', description: 'Start in the background, wait until it answers' },
  stop: { type: 'boolean', description: 'Stop the server that runs on this home' },
  status: { type: 'boolean', description: 'Say whether it runs; exit status 3 when it does not' },
  host: {
    type: 'string',
    valueHint: 'a,b',
    description: 'One to four addresses to listen on; otherwise 127.0.0.1 (SYNAPSE_HOST)',
  },
  port: {
    type: 'string',
    valueHint: 'n',
    description: 'Otherwise 8080; 0 takes any free one (SYNAPSE_PORT)',
  },
  home: { type: 'string', valueHint: 'dir', description: 'Where everything is kept (SYNAPSE_HOME)' },
  'database-url': {
    type: 'string',
    valueHint: 'url',
    description: 'The store; otherwise SQLite in the home (SYNAPSE_DATABASE_URL)',
  },
  'allow-public-bind': { type: 'boolean', description: 'Listen on public and wildcard addresses too' },
  timeout: {
    type: 'string',
    valueHint: 'seconds',
    description: 'With --stop: kill it after that; otherwise 30',
  },
  json: { type: 'boolean', description: 'With --daemon, --stop, --status: print JSON' },
} as const

/** The flags of `serve` as they were given. */
export type ServeArgs = Values<typeof args>

export const serve = command({
  args,
  notes: [
    'Only one of --foreground, --daemon, --stop and --status. Every other setting: docs/configuration.md.',
    'The log is JSON lines: on stdout, of a daemon in logs/synapse.log. SIGTERM and Ctrl-C stop the server when the',
    'requests in flight are answered; a second Ctrl-C within three seconds kills it.',
    'Exit status: 0, 1 failure, 2 usage, 3 not running (--status), 5 already running, 78 refused by the configuration.',
  ],
  examples: [
    'synapse serve',
    'synapse serve --daemon --port 8090',
    'synapse serve --status',
    'synapse serve --stop --timeout 60',
    'synapse serve --host 127.0.0.1,100.64.0.7',
  ],
  async run(invocation) {
    const action = actionOf(invocation.args)
    const { timeout, json } = invocation.args
    if (timeout !== undefined && action !== 'stop') throw new UsageError('--timeout goes with --stop')
    if (json === true && action === 'foreground')
      throw new UsageError('--json goes with --daemon, --stop and --status', ['the log is JSON as it is'])
    switch (action) {
      case 'foreground':
        return (await import('./foreground')).runForeground(invocation.args)
      case 'daemon':
        return (await import('./daemon')).startDaemon(invocation.args)
      case 'stop': {
        const seconds = parseSeconds(timeout ?? '30', '--timeout', 3600)
        return (await import('./stop')).stopServer(invocation.args, seconds * 1000)
      }
      case 'status':
        return (await import('./status')).showStatus(invocation.args)
    }
  },
})

function actionOf(given: ServeArgs): Action {
  const chosen = ACTIONS.filter((action) => given[action] === true)
  if (chosen.length > 1)
    throw new UsageError(`${chosen.map((name) => `--${name}`).join(' and ')} exclude each other`)
  return chosen[0] ?? 'foreground'
}
