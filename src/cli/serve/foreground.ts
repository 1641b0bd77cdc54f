import { rmSync } from 'node:fs'
import { type Config, findHome, loadConfig } from '../../config'
import { becomeOwner, HomeLocked, homePaths } from '../../home'
import type { Running } from '../../main'
import { CliError, hasCode } from '../lib/cli-error'
import { EXIT, type ExitCode } from '../lib/exit-codes'
import { hasServer, QUEUE_WITHIN_MS } from '../lib/home-lock'
import { note, reasonOf, styleOf } from '../lib/terminal'
import type { ServeArgs } from './args'
import { banner } from './banner'
import { flagsOf, withAbsolutePaths, withThrowAwayHome, wordsOf } from './flags'
import { type LogFile, openLogFile } from './log-file'

const SECOND_INTERRUPT_MS = 3000
const POLL_MS = 50

/** Runs the server in this process until a signal ends it. stdout carries its log, stderr the text for people. */
export async function runForeground(given: ServeArgs): Promise<ExitCode> {
  const args = withThrowAwayHome(withAbsolutePaths(given))
  try {
    return await run(args)
  } finally {
    if (args.memory === true && args.home !== undefined) rmSync(args.home, { recursive: true, force: true })
  }
}

async function run(args: ServeArgs): Promise<ExitCode> {
  const request = { flags: flagsOf(args), command: 'serve' } as const
  becomeOwner(findHome(request))
  const config = loadConfig(request)
  // The stdout of a daemon goes to a file of its own, for output outside of the log, such as a crash.
  using log = config.bootId === undefined ? undefined : openLogFile(homePaths(config.home).log)
  const stopRequest = onStopRequest(log)
  outliveStdout()
  const running = await start(args, config, log)
  // A supervisor collects the log, and the banner would be mixed into it.
  if (process.stderr.isTTY || config.supervisor === null)
    note(banner(styleOf(process.stderr), running, config))
  const fault = await Promise.race([stopRequest, running.stopRequested, running.failed])
  await running.stop()
  await flushed(process.stdout)
  if (fault) throw fault
  return EXIT.ok
}

async function start(args: ServeArgs, config: Config, log: LogFile | undefined): Promise<Running> {
  const { boot } = await import('../../main')
  const deadline = performance.now() + QUEUE_WITHIN_MS
  for (;;) {
    try {
      return await boot(config, {
        listen: true,
        rescue: args['insecure-localhost'] === true,
        throwAway: args.memory === true,
        args: ['serve', ...wordsOf(args)],
        ...(log === undefined ? {} : { log: log.write }),
      })
    } catch (error) {
      if (error instanceof HomeLocked && !hasServer(config.home) && performance.now() < deadline) {
        await Bun.sleep(POLL_MS)
        continue
      }
      await flushed(process.stdout)
      throw listenProblem(error, config) ?? error
    }
  }
}

/** Keeps the server running when stdout cannot be written: log lines are lost, with one warning. */
function outliveStdout(): void {
  process.stdout.once('error', (error) => {
    note(`warning: the log cannot be written: ${reasonOf(error)}; the server continues without it`)
    process.stdout.on('error', () => {})
  })
}

/** Resolves when everything written so far was handed to the system. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.write('', () => resolve())
  return promise
}

/** Explains why the server cannot listen on an address; undefined for any other error. */
function listenProblem(error: unknown, { port, hosts, lan }: Config): CliError | undefined {
  const where = lan ? 'the local network' : hosts.join(', ')
  if (hasCode(error, 'EADDRINUSE'))
    return new CliError(EXIT.failure, `port ${port} is in use on ${where}`, [
      'another program uses it; choose another port with --port, or use --port 0 for any free one',
    ])
  if (hasCode(error, 'EADDRNOTAVAIL'))
    return new CliError(EXIT.failure, `this machine does not have the address ${where}`, ['correct --host'])
  if (hasCode(error, 'EACCES') && port > 0 && port < 1024)
    return new CliError(EXIT.failure, `this user may not listen on port ${port}`, [
      'choose a port from 1024 on with --port',
    ])
  return undefined
}

/** Resolves when the server should stop. A second SIGINT within three seconds ends the process at once. */
function onStopRequest(log: LogFile | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let interruptedAt = Number.NEGATIVE_INFINITY
  process.on('SIGTERM', () => resolve())
  process.on('SIGINT', () => {
    const now = performance.now()
    if (now - interruptedAt <= SECOND_INTERRUPT_MS) process.exit(EXIT.interrupted)
    interruptedAt = now
    if (process.stderr.isTTY) note('\nstopping; press Ctrl-C again to kill the server')
    resolve()
  })
  // These signals end a process by default, and monitoring programs send them by mistake.
  for (const unused of ['SIGUSR1', 'SIGUSR2'] as const) process.on(unused, () => {})
  process.on('SIGHUP', () => {
    log?.reopen()
    // The terminal was closed.
    if (process.stdin.isTTY) resolve()
  })
  return promise
}
