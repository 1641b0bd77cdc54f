import { existsSync } from 'node:fs'
import { type Config, findHome, loadConfig, maskUrl } from '../../config'
import {
  becomeOwner,
  HomeLocked,
  homePaths,
  isListening,
  liveSocket,
  type RunFile,
  readRunFile,
} from '../../home'
import { CliError, UsageError } from './cli-error'
import { AdminClient, type Transport } from './client'
import { EXIT } from './exit-codes'
import { QUEUE_WITHIN_MS, seeFree, serverOf } from './home-lock'
import { running } from './running-command'
import { note } from './terminal'

/** Where a command is to act, as its flags say. */
export interface Where {
  readonly home?: string | undefined
  readonly url?: string | undefined
  /** The command is meant for a home that is new, too, and need not say that it made one. */
  readonly isFirst?: boolean
}

const ANSWER_WITHIN_MS = 60_000
/** Tells the server what the operator typed, for its audit log. */
const COMMAND_HEADER = 'x-synapse-command'
const POLL_MS = 50
/** How long a command waits for a server that starts or stops. */
const SERVER_WITHIN_MS = 600_000
/** How long it waits for a running server that does not answer at its socket. */
const ANSWERING_WITHIN_MS = 5000
const WITHOUT_SOCKET =
  'a server without a socket is administered with --url and a token, or after serve --stop'

/** The clock by which a command waits, in milliseconds. */
interface Waiting {
  now(): number
  sleep(milliseconds: number): Promise<void>
}

const systemWaiting: Waiting = {
  now: () => performance.now(),
  sleep: (milliseconds) => Bun.sleep(milliseconds),
}

/**
 * Connects to the server that `--url` names; otherwise to the server that runs on this home, by its socket; otherwise
 * runs the application in this process, under the lock of the home. Waits for a server that starts or stops.
 * @throws CliError, OperatorError, ConfigError
 */
export async function connect(where: Where, waiting = systemWaiting): Promise<AdminClient> {
  if (where.url !== undefined) return new AdminClient(overNetwork(baseOf(where.url), tokenFor(where)))
  const request = { flags: { home: where.home }, command: 'other' } as const
  becomeOwner(findHome(request))
  const config = loadConfig(request)
  return new AdminClient(await atHome(config, where.isFirst === true, waiting))
}

/** Connects by the socket once the server has one, or in this process once the lock of the home is free. */
async function atHome(config: Config, isFirst: boolean, { now, sleep }: Waiting): Promise<Transport> {
  const started = now()
  let since = started
  let refused: CliError | undefined
  for (;;) {
    const socket = await socketOf(config.home)
    if (socket !== undefined) return overSocket(socket)
    if (refused !== undefined) throw refused
    try {
      return await inProcess(config, isFirst)
    } catch (error) {
      if (!(error instanceof HomeLocked)) throw error
      const server = serverOf(config.home)
      const isChanging = server !== undefined && !isListening(server)
      // A migration, or a busy machine, may keep a server starting for minutes.
      if (isChanging && now() - started < SERVER_WITHIN_MS) since = now()
      const within = server === undefined || isChanging ? QUEUE_WITHIN_MS : ANSWERING_WITHIN_MS
      const isOver = (server !== undefined && hasNoSocket(server)) || now() - since >= within
      // Thrown after one more look at the socket, which may have opened just now.
      if (isOver) refused = new CliError(EXIT.conflict, error.problem, [whatToDo(server)])
    }
    if (refused === undefined) await sleep(POLL_MS)
  }
}

function hasNoSocket(server: RunFile): boolean {
  return isListening(server) && server.socket === null
}

function whatToDo(server: RunFile | undefined): string {
  if (server === undefined)
    return 'wait until it ends: it is probably another command; synapse serve --status tells more'
  if (hasNoSocket(server)) return WITHOUT_SOCKET
  return 'it does not answer at its socket: see synapse serve --status'
}

/** Returns the socket of the server that runs on this home; undefined when none answers there with its boot id. */
export async function socketOf(home: string): Promise<string | undefined> {
  const run = readRunFile(homePaths(home).runFile)
  return run === undefined ? undefined : await liveSocket(home, run)
}

function tokenFor({ home }: Where): string {
  const { adminToken, adminTokenProblem } = loadConfig({ flags: { home }, command: 'other' })
  if (adminTokenProblem !== undefined)
    throw new CliError(EXIT.credential, `${adminTokenProblem.name} ${adminTokenProblem.problem}`)
  if (adminToken !== undefined) return adminToken
  throw new CliError(EXIT.credential, 'no admin token configured', [
    'with --url set SYNAPSE_ADMIN_TOKEN, or SYNAPSE_ADMIN_TOKEN_FILE, to a token with the scope admin:*',
  ])
}

function overNetwork(base: string, token: string): Transport {
  const target = maskUrl(base)
  return {
    way: 'url',
    target,
    async send(path, init) {
      const headers = new Headers(init.headers)
      headers.set('Authorization', `Bearer ${token}`)
      const signal = init.signal ?? AbortSignal.timeout(ANSWER_WITHIN_MS)
      try {
        return await fetch(`${base}${path}`, { ...init, headers, redirect: 'manual', signal })
      } catch (cause) {
        throw unreachable(target, cause)
      }
    },
    close: () => Promise.resolve(),
  }
}

function overSocket(socket: string): Transport {
  return {
    way: 'socket',
    target: socket,
    async send(path, init) {
      try {
        const signal = init.signal ?? AbortSignal.timeout(ANSWER_WITHIN_MS)
        return await fetch(`http://localhost${path}`, { ...named(init), unix: socket, signal })
      } catch (cause) {
        throw unreachable(socket, cause)
      }
    },
    close: () => Promise.resolve(),
  }
}

function named(init: RequestInit): RequestInit {
  const headers = new Headers(init.headers)
  if (running.command !== undefined) headers.set(COMMAND_HEADER, running.command)
  return { ...init, headers }
}

async function inProcess(config: Config, isFirst: boolean): Promise<Transport> {
  // Loaded before the lock is tried: loading takes so long that its holder may change meanwhile.
  const { boot } = await import('../../main')
  await seeFree(config.home)
  const { database } = config
  const isNew = !isFirst && database.kind === 'sqlite' && !existsSync(database.path)
  const running = await boot(config, { listen: false })
  // Shows a mistyped home.
  if (isNew) note(`there was no store at ${database.path}: a new one was made`)
  return {
    way: 'in-process',
    target: config.home,
    send: (path, init) => running.handle(new Request(`http://localhost${path}`, named(init))),
    close: () => running.stop(),
  }
}

/** Returns the address without slashes at its end. @throws UsageError unless it is a web address */
export function baseOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.search === '' && parsed.hash === '')
    return parsed.href.replace(/\/+$/, '')
  throw new UsageError('--url must be the address of a server, such as https://chat.example.org')
}

function unreachable(target: string, cause: unknown): CliError {
  const why = cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.name) : 'no answer'
  return new CliError(EXIT.unreachable, `cannot reach ${target} (${why})`)
}
