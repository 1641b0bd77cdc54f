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
 * Creates what is missing of the home (itself, `keys/`, `run/`), all 0700, and sets the umask of the process to 0077,
 * so that whatever it creates from here on is its own. What others could read of ours is closed to them.
 * Returns lines to log. Nothing in an existing home is emptied or replaced; may be called at every start.
 * @throws OperatorError `refused` when others can write to the home, or could to a part of it, or it is another user's
 */
export function prepareHome(home: string): string[] {
  process.umask(0o077)
  makePrivateDirectory(home)
  const homeMode = modeOf(home)
  const notices =
    (homeMode & OTHERS_MAY_ANYTHING) === 0 ? [] : [`other users can look into ${home}: chmod 700 ${home}`]
  const paths = homePaths(home)
  for (const directory of [paths.keys, paths.run]) {
    createDirectory(directory)
    refuseForeign(directory)
    closeToOthers(directory, 0o700)
  }
  for (const file of ownFiles(home)) closeToOthers(file, 0o600)
  return notices

  function closeToOthers(path: string, mode: number): void {
    // In a home that nobody else can enter, nobody else can have used the permission.
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

/** A line to log for a server of this user, where that is one who may do more on this machine than it needs to. */
export function powerNotices(uid: number | undefined): string[] {
  if (uid !== 0) return []
  return [
    'this server runs as root: a fault in it would be a fault of the whole machine; give its home to a user of its own (chown -R) and start it as that user',
  ]
}

/**
 * Creates the directory with mode 0700 unless it exists.
 * @throws OperatorError `refused` when it is no directory, another user's, or writable by others
 */
export function makePrivateDirectory(path: string): void {
  createDirectory(path)
  refuseForeign(path)
  refuseWritable(path)
}

/**
 * Looks at the place of a socket before a server takes it over, which removes what has that name.
 * @throws OperatorError `refused` unless its folder is there, nobody else can change what is in it, and the name is free or
 * that of a socket
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
  // In a folder such as /tmp others cannot touch what is not theirs.
  if ((found.mode & OTHERS_MAY_WRITE) !== 0 && (found.mode & STICKY) === 0)
    return [`${folder}, the folder of the socket, can be written by other users`, `chmod go-w ${folder}`]
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false)
    return [`${path} is no socket`, 'move that file away']
  return undefined
}

/**
 * For those who only read: does nothing while the home does not exist.
 * @throws OperatorError `refused` when the home is no directory or others can write to it
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

/** Our files at the top of the home and in `run/`. Keys are not among them: they are refused, not repaired. */
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
