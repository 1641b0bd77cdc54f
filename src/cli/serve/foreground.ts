import { type Config, findHome, loadConfig } from '../../config/index'
import { becomeOwner } from '../../home/index'
import type { Running } from '../../main'
import { CliError, hasCode } from '../cli-error'
import { EXIT, type ExitCode } from '../exit-codes'
import { note, styleOf } from '../terminal'
import { banner, quickstartCommand } from './banner'
import { flagsOf } from './flags'
import type { ServeArgs } from './index'

const SECOND_INTERRUPT_MS = 3000

/** Runs the server in this process until a signal ends it. stdout carries its log, stderr what is said to people. */
export async function runForeground(args: ServeArgs): Promise<ExitCode> {
  const request = { flags: flagsOf(args), command: 'serve' } as const
  becomeOwner(findHome(request))
  const config = loadConfig(request)
  const stopRequest = onStopRequest()
  const running = await start(config)
  // A supervisor keeps the log; the banner would only stand between its lines.
  if (process.stderr.isTTY || config.supervisor === null) showBanner(running, config)
  await stopRequest
  await running.stop()
  return EXIT.ok
}

async function start(config: Config): Promise<Running> {
  const { boot } = await import('../../main')
  try {
    return await boot(config, { listen: true })
  } catch (error) {
    throw listenProblem(error, config) ?? error
  }
}

/** Why an address cannot be listened on, in words; undefined for any other error. */
function listenProblem(error: unknown, { port, hosts }: Config): CliError | undefined {
  const where = hosts.join(', ')
  if (hasCode(error, 'EADDRINUSE'))
    return new CliError(EXIT.failure, `port ${port} is in use on ${where}`, [
      'another program listens there; choose a port of its own with --port, or --port 0 for any free one',
    ])
  if (hasCode(error, 'EADDRNOTAVAIL'))
    return new CliError(EXIT.failure, `this machine has no address ${where}`, ['correct --host'])
  if (hasCode(error, 'EACCES') && port > 0 && port < 1024)
    return new CliError(EXIT.failure, `port ${port} is not open to this user`, [
      'choose one from 1024 on with --port',
    ])
  return undefined
}

function showBanner({ summary }: Running, config: Config): void {
  const { version, home, store, urls, socket, baseUrl, adminCredentials } = summary
  const facts = { version, home, store, urls, socket, baseUrl, adminCredentials, pid: process.pid }
  note(banner(styleOf(process.stderr), facts, quickstartCommand(config)))
}

/** Resolves at the first SIGTERM or SIGINT; a second SIGINT soon after ends the process on the spot. */
function onStopRequest(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let interruptedAt = Number.NEGATIVE_INFINITY
  process.on('SIGTERM', () => resolve())
  process.on('SIGINT', () => {
    const now = performance.now()
    if (now - interruptedAt <= SECOND_INTERRUPT_MS) process.exit(EXIT.interrupted)
    interruptedAt = now
    if (process.stderr.isTTY) note('\nstopping; Ctrl-C again kills')
    resolve()
  })
  return promise
}
