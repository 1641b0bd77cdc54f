/**
 * Opens the store of a server, and makes sure that it is the right one: of this instance, and not older than its home
 * remembers; and what a store needs around it. main.ts does this before there is a core.
 */

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Config, maskUrl } from '../config'
import { OperatorError, type ProblemKind } from '../core/kernel/operator-error'
import {
  ensureInstanceKey,
  homePaths,
  markOf,
  networkFileSystem,
  parseInstanceKey,
  type RunFile,
  readState,
  writeState,
} from '../home'
import type { InstanceKey } from '../home/instance-key'
import { type Bus, type BusListener, formatHint, openPostgresBus, openRedisBus, parseHint } from '../hub'
import type { Logger } from '../platform/logger'
import { DiskWatch, type OpenStore, openStore } from '../store'
import { VERSION } from './version'

/** The kinds of problems that a retry may solve. All others need a person. */
const kinds = new Map<ProblemKind, ProblemKind>([
  ['unreachable', 'unavailable'],
  ['busy', 'locked'],
])

/** Opens the store of a home. @throws OperatorError in the terms of the home */
export async function openHomeStore(...[location, deps]: Parameters<typeof openStore>): Promise<OpenStore> {
  try {
    return await openStore(location, deps)
  } catch (error) {
    throw error instanceof OperatorError ? homeErrorOf(error) : error
  }
}

export function homeErrorOf({ kind, problem, remedy }: OperatorError): OperatorError {
  return new OperatorError(kinds.get(kind) ?? 'refused', problem, remedy)
}

/** Checks that the key of the home is the one that the store was made with, and returns it. @throws OperatorError */
export async function checkIdentity(config: Config, store: OpenStore): Promise<InstanceKey> {
  const path = homePaths(config.home).instanceKey
  const found = await store.fact('did')
  if (found && config.instanceKey === undefined && !existsSync(path))
    throw new OperatorError(
      'refused',
      `the key of this store (${found}) is missing at ${path}`,
      store.kind === 'postgres'
        ? 'copy the key file of another replica, or name it in SYNAPSE_INSTANCE_KEY_FILE'
        : 'restore the key file',
    )
  const key =
    config.instanceKey === undefined
      ? ensureInstanceKey(path)
      : parseInstanceKey(config.instanceKey, 'SYNAPSE_INSTANCE_KEY')
  const known = await store.noteFact('did', key.did)
  if (known !== key.did)
    throw new OperatorError(
      'refused',
      `the key in use is ${key.did}, but the store belongs to ${known}`,
      'restore the right key',
    )
  return key
}

/** Checks that the homeserver has the name that all ids in the store contain. @throws OperatorError */
export async function checkServerName({ matrix }: Config, store: OpenStore): Promise<void> {
  if (!matrix) return
  const { serverName: name } = matrix
  const known = await store.noteFact('matrix_server_name', name)
  if (known !== name)
    throw new OperatorError(
      'refused',
      `the Matrix server name is ${name}, but the ids in this store contain ${known}`,
      `set SYNAPSE_MATRIX_SERVER_NAME=${known}, or unset it to run without a homeserver`,
    )
}

/** Begins a new epoch if the store is older than what this home has seen, because it was copied back by hand. */
export async function checkRollback(config: Config, store: OpenStore, logger: Logger): Promise<void> {
  const { mark, notice } = readState(homePaths(config.home).state)
  if (notice !== undefined) logger.warning(notice)
  if (!mark) return
  const isKnown = (await store.reads.epochs()).some(({ epoch }) => epoch === mark.epoch)
  const head = await store.reads.head()
  // An earlier epoch is fine: the store has begun others since, and knows at which position.
  if (mark.lastSeq <= head && isKnown) return
  await store.beginEpoch('rollback')
  // Written at once, because after a kill the next start would not notice the rollback.
  const begun = (await store.reads.epochs()).at(-1)?.epoch
  if (begun !== undefined) writeState(homePaths(config.home).state, { epoch: begun, lastSeq: head })
  logger.warning('the store is older than this home has seen; a new epoch begins', {
    seen: mark.lastSeq,
    found: head,
  })
}

/** Returns the folders that this server writes to: its home, and the folder of a database elsewhere. */
function foldersOf({ home, database }: Config): string[] {
  return [...new Set([home, ...(database.kind === 'sqlite' ? [dirname(database.path)] : [])])]
}

/** Returns warnings about folders on file systems where locks and SQLite are not safe. */
export function placeNotices(config: Config): string[] {
  return foldersOf(config).flatMap((folder) => {
    const kind = existsSync(folder) ? networkFileSystem(folder) : undefined
    if (kind === undefined) return []
    return `${folder} is on a network file system (${kind}): locks may not hold there, and messages may be lost; move it to a local disk`
  })
}

/** Watches the free space of the disks that this server writes to. */
export function watchDisk(config: Config, logger: Logger): DiskWatch {
  return new DiskWatch({
    folders: foldersOf(config),
    say: (level, message, facts) => logger[level](message, facts),
  })
}

/** Opens the bus of a shared store, over which processes tell each other about commits. */
export function openBus(
  config: Config,
  { shared, connect }: OpenStore,
  frames: { receive(text: string): void; overBus(send: (text: string) => void): void },
  report: (fault: unknown) => void,
): Bus | undefined {
  if (!shared || !connect) return undefined
  const listener: BusListener = (topic, text) => {
    if (topic === 'live') frames.receive(text)
    else {
      const hint = parseHint(text)
      if (hint) shared.hint(hint)
    }
  }
  const bus = config.busUrl
    ? openRedisBus(config.busUrl, listener, report)
    : openPostgresBus(connect, listener, report)
  shared.onWrite((hint) => bus.send('log', formatHint(hint)))
  frames.overBus((text) => bus.send('live', text))
  return bus
}

/** Returns the first content of the run file. */
export function firstRunFile(
  config: Config,
  bootId: string,
  args: readonly string[] = process.argv.slice(2),
): RunFile {
  const mark = markOf(process.pid)
  return {
    pid: process.pid,
    ...(mark && { process: mark }),
    boot_id: bootId,
    version: VERSION,
    started_at: new Date().toISOString(),
    urls: [],
    socket: config.socket,
    home: config.home,
    store_kind: config.database.kind,
    store: maskUrl(config.databaseUrl),
    args: [...args],
    supervisor: config.supervisor,
    phase: 'migrating',
  }
}
