import { homePaths, isAlive, type RunFile, readRunFile } from '../../home/index'
import { CliError } from '../cli-error'
import { EXIT, type ExitCode } from '../exit-codes'
import { COMMAND_WITHIN_MS, hasServer, isFree } from '../home-lock'
import { printJson } from '../terminal'
import type { ServeArgs } from './args'
import { homeToLookAfter } from './flags'
import { removeLeftovers, serverState } from './server-state'

const POLL_MS = 100
const KILLED_WITHIN_MS = 10_000

/** Stops the server that runs on the home, by force after `timeoutMs`; 0 also when none ran. */
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
 * Ends the server of the home and tidies up behind it; answers which one it was, if one ran.
 * @throws CliError for a process that is not ours, or does not end
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
        `if that number was reused since, remove ${homePaths(home).pid} and ${homePaths(home).runFile}`,
      ])
    case 'running': {
      const { run } = state
      const killed = await endProcess(run.pid, timeoutMs)
      // A supervisor may have started the next one already: its files stay.
      if (readRunFile(homePaths(home).runFile)?.boot_id === run.boot_id) await removeLeftovers(home)
      return { run, killed }
    }
  }
}

/** Waits for a command at work. @throws CliError when whoever holds the home goes on, and no file says who that is */
async function refuseHeld(home: string): Promise<void> {
  const deadline = performance.now() + COMMAND_WITHIN_MS
  while (!hasServer(home) && !(await isFree(home))) {
    if (performance.now() >= deadline)
      throw new CliError(EXIT.failure, `somebody holds ${home}, and no file says who`, [
        'a command that takes long, or a server whose files in run/ were removed; its process is shown by:',
        `fuser ${homePaths(home).lock}`,
      ])
    await Bun.sleep(POLL_MS)
  }
}

/** Ends a process; answers whether it had to be killed. @throws CliError when that was not possible */
export async function endProcess(pid: number, timeoutMs: number): Promise<boolean> {
  signal(pid, 'SIGTERM')
  if (await gone(pid, timeoutMs)) return false
  signal(pid, 'SIGKILL')
  if (await gone(pid, KILLED_WITHIN_MS)) return true
  throw new CliError(EXIT.failure, `process ${pid} does not end`)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!isAlive(pid)) return
    throw new CliError(EXIT.failure, `process ${pid} cannot be stopped by this user`, [
      error instanceof Error ? error.message : 'run the command as the user of the server',
    ])
  }
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (isAlive(pid)) {
    if (performance.now() >= deadline) return false
    await Bun.sleep(POLL_MS)
  }
  return true
}

function report(json: boolean | undefined, facts: Record<string, unknown>, text: string): void {
  if (json === true) printJson(facts)
  else console.log(text)
}
