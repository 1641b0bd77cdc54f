import { homePaths, type RunFile, readRunFile } from '../../home'
import { CliError } from '../lib/cli-error'
import { EXIT, type ExitCode } from '../lib/exit-codes'
import type { ServeArgs } from './args'
import { startDaemon } from './daemon'
import { argsOf, homeToLookAfter } from './flags'
import { serverState } from './server-state'
import { endServer } from './stop'
import { supervisorCommand } from './supervision'

/**
 * Stops the server of the home and starts it as a daemon with the flags that it was started with; what is given now goes
 * before them. Where none runs, one is started. @throws CliError where a supervisor would start it again
 */
export async function restartServer(args: ServeArgs, timeoutMs: number): Promise<ExitCode> {
  const home = homeToLookAfter(args)
  const run = readRunFile(homePaths(home).runFile)
  if (run !== undefined && run.supervisor !== null)
    throw new CliError(EXIT.failure, `this server is started by ${run.supervisor}, which has to do it`, [
      `run: ${supervisorCommand(home, run, 'restart')}`,
    ])
  const state = await serverState(home)
  if (state.kind === 'running' && !state.isHere)
    throw new CliError(
      EXIT.failure,
      `the server of ${home} runs in another container or on another machine`,
      ['restart it there; here synapse serve --stop ends it, and synapse serve --daemon starts one'],
    )
  await endServer(home, timeoutMs)
  return await startDaemon({ ...startOf(args, run), home: run?.args.includes('--memory') ? undefined : home })
}

/** The flags of the run that was, and those of this command line before them. */
function startOf(given: ServeArgs, run: RunFile | undefined): ServeArgs {
  const fresh = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return run === undefined ? given : { ...argsOf(run), ...fresh }
}
