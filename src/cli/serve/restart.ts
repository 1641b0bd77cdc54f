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
 * Stops the server of the home and starts it as a daemon with its earlier flags, which flags given now override. Starts
 * a server if none runs. @throws CliError if a supervisor manages the server
 */
export async function restartServer(args: ServeArgs, timeoutMs: number): Promise<ExitCode> {
  const home = homeToLookAfter(args)
  const run = readRunFile(homePaths(home).runFile)
  if (run !== undefined && run.supervisor !== null)
    throw new CliError(EXIT.failure, `${run.supervisor} manages this server and must restart it`, [
      `run: ${supervisorCommand(home, run, 'restart')}`,
    ])
  const state = await serverState(home)
  if (state.kind === 'running' && !state.isHere)
    throw new CliError(
      EXIT.failure,
      `the server of ${home} runs in another container or on another machine`,
      [
        'restart it there; or stop it with synapse serve --stop and start one here with synapse serve --daemon',
      ],
    )
  await endServer(home, timeoutMs)
  return await startDaemon({ ...startOf(args, run), home: run?.args.includes('--memory') ? undefined : home })
}

/** Merges the flags of the earlier run with those given now, which have priority. */
function startOf(given: ServeArgs, run: RunFile | undefined): ServeArgs {
  const overrides = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return run === undefined ? given : { ...argsOf(run), ...overrides }
}
