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

/** The server of a home, if any. */
export type ServerState =
  /** No server runs; `leftovers` means that a killed one left its files. */
  | { readonly kind: 'none'; readonly leftovers: boolean }
  /**
   * A server runs. `answering`: its socket answers, at the path in `run`. `isHere`: its pid is proven to be its process;
   * otherwise it runs in another container or on another machine.
   */
  | {
      readonly kind: 'running'
      readonly run: RunFile
      readonly answering: boolean
      readonly isHere: boolean
    }
  /** The home is not locked, and the process that its files name is not proven to be a server. */
  | { readonly kind: 'foreign'; readonly pid: number }

/** Finds the server of the home, and changes nothing. @throws CliError if this user may not read its files */
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
  // A process releases the lock before it ends, and a killed server holds none.
  const nobody = { kind: 'none', leftovers: true } as const
  if (standing === 'gone') return nobody
  if (await isFree(home))
    return standing === 'unknown' && run.process === undefined ? { kind: 'foreign', pid } : nobody
  return { kind: 'running', run, answering: run.socket === null && (await answersAt(home, run)), isHere }
}

/** Reports whether the server answers at its socket or, if it has none, at its first address. */
export async function answersAt(home: string, run: RunFile): Promise<boolean> {
  const { socket, urls } = run
  if (socket !== null) return (await liveSocket(home, run)) !== undefined
  try {
    // The certificate is for the public name, not for this address.
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
    throw new CliError(EXIT.failure, `this user may not read ${directory}`, [
      'run the command as its owner or as root',
    ])
  }
}

/** Returns what `--json` prints about a running server, without its command line, which may contain a password. */
export function stateJson({ args: _args, process: _process, ...run }: RunFile, answering: boolean) {
  return { running: true, answering, ...run }
}

/** Removes the pid file, run file and socket of a killed server. Does nothing while the home is locked. */
export async function removeLeftovers(home: string): Promise<void> {
  const { lock, runFile, socket } = homePaths(home)
  if (!existsSync(lock)) return removeRunFiles(home)
  try {
    // A killed process may look gone before its last thread has released the lock.
    await using _held = await acquireLock(lock, { waitMs: LET_GO_WITHIN_MS })
    // Only the holder of the lock removes the socket file, which may belong to a new server by now.
    rmSync(readRunFile(runFile)?.socket ?? socket, { force: true })
    removeRunFiles(home)
  } catch (error) {
    if (!(error instanceof HomeLocked)) throw error
  }
}
