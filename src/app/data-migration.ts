/**
 * Moves data between stores while no server runs: takes the locks that keep servers from starting, opens both stores,
 * and runs the transfer. Commands call this file directly; main.ts does not use it.
 */

import { existsSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../config'
import { OperatorError } from '../core/kernel/operator-error'
import {
  acquireLock,
  addressClass,
  ensureInstanceKey,
  HomeLocked,
  homePaths,
  lockHome,
  parseInstanceKey,
  prepareHome,
  writeState,
} from '../home'
import { systemClock, systemSecrets } from '../platform'
import { encryptionFor } from '../platform/encryption'
import {
  type Imported,
  importOriginal,
  type Moved,
  moveStore,
  openOriginal,
  openPostgresAdapter,
  openSqliteAdapter,
  type Progress,
  reviveStore,
  type StoreAdapter,
} from '../transfer'

export type { Progress } from '../transfer'

type Choice = Config['database']

/** How long a command waits for another command that uses the same files. */
const WAIT_MS = 5000

export interface MigrateOptions {
  readonly from: Choice
  readonly to: Choice
  /** The URL of the target without its password. The source records it. */
  readonly target: string
  readonly onProgress: (progress: Progress) => void
}

/**
 * Moves a store to another database, for `synapse migrate-db`.
 * @throws OperatorError; HomeLocked if a server runs on one of them
 */
export async function migrateDatabase({ from, to, target, onProgress }: MigrateOptions): Promise<Moved> {
  if (from.kind === 'sqlite') refuseMissing(from.path)
  await using _locks = await keepServersAway(from, to)
  await using source = await opened(from)
  await using destination = await opened(to)
  const [clock, secrets] = [systemClock, systemSecrets]
  return await moveStore({ from: source, to: destination, target, clock, secrets, onProgress })
}

export interface ImportOptions {
  /** The database of the earlier server. */
  readonly from: Choice
  readonly keepBroadcastWakes: boolean
  readonly onProgress: (progress: Progress) => void
}

/**
 * Imports a database of the earlier server into the configured store, for `synapse import-original`.
 * @throws OperatorError; HomeLocked if a server runs on the store
 */
export async function importDatabase(config: Config, options: ImportOptions): Promise<Imported> {
  const { from, keepBroadcastWakes, onProgress } = options
  if (from.kind === 'sqlite') refuseMissing(from.path)
  await using source = await openOriginal(from)
  const { home, database } = config
  const paths = homePaths(home)
  prepareHome(home)
  await using _lock = await lockStore(config)
  const key =
    config.instanceKey === undefined
      ? ensureInstanceKey(paths.instanceKey)
      : parseInstanceKey(config.instanceKey, 'SYNAPSE_INSTANCE_KEY')
  await using to = await opened(database)
  const imported = await importOriginal({
    source,
    to,
    did: key.did,
    clock: systemClock,
    secrets: systemSecrets,
    push: {
      seal: encryptionFor(key.seed(), 'synapse-webhook-secret').seal,
      isPrivateHost,
      keepBroadcastWakes,
    },
    onProgress,
  })
  // The state file describes the empty store; it must describe the imported one.
  writeState(paths.state, { epoch: imported.epoch, lastSeq: imported.headSeq })
  return imported
}

/** Reports whether a host is on a private network, by its address or name alone, without a DNS lookup. */
function isPrivateHost(host: string): boolean {
  if (addressClass(host) !== 'public') return true
  const name = host.toLowerCase()
  return !name.includes('.') || /\.(?:localhost|local|internal|lan|home\.arpa)$/.test(name)
}

function refuseMissing(path: string): void {
  if (!existsSync(path))
    throw new OperatorError('missing', `there is no file ${path}`, 'check the path behind --from')
}

/**
 * Makes a store that was migrated to another one servable again. Its server must be stopped; begin a new epoch before
 * one starts. Returns the target of the migration; undefined if the store was not migrated.
 * @throws OperatorError; HomeLocked if a server runs on the store
 */
export async function reviveDatabase(database: Choice): Promise<string | undefined> {
  await using _locks = await keepServersAway(database)
  await using side = await opened(database)
  return await reviveStore(side)
}

/**
 * Keeps servers from starting on the store of this configuration, until it is disposed of. Returns undefined if one
 * runs already. @throws OperatorError if the store does not answer
 */
export async function holdStore(config: Config): Promise<AsyncDisposable | undefined> {
  await using undo = new AsyncDisposableStack()
  try {
    undo.use(await lockStore(config))
    // A server on another machine shows in the database only.
    if (config.database.kind === 'postgres') undo.use(await opened(config.database))
  } catch (error) {
    if (error instanceof HomeLocked) return undefined
    if (error instanceof OperatorError && error.kind === 'conflict') return undefined
    throw error
  }
  return undo.move()
}

/** Takes the lock of a home and of its SQLite file. @throws HomeLocked */
function lockStore({ home, database }: Config): Promise<AsyncDisposable> {
  const locked = database.kind === 'sqlite' ? { database: database.path } : {}
  return lockHome(home, { ...locked, waitMs: WAIT_MS })
}

/**
 * Takes the locks of the SQLite stores among these. A connection to Postgres takes its lock itself.
 * @throws OperatorError `missing` if the folder of a store does not exist; HomeLocked if a server runs on a store
 */
async function keepServersAway(...choices: readonly Choice[]): Promise<AsyncDisposable> {
  process.umask(0o077)
  await using undo = new AsyncDisposableStack()
  const paths = new Set<string>()
  for (const choice of choices) {
    if (choice.kind !== 'sqlite') continue
    const folder = dirname(choice.path)
    if (!existsSync(folder))
      throw new OperatorError('missing', `there is no folder ${folder}`, 'make it first, mode 700')
    for (const path of locksOf(choice.path)) paths.add(path)
  }
  for (const path of paths) undo.use(await acquireLock(path, { waitMs: WAIT_MS }))
  return undo.move()
}

async function opened(choice: Choice): Promise<StoreAdapter> {
  try {
    return choice.kind === 'sqlite' ? openSqliteAdapter(choice.path) : await openPostgresAdapter(choice.url)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    const isAway = error.kind === 'unreadable' || error.kind === 'unreachable'
    const kind = isAway ? 'unreachable' : 'conflict'
    throw new OperatorError(kind, error.problem, error.remedy)
  }
}

/** Returns the lock files that servers of a SQLite file take: those of the homes above it, and the one next to it. */
function locksOf(database: string): string[] {
  const file = realPath(database)
  const homes: string[] = []
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const { lock } = homePaths(folder)
    if (existsSync(lock)) homes.push(lock)
    if (dirname(folder) === folder) break
  }
  const beside = `${file}.lock`
  return homes.length === 0 || existsSync(beside) ? [beside, ...homes] : homes
}

function realPath(path: string): string {
  const folder = dirname(path)
  if (existsSync(path)) return realpathSync(path)
  return existsSync(folder) ? `${realpathSync(folder)}${path.slice(folder.length)}` : path
}
