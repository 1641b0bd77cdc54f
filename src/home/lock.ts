import { Database } from 'bun:sqlite'
import { chmodSync, existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { OperatorError } from '../core/kernel/operator-error'
import { errorCode, HomeLocked } from './home-error'
import { homePaths, isWithin } from './paths'
import { readRunFile } from './run-file'
import { processState } from './running'

/** A held lock. It ends with `release`, at the end of a `using` scope, and when the process ends in any way. */
export interface HomeLock extends Disposable, AsyncDisposable {
  readonly paths: readonly string[]
  release(): void
}

const POLL_MS = 25

/**
 * The connections that hold locks. This set keeps them from garbage collection, which would release the locks. A lock
 * file must not be opened and closed by other means: POSIX drops all locks of a process on a file when the process
 * closes any descriptor of it.
 */
const held = new Set<Database>()

/**
 * Takes the lock file at `path`, and waits up to `waitMs` for it. Creates the file if needed, with mode 0600, in an
 * existing directory. The file stays after the release: removing it would allow two holders.
 * @throws HomeLocked if a process, including this one, still holds it
 * @throws OperatorError `refused` if the file cannot be used as a lock
 */
export async function acquireLock(path: string, { waitMs = 0 } = {}): Promise<HomeLock> {
  const deadline = performance.now() + waitMs
  for (;;) {
    const database = tryLock(path)
    if (database !== undefined) return lockOf([path], () => letGo(database))
    const left = deadline - performance.now()
    if (left <= 0)
      throw new HomeLocked(path, `${path} is locked by another synapse process`, 'stop that one first')
    await Bun.sleep(Math.min(POLL_MS, left))
  }
}

/**
 * Locks the home and, unless `database` is absent (Postgres), the SQLite store. The holder is the only process of this
 * home and the only one that writes to that file.
 * @throws HomeLocked naming the server that runs there
 * @throws OperatorError `refused` if a lock file cannot be used
 */
export async function lockHome(
  home: string,
  { database, waitMs = 0 }: { database?: string | undefined; waitMs?: number } = {},
): Promise<HomeLock> {
  const paths = [homePaths(home).lock, ...(database === undefined ? [] : storeLocks(home, database))]
  const locks: HomeLock[] = []
  try {
    for (const path of paths) locks.push(await acquireLock(path, { waitMs }))
  } catch (error) {
    for (const lock of locks) lock.release()
    throw error instanceof HomeLocked ? alreadyRunning(home, error.path) : error
  }
  return lockOf(paths, () => {
    for (const lock of locks.reverse()) lock.release()
  })
}

/**
 * Returns the lock files of a SQLite store besides the lock of the home. A store outside the home has `<file>.lock`, and
 * the lock of the home in which it is, if any. A store inside the home has `<file>.lock` only if another home made one.
 */
export function storeLocks(home: string, database: string): string[] {
  const file = realPath(database)
  const beside = `${file}.lock`
  if (isWithin(file, realPath(home))) return existsSync(beside) ? [beside] : []
  const foreign = homePaths(dirname(file)).lock
  return existsSync(foreign) ? [beside, foreign] : [beside]
}

function tryLock(path: string): Database | undefined {
  let database: Database | undefined
  try {
    database = new Database(path, { create: true, readwrite: true })
    database.run('PRAGMA busy_timeout = 0')
    database.run('PRAGMA journal_mode = MEMORY')
    database.run('BEGIN EXCLUSIVE')
    chmodSync(path, 0o600)
    held.add(database)
    return database
  } catch (cause) {
    database?.close()
    if (errorCode(cause).startsWith('SQLITE_BUSY')) return undefined
    const folder = dirname(path)
    if (!existsSync(folder))
      throw new OperatorError(
        'refused',
        `there is no folder ${folder} for ${basename(path)}`,
        'make it, or correct SYNAPSE_DATABASE_URL',
        { cause },
      )
    const problem = `${path} cannot be locked (${errorCode(cause)})`
    const remedy = 'check its owner and mode, or remove it while no server is running'
    throw new OperatorError('refused', problem, remedy, { cause })
  }
}

function letGo(database: Database): void {
  if (held.delete(database)) database.close()
}

function lockOf(paths: readonly string[], release: () => void): HomeLock {
  return {
    paths,
    release,
    [Symbol.dispose]: release,
    [Symbol.asyncDispose]: async () => release(),
  }
}

function alreadyRunning(home: string, path: string): HomeLocked {
  if (path !== homePaths(home).lock) {
    return new HomeLocked(
      path,
      `another synapse process uses this database (${path} is locked)`,
      'stop it first',
    )
  }
  const run = readRunFile(homePaths(home).runFile)
  const state = run === undefined ? 'gone' : processState(home, run)
  if (run === undefined || state === 'gone')
    return new HomeLocked(
      path,
      `another synapse process uses ${home}`,
      'wait until it ends; synapse serve --status tells more',
    )
  // In another pid namespace the pid means another process.
  const facts = [...(state === 'ours' ? [`pid ${run.pid}`] : []), ...run.urls]
  const who = facts.length === 0 ? '' : ` (${facts.join(', ')})`
  return new HomeLocked(path, `synapse is already running on ${home}${who}`, 'synapse serve --stop ends it')
}

/** Resolves links, also before the file exists, so that two spellings of one store use one lock. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path))
  }
}
