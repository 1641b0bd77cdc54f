import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { type Config, findHome, loadConfig } from '../../config'
import { ownEnvironment, startedAs } from '../../config/environment'
import {
  becomeOwner,
  homePaths,
  isListening,
  makePrivateDirectory,
  prepareHome,
  type RunFile,
  readRunFile,
} from '../../home'
import { CliError } from '../lib/cli-error'
import { ownCommand } from '../lib/executable'
import { EXIT, type ExitCode } from '../lib/exit-codes'
import { hasServer, QUEUE_WITHIN_MS, seeFree } from '../lib/home-lock'
import { print, printJson } from '../lib/terminal'
import type { ServeArgs } from './args'
import { holdsBanner } from './banner'
import { flagsOf, withAbsolutePaths, withThrowAwayHome, wordsOf } from './flags'
import { answersAt, stateJson } from './server-state'

const POLL_MS = 50
const HEALTHY_WITHIN_MS = 15_000
const MIGRATED_WITHIN_MS = 600_000
const BANNER_WITHIN_MS = 2000
const STOPPED_WITHIN_MS = 5000
const LAST_LINES = 20

/** Starts the server in the background and waits until it answers. */
export async function startDaemon(given: ServeArgs): Promise<ExitCode> {
  const args = withThrowAwayHome(withAbsolutePaths(given))
  const request = { flags: flagsOf(args), command: 'serve' } as const
  becomeOwner(findHome(request))
  const config = loadConfig(request)
  const { logs, log, out } = homePaths(config.home)
  prepareHome(config.home)
  makePrivateDirectory(logs)
  await seeFree(config.home, hasServer(config.home) ? 0 : QUEUE_WITHIN_MS)
  const bootId = crypto.randomUUID()
  const logged = sizeOf(log)
  const child = launch(args, config, bootId)
  const run = await healthy(child, bootId, config, () => [...linesOf(log, logged), ...linesOf(out)])
  child.unref()
  await report(run, out, args.json)
  return EXIT.ok
}

function launch(args: ServeArgs, { home }: Config, bootId: string): ChildProcess {
  // A process of root has become the owner of the home, who would find another home.
  const flags = process.getuid?.() === startedAs ? args : { ...args, home }
  const [program = process.execPath, ...words] = [...ownCommand(), 'serve', '--foreground', ...wordsOf(flags)]
  const file = openSync(homePaths(home).out, 'w', 0o600)
  try {
    return spawn(program, words, {
      detached: true,
      stdio: ['ignore', file, file],
      env: { ...ownEnvironment(), SYNAPSE_BOOT_ID: bootId },
    })
  } finally {
    closeSync(file)
  }
}

/** Waits until the server with this boot id answers. @throws CliError with its last lines if it ends or takes too long */
async function healthy(
  child: ChildProcess,
  bootId: string,
  config: Config,
  lastWords: () => string[],
): Promise<RunFile> {
  const { runFile } = homePaths(config.home)
  const started = performance.now()
  let deadline = started + HEALTHY_WITHIN_MS
  for (;;) {
    const { exitCode, signalCode } = child
    if (exitCode !== null || signalCode !== null) throw ended(exitCode, signalCode, lastWords())
    const run = readRunFile(runFile)
    const ours = run?.boot_id === bootId ? run : undefined
    // The socket opens before the ports. Only the run file tells that the ports are open too.
    if (ours !== undefined && isListening(ours) && (await answersAt(config.home, ours))) return ours
    const now = performance.now()
    if (ours?.phase === 'migrating')
      deadline = Math.min(now + HEALTHY_WITHIN_MS, started + MIGRATED_WITHIN_MS)
    if (now > deadline) {
      await end(child)
      throw new CliError(EXIT.failure, 'the server did not answer in time and was stopped', lastWords())
    }
    await Bun.sleep(POLL_MS)
  }
}

/** Ends the server that was started here, and kills it if needed. */
async function end(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await Promise.race([exited, Bun.sleep(STOPPED_WITHIN_MS)])
  child.kill('SIGKILL')
  await exited
}

function ended(exitCode: number | null, signal: string | null, lastWords: readonly string[]): CliError {
  const kept = [EXIT.conflict, EXIT.refused].find((code) => code === exitCode)
  const how = signal === null ? `with status ${exitCode}` : `by ${signal}`
  return new CliError(kept ?? EXIT.failure, `the server ended ${how} instead of starting`, lastWords)
}

/** Returns the last lines of a file that were written after a position. */
function linesOf(path: string, from = 0): string[] {
  const text = sizeOf(path) > from ? readFileSync(path).subarray(from).toString('utf8').trimEnd() : ''
  return text === '' ? [] : [`last lines of ${path}:`, ...text.split('\n').slice(-LAST_LINES)]
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** Prints the banner, which the server writes to its stderr. */
async function report(run: RunFile, out: string, json: boolean | undefined): Promise<void> {
  if (json === true) return printJson(stateJson(run, true))
  const deadline = performance.now() + BANNER_WITHIN_MS
  let text = readFileSync(out, 'utf8')
  while (!holdsBanner(text, run.pid) && performance.now() < deadline) {
    await Bun.sleep(POLL_MS)
    text = readFileSync(out, 'utf8')
  }
  print(text.trimEnd() || `synapse ${run.version} is running (pid ${run.pid})`)
}
