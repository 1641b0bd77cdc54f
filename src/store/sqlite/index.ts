import { eventCatalogue } from '../../core/log/catalogue'
import { OwnLog } from '../announced-log'
import { GroupCommit } from '../group-commit'
import type { OpenStore, StoreDeps } from '../index'
import { createReads } from '../queries'
import { beginLog, findFact, insertEpoch, noteFact } from '../queries/instance'
import { findHead } from '../queries/log'
import { SqliteEngine } from './engine'
import { SqliteFaults } from './faults'
import { handleOf, openSqlite, type SqliteConnections } from './open'

/**
 * Opens the store at a path. Creates and migrates it as needed.
 * @throws OperatorError if it cannot or must not be opened by this program
 */
export async function openSqliteStore(path: string, deps: StoreDeps): Promise<OpenStore> {
  return storeOver(openSqlite(path, deps.beforeMigration), path, deps)
}

/** Returns the store over open connections, which it closes. */
export async function storeOver(
  { writer, reader, migrated }: SqliteConnections,
  path: string,
  { catalogue = eventCatalogue, clock, secrets, report, disk, measure }: StoreDeps,
): Promise<OpenStore> {
  const handle = handleOf(writer)
  const readHandle = handleOf(reader)
  await beginLog(handle, clock, secrets)
  const head = await findHead(handle)
  if (!head) throw new Error('the log has no head')
  const faults = new SqliteFaults(path, disk, report)
  const engine = new SqliteEngine({ writer, reader, head, clock, faults, report })
  const log = new OwnLog(head.seq, report)
  const commits = new GroupCommit({ catalogue, engine, log, clock, secrets, report, measure })
  const close = async () => {
    await commits.drain()
    engine.close()
  }
  const opened: OpenStore = {
    kind: 'sqlite',
    migrated,
    notices: [],
    reads: faults.guard(createReads(readHandle)),
    common: () => readHandle.common,
    post: (plan) => commits.post(plan),
    transact: (work) => commits.transact(work),
    onCommit: (listener) => log.onCommit(listener),
    fact: (name) => findFact(handle, name),
    noteFact: (name, value) => noteFact(handle, name, value),
    beginEpoch: (reason, from) => insertEpoch(handle, clock, secrets, { reason, from }),
    // The lock of the home guarantees that there is only one process.
    lease: async () => true,
    release: async () => {},
    isHealthy: () => engine.isHealthy(),
    close,
    [Symbol.asyncDispose]: close,
  }
  return opened
}
