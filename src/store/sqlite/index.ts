import { background } from '../../core/kernel/background'
import { eventCatalogue } from '../../core/log/catalogue'
import { OwnLog } from '../announced-log'
import { GroupCommit } from '../group-commit'
import type { OpenStore, StoreDeps } from '../index'
import { createReads } from '../queries'
import { beginEpoch, beginLog, findFact, noteFact } from '../queries/instance'
import { findHead, touchHead } from '../queries/log'
import { SqliteEngine } from './engine'
import { SqliteFaults } from './faults'
import { FreePages } from './free-pages'
import { handleOf, openSqlite } from './open'
import { ReadThreads } from './read-threads'
import { remoteHandle } from './remote-handle'
import { startStatementWorker } from './thread/thread'
import { WordIndexMerge } from './word-index-merge'
import { Writer } from './writer'

/** How often a write is tried while the disk does not take any. */
const PROBE_MILLISECONDS = 1000

/**
 * Opens the store at a path. Creates and migrates it as needed.
 * @throws OperatorError if it cannot or must not be opened by this program
 */
export async function openSqliteStore(path: string, deps: StoreDeps): Promise<OpenStore> {
  const { catalogue = eventCatalogue, clock, secrets, report, disk, measure, unfit = report } = deps
  const { startWorker = startStatementWorker } = deps
  const { writer: booting, reader, migrated } = openSqlite(path, deps.beforeMigration)
  const handle = handleOf(booting)
  await beginLog(handle, clock, secrets)
  const head = await findHead(handle)
  if (!head) throw new Error('the log has no head')
  // From here on the thread writes. The reader is open, so the write-ahead log stays.
  booting.close()
  const writer = await Writer.open(path, startWorker, unfit)
  const faults = new SqliteFaults(path, disk, report)
  const engine = new SqliteEngine({ writer, reader, head, clock, faults })
  const log = new OwnLog(head.seq, report)
  const commits = new GroupCommit({ catalogue, engine, log, clock, secrets, report, measure })
  const readHandle = handleOf(reader)
  const readThreads = new ReadThreads(path, startWorker)
  const slow = remoteHandle((query) => readThreads.query(query))
  const freePages = new FreePages(reader, writer, clock)
  const wordIndexMerge = new WordIndexMerge(writer)
  let probe: Promise<unknown> | undefined
  const probing = setInterval(() => {
    if (!faults.isFailing || faults.isDamaged || probe !== undefined) return
    probe = commits.write(touchHead).finally(() => (probe = undefined))
    // It has been reported when it first failed.
    background(probe, () => {})
  }, PROBE_MILLISECONDS).unref()
  const close = async () => {
    clearInterval(probing)
    await commits.drain()
    // What was not checkpointed remains in the write-ahead log, which the next start reads.
    await readThreads.close()
    await engine.close().catch(report)
  }
  const opened: OpenStore = {
    kind: 'sqlite',
    migrated,
    notices: [],
    reads: faults.guard(createReads(readHandle)),
    slow: faults.guard(createReads(slow)),
    common: () => readHandle.common,
    post: (plan) => commits.post(plan),
    transact: (work, options) => commits.transact(work, options),
    onCommit: (listener) => log.onCommit(listener),
    onMarks: (listener) => log.onMarks(listener),
    waitFor: (seq) => log.waitFor(seq),
    fact: (name) => findFact(readHandle, name),
    noteFact: (name, value) => commits.write((handle) => noteFact(handle, name, value)),
    beginEpoch: (reason, from) =>
      commits.write((handle) => beginEpoch(handle, clock, secrets, { reason, from })),
    // The lock of the home guarantees that there is only one process.
    lease: async () => true,
    release: async () => {},
    isHealthy: () => engine.isHealthy,
    forgetRemoved: () => engine.forgetRemoved(),
    releasePages: () => freePages.release(),
    mergeWordIndex: () => wordIndexMerge.step(),
    close,
    [Symbol.asyncDispose]: close,
  }
  return opened
}
