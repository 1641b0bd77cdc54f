import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OperatorError } from '../core/kernel/operator-error'
import { errorCode } from './home-error'
import { homePaths } from './paths'

const OTHERS_MAY_WRITE = 0o022
const OTHERS_MAY_ENTER = 0o011
const OTHERS_MAY_ANYTHING = 0o077
const STICKY = 0o1000

/**
 * Creates missing parts of the home (itself, `keys/`, `run/`) with mode 0700, and sets the umask of the process to 0077.
 * Removes the permissions of other users on its files. Returns lines to log. Changes no content; called at every start.
 * @throws OperatorError `refused` if others can or could write to a part of the home, or another user owns it
 */
export function prepareHome(home: string): string[] {
  process.umask(0o077)
  makePrivateDirectory(home)
  const homeMode = modeOf(home)
  const notices =
    (homeMode & OTHERS_MAY_ANYTHING) === 0 ? [] : [`other users can read ${home}: chmod 700 ${home}`]
  const paths = homePaths(home)
  for (const directory of [paths.keys, paths.run]) {
    createDirectory(directory)
    refuseForeign(directory)
    closeToOthers(directory, 0o700)
  }
  for (const file of ownFiles(home)) closeToOthers(file, 0o600)
  return notices

  function closeToOthers(path: string, mode: number): void {
    // In a home that others cannot enter, they cannot have used the permission.
    if ((homeMode & OTHERS_MAY_ENTER) !== 0) refuseWritable(path)
    if ((modeOf(path) & OTHERS_MAY_ANYTHING) === 0) return
    try {
      chmodSync(path, mode)
    } catch (cause) {
      throw unusable(path, cause)
    }
    notices.push(`${path} was open to other users; its mode is now ${mode.toString(8)}`)
  }
}

/** Returns a warning to log for a server that runs as root. */
export function powerNotices(uid: number | undefined): string[] {
  if (uid !== 0) return []
  return [
    'this server runs as root, so a vulnerability in it would expose the whole machine; give its home to a separate user (chown -R) and start it as that user',
  ]
}

/**
 * Creates the directory with mode 0700 unless it exists.
 * @throws OperatorError `refused` if it is not a directory, another user owns it, or others can write to it
 */
export function makePrivateDirectory(path: string): void {
  createDirectory(path)
  refuseForeign(path)
  refuseWritable(path)
}

/**
 * Checks the path of a socket before a server creates it, which removes a file of that name.
 * @throws OperatorError `refused` unless its folder exists, other users cannot change files in it, and the path is free
 * or that of a socket
 */
export function checkSocketPlace(path: string): void {
  const [problem, remedy] = socketProblem(path) ?? []
  if (problem !== undefined)
    throw new OperatorError('refused', problem, `${remedy}, or put the socket elsewhere with SYNAPSE_SOCKET`)
}

function socketProblem(path: string): [problem: string, remedy: string] | undefined {
  const folder = dirname(path)
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found === undefined)
    return [`there is no folder ${folder} for the socket (ENOENT)`, `mkdir -m 700 ${folder}`]
  // In a sticky folder such as /tmp other users cannot replace our files.
  if ((found.mode & OTHERS_MAY_WRITE) !== 0 && (found.mode & STICKY) === 0)
    return [`${folder}, the folder of the socket, can be written by other users`, `chmod go-w ${folder}`]
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false)
    return [`${path} is no socket`, 'move that file away']
  return undefined
}

/**
 * Checks a home before it is only read. Does nothing if the home does not exist.
 * @throws OperatorError `refused` if the home is not a directory or others can write to it
 */
export function checkHome(home: string): void {
  if (!existsSync(home)) return
  if (!statOf(home).isDirectory()) {
    throw new OperatorError('refused', `${home} is not a directory`, 'choose another --home')
  }
  refuseWritable(home)
}

function createDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unusable(path, cause)
  }
}

/** Returns our files in the home and in `run/`. Keys are not among them: wrong permissions on keys are refused. */
function ownFiles(home: string): string[] {
  const { env, state, run, database } = homePaths(home)
  const names = [env, state, database, `${database}-wal`, `${database}-shm`]
  for (const name of readdirSync(run)) names.push(join(run, name))
  return names.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true)
}

function refuseForeign(path: string): void {
  const { uid } = statOf(path)
  const me = process.getuid?.()
  if (me === undefined || me === 0 || uid === me) return
  throw new OperatorError(
    'refused',
    `${path} belongs to user ${uid} and this process runs as user ${me}`,
    'run it as that user, or choose another --home',
  )
}

function refuseWritable(path: string): void {
  const mode = modeOf(path)
  if ((mode & OTHERS_MAY_WRITE) === 0) return
  throw new OperatorError(
    'refused',
    `${path} can be written by other users (mode ${mode.toString(8)})`,
    `chmod go-w ${path}, and check what is in it`,
  )
}

function modeOf(path: string): number {
  return statOf(path).mode & 0o777
}

function statOf(path: string): Stats {
  try {
    return statSync(path)
  } catch (cause) {
    throw unusable(path, cause)
  }
}

function unusable(path: string, cause: unknown): OperatorError {
  const remedy = 'run as the user it belongs to, or choose another --home'
  return new OperatorError('refused', `cannot use ${path} (${errorCode(cause)})`, remedy, { cause })
}
