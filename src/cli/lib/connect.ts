import { existsSync } from 'node:fs'
import { type Config, findHome, loadConfig, maskUrl } from '../../config'
import { becomeOwner, HomeLocked, homePaths, liveSocket, readRunFile } from '../../home'
import { CliError, UsageError } from './cli-error'
import { AdminClient, type Transport } from './client'
import { EXIT } from './exit-codes'
import { COMMAND_WITHIN_MS, seeFree } from './home-lock'
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
const WITHOUT_SOCKET =
  'a server without a socket is administered with --url and a token, or after serve --stop'

/**
 * Opens the first way in that is there: the server that `--url` names, the server that runs on this home by its
 * socket, or the application itself, in this process and under the lock of the home.
 * @throws CliError, OperatorError, ConfigError
 */
export async function connect(where: Where): Promise<AdminClient> {
  if (where.url !== undefined) return new AdminClient(overNetwork(baseOf(where.url), tokenFor(where)))
  const request = { flags: { home: where.home }, command: 'other' } as const
  becomeOwner(findHome(request))
  const config = loadConfig(request)
  return new AdminClient(await atHome(config, where.isFirst === true))
}

/** By the socket as soon as there is one; in this process as soon as nobody else works on the home. */
async function atHome(config: Config, isFirst: boolean): Promise<Transport> {
  const deadline = performance.now() + COMMAND_WITHIN_MS
  let locked: HomeLocked | undefined
  for (;;) {
    const socket = await socketOf(config.home)
    if (socket !== undefined) return overSocket(socket)
    if (locked !== undefined && performance.now() >= deadline)
      throw new CliError(EXIT.conflict, locked.message, [WITHOUT_SOCKET])
    try {
      return await inProcess(config, isFirst)
    } catch (error) {
      if (!(error instanceof HomeLocked)) throw error
      locked = error
    }
    await Bun.sleep(POLL_MS)
  }
}

/**
 * The socket of the server that runs on this home. The file that a killed server left behind answers nobody, and a
 * server of another home answers with another boot id.
 */
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
  // Loaded before the lock is looked at: `boot` waits for it, and a server that takes it meanwhile has a socket.
  const { boot } = await import('../../main')
  await seeFree(config.home)
  const { database } = config
  const isNew = !isFirst && database.kind === 'sqlite' && !existsSync(database.path)
  const running = await boot(config, { listen: false })
  // Whoever mistyped a home sees it.
  if (isNew) note(`there was no store at ${database.path}: a new one was made`)
  return {
    way: 'in-process',
    target: config.home,
    send: (path, init) => running.handle(new Request(`http://localhost${path}`, named(init))),
    close: () => running.stop(),
  }
}

/** @throws UsageError unless it is a web address */
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
