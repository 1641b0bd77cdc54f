import { homePaths, processState, type RunFile, readRunFile } from '../../home'
import { CliError } from '../lib/cli-error'
import { EXIT, type ExitCode } from '../lib/exit-codes'
import { COMMAND_WITHIN_MS, hasServer, isFree } from '../lib/home-lock'
import { print, printJson } from '../lib/terminal'
import type { ServeArgs } from './args'
import { homeToLookAfter } from './flags'
import { removeLeftovers, serverState } from './server-state'

const POLL_MS = 100
const KILLED_WITHIN_MS = 10_000
const ANSWER_WITHIN_MS = 5000

/** Stops the server of the home, and kills it after `timeoutMs`. Returns 0 also when none ran. */
export async function stopServer(args: ServeArgs, timeoutMs: number): Promise<ExitCode> {
  const home = homeToLookAfter(args)
  const ended = await endServer(home, timeoutMs)
  if (ended === undefined) report(args.json, { stopped: false, home }, `synapse was not running on ${home}`)
  else {
    const { killed, run } = ended
    const how = killed ? `had to be killed after ${timeoutMs / 1000} s` : 'has stopped'
    const again = run.supervisor === null ? '' : `; ${run.supervisor} may start it again`
    const facts = { stopped: true, killed, pid: run.pid, home }
    report(args.json, facts, `synapse (pid ${run.pid}) ${how}${again}`)
  }
  return EXIT.ok
}

/**
 * Stops the server of the home, removes its files and returns which one it was; undefined if none ran. Asks the server
 * over its socket; sends a signal only to a process that is proven to be this server.
 * @throws CliError for a process that is not this server, or that does not end
 */
export async function endServer(
  home: string,
  timeoutMs: number,
): Promise<{ readonly run: RunFile; readonly killed: boolean } | undefined> {
  const state = await serverState(home)
  switch (state.kind) {
    case 'none':
      if (state.leftovers) await removeLeftovers(home)
      await refuseHeld(home)
      return undefined
    case 'foreign':
      throw new CliError(EXIT.failure, `process ${state.pid} is not a synapse server; nothing was touched`, [
        `if another program has this pid now, remove ${homePaths(home).pid} and ${homePaths(home).runFile}`,
      ])
    case 'running': {
      const { run, isHere, answering } = state
      const isAsked = answering && (await askToStop(run))
      if (!isHere && !isAsked && !answering && (await becomesFree(home))) {
        await removeLeftovers(home)
        return undefined
      }
      const killed = isHere
        ? await endProcess(home, run, { isAsked, timeoutMs })
        : await seeEnd(home, run, { isAsked, timeoutMs })
      // A supervisor may have started the next server already; its files must stay.
      if (readRunFile(homePaths(home).runFile)?.boot_id === run.boot_id) await removeLeftovers(home)
      return { run, killed }
    }
  }
}

/** Waits for a running command. @throws CliError if the home stays locked, and no file tells by which process */
async function refuseHeld(home: string): Promise<void> {
  if (await becomesFree(home)) return
  throw new CliError(EXIT.failure, `${home} is locked, and no file tells by which process`, [
    'it is a long command, or a server whose files in run/ were removed; to find the process:',
    `fuser ${homePaths(home).lock}`,
  ])
}

/** Waits until a command releases the home, and reports whether it did. Returns at once if a server has started. */
async function becomesFree(home: string): Promise<boolean> {
  return hasServer(home) || (await within(COMMAND_WITHIN_MS, () => isFree(home)))
}

/** Asks the server to stop, which works across containers. Returns false if it refuses or does not answer. */
async function askToStop({ socket, boot_id }: RunFile): Promise<boolean> {
  if (socket === null) return false
  try {
    const answer = await fetch('http://localhost/v1/admin/stop', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Connection: 'close' },
      body: JSON.stringify({ boot_id }),
      unix: socket,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    return answer.ok
  } catch {
    return false
  }
}

interface Ending {
  readonly isAsked: boolean
  readonly timeoutMs: number
}

/** Ends the proven process of a server, and reports whether it had to be killed. @throws CliError if it does not end */
async function endProcess(home: string, run: RunFile, { isAsked, timeoutMs }: Ending): Promise<boolean> {
  const isGone = async () => processState(home, run) !== 'ours'
  if (!isAsked) signal(home, run, 'SIGTERM')
  if (await within(timeoutMs, isGone)) return false
  signal(home, run, 'SIGKILL')
  if (await within(KILLED_WITHIN_MS, isGone)) return true
  throw new CliError(EXIT.failure, `process ${run.pid} does not end`)
}

/** Waits until a server in another container or on another machine releases its lock. @throws CliError if it does not */
async function seeEnd(home: string, run: RunFile, { isAsked, timeoutMs }: Ending): Promise<false> {
  const hasEnded = async () =>
    readRunFile(homePaths(home).runFile)?.boot_id !== run.boot_id || (await isFree(home))
  if (isAsked && (await within(timeoutMs, hasEnded))) return false
  const where = `its process (pid ${run.pid} where it was started) runs on another machine or in another container`
  throw new CliError(
    EXIT.failure,
    isAsked
      ? `the server was asked to stop and has not ended after ${timeoutMs / 1000} s; ${where}`
      : `the server of ${home} cannot be asked to stop, and ${where}; nothing was touched`,
    ['stop it where it was started, with docker stop, systemctl stop or synapse serve --stop'],
  )
}

function signal(home: string, run: RunFile, name: NodeJS.Signals): void {
  // Checked again just before: the process may have ended, and its pid may be reused.
  if (processState(home, run) !== 'ours') return
  try {
    process.kill(run.pid, name)
  } catch (error) {
    if (processState(home, run) !== 'ours') return
    throw new CliError(EXIT.failure, `process ${run.pid} cannot be stopped by this user`, [
      error instanceof Error ? error.message : 'run the command as the user that runs the server',
    ])
  }
}

async function within(milliseconds: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + milliseconds
  while (!(await isSo())) {
    if (performance.now() >= deadline) return false
    await Bun.sleep(POLL_MS)
  }
  return true
}

function report(json: boolean | undefined, facts: Record<string, unknown>, text: string): void {
  if (json === true) printJson(facts)
  else print(text)
}
