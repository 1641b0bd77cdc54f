import { accessSync, constants, existsSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import {
  acquireLock,
  bootIdAt,
  HomeLocked,
  homePaths,
  isAlive,
  namesSynapse,
  type RunFile,
  readPid,
  readRunFile,
  removeRunFiles,
} from '../../home/index'
import { CliError, hasCode } from '../cli-error'
import { EXIT } from '../exit-codes'
import { isFree } from '../home-lock'

const LET_GO_WITHIN_MS = 3000
const ANSWER_WITHIN_MS = 2000

/** Who runs on a home. */
export type ServerState =
  /** Nobody; `leftovers` of one that was killed may lie there. */
  | { readonly kind: 'none'; readonly leftovers: boolean }
  /** A server of ours; `answering` once its socket does. */
  | { readonly kind: 'running'; readonly run: RunFile; readonly answering: boolean }
  /** The files name a process that is none of ours. */
  | { readonly kind: 'foreign'; readonly pid: number }

/** Looks who runs on the home, without changing anything in it. @throws CliError where this user may not look */
export async function serverState(home: string): Promise<ServerState> {
  refuseHidden(homePaths(home).run)
  const { runFile, pid: pidFile, lock } = homePaths(home)
  const run = readRunFile(runFile)
  const pid = run?.pid ?? readPid(pidFile)
  if (pid === undefined) return { kind: 'none', leftovers: false }
  if (run !== undefined && run.socket !== null && (await answersAt(run)))
    return { kind: 'running', run, answering: true }
  if (!isAlive(pid)) return { kind: 'none', leftovers: true }
  if (run === undefined || !(namesSynapse(pid) || hasOpen(pid, lock))) return { kind: 'foreign', pid }
  // The process may be another that got the number of a killed server, and looks like one of ours.
  if (await isFree(home)) return { kind: 'none', leftovers: true }
  return { kind: 'running', run, answering: run.socket === null && (await answersAt(run)) }
}

/** Whether the server of this run answers: by its socket, or, where it has none, at its first address. */
export async function answersAt({ socket, boot_id, urls }: RunFile): Promise<boolean> {
  if (socket !== null) return (await bootIdAt(socket)) === boot_id
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
export function stateJson({ args: _, ...run }: RunFile, answering: boolean) {
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

/** Whether the process has the file open: proof enough for a server that was started under any name. */
function hasOpen(pid: number, file: string): boolean {
  try {
    const wanted = realpathSync(file)
    const directory = `/proc/${pid}/fd`
    return readdirSync(directory).some((descriptor) => linkOf(`${directory}/${descriptor}`) === wanted)
  } catch {
    // Another user's process, or a system without /proc.
    return false
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
