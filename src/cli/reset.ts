import { existsSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import type { BackupOutcome } from '../backup'
import type { Config } from '../config'
import { homePaths, lockHome, makePrivateDirectory, readRunFile, urlHost } from '../home'
import { withClient } from './admin'
import { configAt } from './backup'
import { CliError } from './lib/cli-error'
import { command } from './lib/command'
import { EXIT } from './lib/exit-codes'
import { confirm } from './lib/prompt'
import { note, print, printJson } from './lib/terminal'

const CONNECT_WITHIN_MS = 1000
/** Long enough for a large store on a slow disk. */
const WITHIN_MS = 6 * 3600_000

export const reset = command({
  args: {
    'dry-run': { type: 'boolean', description: 'Show what would be deleted, and delete nothing' },
    'keep-keys': {
      type: 'boolean',
      description: 'Keep the keys, so that the next server is the same instance',
    },
    yes: { type: 'boolean', description: 'Do not ask for confirmation' },
    home: { type: 'string', valueHint: 'dir', description: 'Home directory to empty (SYNAPSE_HOME)' },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'Makes a backup, then deletes the store, the blobs, the state and run files, the logs and the keys. Never deletes',
    'backups or synapse.env, and refuses a home that a server uses. The backup does not include the keys: to keep them,',
    'use --keep-keys, or run synapse backup create --with-keys first.',
  ],
  examples: ['synapse reset --dry-run', 'synapse reset --keep-keys --yes'],
  async run({ args }) {
    const config = configAt(args.home)
    if (!existsSync(config.home)) throw new CliError(EXIT.notFound, `there is no home at ${config.home}`)
    const { database } = config
    if (database.kind === 'postgres')
      throw new CliError(EXIT.failure, 'reset does not delete a Postgres database', [
        'use pg_dump -Fc, then dropdb and createdb; or name another database',
      ])
    await refuseInUse(config)
    const doomed = doomedOf(config, database.path, args['keep-keys'] === true)
    const isDryRun = args['dry-run'] === true
    if (!isDryRun && args.yes !== true)
      await confirm('reset', `Delete everything in ${config.home} but its settings?`)
    const backup = isDryRun || !existsSync(database.path) ? null : await backUp(args.home)
    if (!isDryRun) await empty(config, database.path, doomed)
    if (args.json === true) printJson({ home: config.home, dry_run: isDryRun, backup, deleted: doomed })
    else {
      if (backup !== null) print(`backup   ${backup}`)
      for (const path of doomed) print(`${isDryRun ? 'would go' : 'deleted '} ${path}`)
    }
    return undefined
  },
})

/** Lists the existing paths to delete, in an order that leaves a valid home if the command is interrupted. */
function doomedOf({ home, blobs }: Config, database: string, keepKeys: boolean): string[] {
  const paths = homePaths(home)
  const files = ['', '-wal', '-shm'].map((suffix) => `${database}${suffix}`)
  const stored = blobs.kind === 'files' && blobs.path !== paths.blobs ? [blobs.path] : []
  const folders = [
    paths.blobs,
    ...stored,
    paths.state,
    paths.logs,
    ...(keepKeys ? [] : [paths.keys]),
    paths.run,
  ]
  return [...files, ...folders].filter((path) => existsSync(path))
}

/** Refuses a home with any sign of a server. @throws CliError naming the sign */
async function refuseInUse({ home, hosts, port, sources }: Config): Promise<void> {
  const { lock, socket, runFile } = homePaths(home)
  if (existsSync(lock)) (await lockHome(home)).release()
  const run = readRunFile(runFile)
  const file = run?.socket ?? socket
  if (await takes({ path: file })) throw inUse(`a server answers at ${file}`)
  for (const url of run?.urls ?? []) {
    const { hostname, port: listening } = new URL(url)
    const host = hostname.replace(/^\[|\]$/g, '')
    if (await takes({ host, port: Number(listening) })) throw inUse(`a server answers at ${url}`)
  }
  // Another program may use the configured port. Without a run file, only a Synapse server there is a sign.
  const configured = `http://${urlHost(hosts[0] ?? '127.0.0.1')}:${port}`
  if (run === undefined && port > 0 && (await isSynapse(configured)))
    throw inUse(
      `a Synapse answers at ${configured}; if it is another one, set SYNAPSE_PORT to the port of this home`,
    )
  if (sources.home !== 'flag' && isUnitActive()) throw inUse('the systemd unit synapse is active')
}

async function isSynapse(url: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(CONNECT_WITHIN_MS)
    const body: unknown = await (await fetch(`${url}/healthz`, { signal })).json()
    return typeof body === 'object' && body !== null && 'service' in body && body.service === 'synapse'
  } catch {
    return false
  }
}

/** Reports whether a systemd unit runs, which would start the server again; false without systemd. */
function isUnitActive(): boolean {
  if (Bun.which('systemctl') === null) return false
  const kinds = process.getuid?.() === 0 ? [[], ['--user']] : [['--user'], []]
  return kinds.some((kind) => {
    const words = ['systemctl', ...kind, 'is-active', '--quiet', 'synapse.service']
    return Bun.spawnSync(words, { stdout: 'ignore', stderr: 'ignore' }).exitCode === 0
  })
}

function inUse(sign: string): CliError {
  return new CliError(EXIT.conflict, `this home is in use: ${sign}`, [
    'run synapse serve --stop, then this command again',
  ])
}

function takes(where: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(where)
    const done = (isTaken: boolean) => {
      socket.destroy()
      resolve(isTaken)
    }
    socket.setTimeout(CONNECT_WITHIN_MS, () => done(true))
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}

/** Makes the backup before anything is deleted. @throws CliError if that fails */
async function backUp(home: string | undefined): Promise<string | null> {
  const outcome = await withClient({ home }, (client) =>
    client.post<BackupOutcome>('/v1/admin/backups', { label: 'before-reset', with_blobs: true }, WITHIN_MS),
  )
  for (const notice of outcome.notices) note(`warning: ${notice}`)
  return outcome.file
}

async function empty({ home }: Config, database: string, doomed: readonly string[]): Promise<void> {
  const { run } = homePaths(home)
  makePrivateDirectory(run)
  {
    // A server that is started now waits for the lock, and then finds an empty home.
    await using _held = await lockHome(home, { database })
    for (const path of doomed) if (path !== run) rmSync(path, { recursive: true, force: true })
  }
  rmSync(`${database}.lock`, { force: true })
  rmSync(run, { recursive: true, force: true })
}
