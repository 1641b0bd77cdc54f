import { findHome } from '../../config/index'
import { becomeOwner, homePaths, isAlive, readRunFile } from '../../home/index'
import { CliError } from '../cli-error'
import { EXIT, type ExitCode } from '../exit-codes'
import { printJson } from '../terminal'
import type { ServeArgs } from './index'
import { removeLeftovers, serverState } from './server-state'

const POLL_MS = 100
const KILLED_WITHIN_MS = 10_000

/** Stops the server that runs on the home, by force after `timeoutMs`; 0 also when none ran. */
export async function stopServer({ home: flag, json }: ServeArgs, timeoutMs: number): Promise<ExitCode> {
  const home = findHome({ flags: { home: flag }, command: 'serve' })
  becomeOwner(home)
  const state = await serverState(home)
  switch (state.kind) {
    case 'none':
      if (state.leftovers) await removeLeftovers(home)
      report(json, { stopped: false, home }, `synapse was not running on ${home}`)
      return EXIT.ok
    case 'foreign':
      throw new CliError(EXIT.failure, `process ${state.pid} is not a synapse server; nothing was touched`, [
        `if that number was reused since, remove ${homePaths(home).pid} and ${homePaths(home).runFile}`,
      ])
    case 'running': {
      const { pid, boot_id, supervisor } = state.run
      const killed = await end(pid, timeoutMs)
      // A supervisor may have started the next one already: its files stay.
      if (readRunFile(homePaths(home).runFile)?.boot_id === boot_id) await removeLeftovers(home)
      const how = killed ? `had to be killed after ${timeoutMs / 1000} s` : 'has stopped'
      const again = supervisor === null ? '' : `; ${supervisor} may start it again`
      report(json, { stopped: true, killed, pid, home }, `synapse (pid ${pid}) ${how}${again}`)
      return EXIT.ok
    }
  }
}

/** Answers whether it had to be killed. @throws CliError when that was not possible */
async function end(pid: number, timeoutMs: number): Promise<boolean> {
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
