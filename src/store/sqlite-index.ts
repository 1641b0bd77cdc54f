import type { OpenStore, StoreDeps } from './index'
import { beginLog, findFact, insertEpoch, noteFact } from './queries/instance'
import { SqliteFaults } from './sqlite-faults'
import { handleOf, openSqlite } from './sqlite-open'
import { SqliteStore } from './sqlite-store'

/**
 * Opens the store at a path, making and migrating it as needed.
 * @throws StoreError if it cannot or must not be opened by this program
 */
export async function openSqliteStore(
  path: string,
  { clock, secrets, report, beforeMigration, disk, measure }: StoreDeps,
): Promise<OpenStore> {
  const { writer, reader, migrated } = openSqlite(path, beforeMigration)
  const handle = handleOf(writer)
  await beginLog(handle, clock, secrets)
  const faults = new SqliteFaults(path, disk, report)
  const store = new SqliteStore(writer, reader, clock, secrets, report, faults, measure)
  const opened: OpenStore = {
    kind: 'sqlite',
    migrated,
    notices: [],
    reads: store.reads,
    post: (plan) => store.post(plan),
    transact: (work) => store.transact(work),
    onCommit: (listener) => store.onCommit(listener),
    fact: (name) => findFact(handle, name),
    noteFact: (name, value) => noteFact(handle, name, value),
    beginEpoch: (reason, from) => insertEpoch(handle, clock, secrets, { reason, from }),
    // The lock of the home says that there is one process.
    lease: async () => true,
    release: async () => {},
    isHealthy: () => store.isHealthy(),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  }
  return opened
}
