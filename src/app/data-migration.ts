/**
 * Puts together what moves data while no server runs: the locks that keep servers away, the stores of both sides, and
 * the transfer between them. main.ts does the same for a server; neither needs the other.
 */

import { existsSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../config'
import { OperatorError } from '../core/kernel/operator-error'
import {
  acquireLock,
  addressClass,
  ensureInstanceKey,
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

/** How long a command waits for another one that uses the same files. */
const WAIT_MS = 5000

export interface MigrateOptions {
  readonly from: Choice
  readonly to: Choice
  /** The URL of the target without a password, which is noted in the source. */
  readonly target: string
  readonly onProgress: (progress: Progress) => void
}

/**
 * Moves a store, as `synapse migrate-db` does.
 * @throws OperatorError; HomeLocked while a server runs on one of them
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
 * Imports a database of the earlier server into the configured store, as `synapse import-original` does.
 * @throws OperatorError; OperatorError; HomeLocked while a server runs there
 */
export async function importDatabase(config: Config, options: ImportOptions): Promise<Imported> {
  const { from, keepBroadcastWakes, onProgress } = options
  if (from.kind === 'sqlite') refuseMissing(from.path)
  await using source = await openOriginal(from)
  const { home, database } = config
  const paths = homePaths(home)
  prepareHome(home)
  const locked = database.kind === 'sqlite' ? { database: database.path } : {}
  await using _lock = await lockHome(home, { ...locked, waitMs: WAIT_MS })
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
  // The mark of the empty store does not apply to the imported one.
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
 * Lets a store that was moved away be served again. Its server must be stopped, and a new epoch must be begun.
 * Answers where to it had gone; undefined if nowhere.
 * @throws OperatorError; HomeLocked
 */
export async function reviveDatabase(database: Choice): Promise<string | undefined> {
  await using _locks = await keepServersAway(database)
  await using side = await opened(database)
  return await reviveStore(side)
}

/**
 * Takes the locks of the SQLite stores among these; the lock of a Postgres store goes with its connection.
 * @throws OperatorError missing for a folder that does not exist; HomeLocked
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

/** Returns the lock files of every server that may use a SQLite file: of the homes above it, and the one beside it. */
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
