import type { Secrets } from '../../core/kernel/ids'
import type { Clock } from '../../core/kernel/time'
import { nextEpoch } from '../../core/log/epochs'
import { appendAuditEntry } from '../audit-entry'
import { beginImport } from '../checkpoint'
import type { Progress } from '../move'
import { rowOf, type StoreAdapter } from '../store-adapter'
import { tableNamed } from '../table-meta'
import { LogWriter } from './log-writer'
import { importMessages } from './messages'
import { importPeople } from './people'
import type { PushDeps } from './push'
import { COLUMNS, type Original, type OriginalTable, timeOf } from './source'
import { Warnings } from './warnings'

export interface Import {
  readonly source: Original
  /** An empty store. */
  readonly to: StoreAdapter
  /** DID of the instance that the store will belong to. */
  readonly did: string
  readonly clock: Clock
  readonly secrets: Secrets
  readonly push: PushDeps
  readonly onProgress: (progress: Progress) => void
}

export interface Imported {
  /** Number of rows written to each table. */
  readonly rows: Readonly<Record<string, number>>
  readonly epoch: string
  readonly headSeq: number
  readonly warnings: readonly string[]
}

/** Tables of the earlier server that it never wrote to. */
const UNUSED = ['threads', 'attachments', 'audit_log'] as const

/**
 * Imports a database of the earlier server in one transaction. Ids, times, and the hashes of tokens, passwords and
 * sessions are kept, so its clients continue where they were. The epoch is new.
 * @throws OperatorError
 */
export async function importOriginal(request: Import): Promise<Imported> {
  const { source, to, did, clock, secrets, push, onProgress } = request
  const warnings = new Warnings()
  for (const table of UNUSED)
    warnings.count(
      `rows in ${table}, which the earlier server never used: left out`,
      await source.count(table),
    )
  const total = await expected(source)
  const rows: Record<string, number> = {}
  const log = new LogWriter(clock.now())
  const epoch = nextEpoch([], clock.now(), secrets.sha256(secrets.secret()))
  await to.transact(async (write) => {
    await beginImport(to, write, did)
    const wrote = (table: string, count: number) => {
      rows[table] = (rows[table] ?? 0) + count
      const done = Object.values(rows).reduce((sum, some) => sum + some, 0)
      onProgress({ phase: 'importing', table, done: Math.min(done, total), total })
    }
    const parts = { source, write, log, warnings, wrote }
    const people = await importPeople({ ...parts, push, firstMessageAt: await firstMessageAt(source) })
    const accessSeq = log.seq
    await importMessages({ ...parts, people, to })
    const { seq, at } = log
    const [epochs, logHead] = [tableNamed('epochs'), tableNamed('log_head')]
    await write.insert(epochs, [
      rowOf(epochs, { first_seq: 1, epoch, started_at: clock.now(), reason: 'import' }),
    ])
    await write.insert(logHead, [rowOf(logHead, { id: 1, seq, access_seq: accessSeq, last_at: at })])
    const facts = { command: 'import-original', epoch, last_seq: seq, rows }
    await appendAuditEntry(to, write, { clock, secrets }, 'import', facts)
  })
  await to.finalize()
  await to.flush()
  return { rows, epoch, headSeq: log.seq, warnings: warnings.list() }
}

async function firstMessageAt(source: Original) {
  const raw = await source.firstMessage()
  return raw && timeOf('messages', raw, 'created_at')
}

/** Returns about how many rows will be written. Accounts, channels, memberships and messages have an event each. */
async function expected(source: Original): Promise<number> {
  const twice: readonly OriginalTable[] = ['accounts', 'channels', 'channel_memberships', 'messages']
  let total = 0
  for (const table of Object.keys(COLUMNS) as OriginalTable[])
    if (!UNUSED.some((name) => name === table) && table !== 'mentions')
      total += (await source.count(table)) * (twice.includes(table) ? 2 : 1)
  return total
}
