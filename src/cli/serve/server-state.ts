import { accessSync, constants, existsSync, rmSync } from 'node:fs'
import {
  acquireLock,
  HomeLocked,
  homePaths,
  isAlive,
  liveSocket,
  processState,
  type RunFile,
  readPid,
  readRunFile,
  removeRunFiles,
} from '../../home'
import { CliError, hasCode } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'
import { isFree } from '../lib/home-lock'

const LET_GO_WITHIN_MS = 3000
const ANSWER_WITHIN_MS = 2000

/** Who runs on a home. */
export type ServerState =
  /** Nobody; `leftovers` of one that was killed may lie there. */
  | { readonly kind: 'none'; readonly leftovers: boolean }
  /**
   * A server of this home; `answering` once its socket does, which `run` names as it is reached from here. `isHere`:
   * its process number is proven to be its own; elsewhere it counts in another container or on another machine.
   */
  | {
      readonly kind: 'running'
      readonly run: RunFile
      readonly answering: boolean
      readonly isHere: boolean
    }
  /** Nobody holds the home, and the process that the files name is not proven to be a server of it. */
  | { readonly kind: 'foreign'; readonly pid: number }

/** Looks who runs on the home, without changing anything in it. @throws CliError where this user may not look */
export async function serverState(home: string): Promise<ServerState> {
  refuseHidden(homePaths(home).run)
  const { runFile, pid: pidFile } = homePaths(home)
  const run = readRunFile(runFile)
  const pid = run?.pid ?? readPid(pidFile)
  if (pid === undefined) return { kind: 'none', leftovers: false }
  if (run === undefined) return isAlive(pid) ? { kind: 'foreign', pid } : { kind: 'none', leftovers: true }
  const socket = await liveSocket(home, run)
  const standing = processState(home, run)
  const isHere = standing === 'ours'
  if (socket !== undefined) return { kind: 'running', run: { ...run, socket }, answering: true, isHere }
  // A process ends after it has let go of the lock, and a killed server holds none.
  const nobody = { kind: 'none', leftovers: true } as const
  if (standing === 'gone') return nobody
  if (await isFree(home))
    return standing === 'unknown' && run.process === undefined ? { kind: 'foreign', pid } : nobody
  return { kind: 'running', run, answering: run.socket === null && (await answersAt(home, run)), isHere }
}

/** Whether the server of this run answers: by its socket, or, where it has none, at its first address. */
export async function answersAt(home: string, run: RunFile): Promise<boolean> {
  const { socket, urls } = run
  if (socket !== null) return (await liveSocket(home, run)) !== undefined
  try {
    // Its certificate is for others, by another name.
    const tls = { rejectUnauthorized: false }
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    return (await fetch(`${urls[0]}/healthz`, { signal, tls })).ok
  } catch {
    return false
  }
}

function refuseHidden(directory: string): void {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK)
  } catch (error) {
    if (!hasCode(error, 'EACCES')) return
    throw new CliError(EXIT.failure, `this user may not look into ${directory}`, [
      'run the command as its owner or as root',
    ])
  }
}

/** What `--json` says of a running server. The words of its command line stay out: one may hold a password. */
export function stateJson({ args: _args, process: _process, ...run }: RunFile, answering: boolean) {
  return { running: true, answering, ...run }
}

/** Removes what a killed server left behind: pid, run file and socket. Does nothing while somebody holds the home. */
export async function removeLeftovers(home: string): Promise<void> {
  const { lock, runFile, socket } = homePaths(home)
  if (!existsSync(lock)) return removeRunFiles(home)
  try {
    // A process that was killed may look gone before its last thread has let go of the lock.
    await using _held = await acquireLock(lock, { waitMs: LET_GO_WITHIN_MS })
    // A socket file is unlinked by the holder of the lock only: its name may belong to a new server by now.
    rmSync(readRunFile(runFile)?.socket ?? socket, { force: true })
    removeRunFiles(home)
  } catch (error) {
    if (!(error instanceof HomeLocked)) throw error
  }
}
