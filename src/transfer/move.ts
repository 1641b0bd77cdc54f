import { OperatorError } from '../core/kernel/operator-error'
import { MOVING_IN, RETIRED_TO } from '../store/store-state'
import { appendAuditEntry, type Stamp } from './audit-entry'
import { Checksum } from './canonical'
import { beginMove, type Checkpoint, identify, writeCheckpoint } from './checkpoint'
import { pagesOf } from './pages'
import { keyOf, type StoreAdapter } from './store-adapter'
import { TABLES, type TableMeta } from './table-meta'

/** The progress of a move or an import. */
export interface Progress {
  readonly phase: 'copying' | 'verifying' | 'importing'
  readonly table: string
  /** Rows so far, of all tables. */
  readonly done: number
  readonly total: number
}

export interface Move extends Stamp {
  readonly from: StoreAdapter
  readonly to: StoreAdapter
  /** Description of the target that is stored in the source, without a password. */
  readonly target: string
  readonly onProgress: (progress: Progress) => void
}

export interface Moved {
  /** Number of rows of each table. */
  readonly rows: Readonly<Record<string, number>>
  readonly epoch: string
  readonly headSeq: number
}

/**
 * Moves a store into another one, which then continues it: same ids, hashes, seq and epoch. May be killed at any
 * moment and run again. The stores are compared row by row before the source is marked as moved away.
 * @throws OperatorError
 */
export async function moveStore({ from, to, target, clock, secrets, onProgress }: Move): Promise<Moved> {
  const source = await identify(from)
  const movedTo = (await from.facts()).get(RETIRED_TO)
  let checkpoint = await beginMove(to, source, movedTo)
  if (!checkpoint.verified) {
    const totals = new Map<string, number>()
    for (const table of TABLES) totals.set(table.name, await from.count(table))
    const total = [...totals.values()].reduce((sum, rows) => sum + rows, 0)
    checkpoint = await copy(from, to, checkpoint, total, onProgress)
    await to.finalize(await from.counters())
    await verify(from, to, total, onProgress)
    checkpoint = { ...checkpoint, verified: true }
    await to.transact((write) => writeCheckpoint(write, checkpoint))
    await to.flush()
  }
  // In this order, a move that is killed in between leaves two stores that no server starts on until it is run again.
  if (movedTo === undefined) {
    await from.transact((write) => write.setFact(RETIRED_TO, target))
    await from.flush()
  }
  const { rows, epoch, headSeq } = checkpoint
  await to.transact(async (write) => {
    // After the comparison, and in the transaction that ends the move, so the entry is written exactly once.
    const facts = { command: 'migrate-db', epoch, last_seq: headSeq, rows }
    await appendAuditEntry(to, write, { clock, secrets }, 'migrate', facts)
    await write.removeFact(MOVING_IN)
  })
  await to.flush()
  return { rows, epoch, headSeq }
}

async function copy(
  from: StoreAdapter,
  to: StoreAdapter,
  begun: Checkpoint,
  total: number,
  onProgress: Move['onProgress'],
): Promise<Checkpoint> {
  let checkpoint = begun
  let done = Object.values(checkpoint.rows).reduce((sum, rows) => sum + rows, 0)
  for (const table of TABLES.slice(TABLES.findIndex(({ name }) => name === checkpoint.table))) {
    let rows = checkpoint.rows[table.name] ?? 0
    const after = table.name === checkpoint.table ? (checkpoint.after ?? undefined) : undefined
    for await (const page of pagesOf(from, table, after)) {
      const last = page.at(-1)
      if (last === undefined) break
      rows += page.length
      done += page.length
      checkpoint = {
        ...checkpoint,
        table: table.name,
        after: keyOf(table, last),
        rows: { ...checkpoint.rows, [table.name]: rows },
      }
      await to.transact(async (write) => {
        await write.insert(table, page)
        await writeCheckpoint(write, checkpoint)
      })
      onProgress({ phase: 'copying', table: table.name, done, total })
    }
    checkpoint = { ...checkpoint, rows: { ...checkpoint.rows, [table.name]: rows } }
  }
  return checkpoint
}

/** Compares all tables. @throws OperatorError failed if a table differs */
async function verify(
  from: StoreAdapter,
  to: StoreAdapter,
  total: number,
  onProgress: Move['onProgress'],
): Promise<void> {
  let done = 0
  for (const table of TABLES) {
    const [here, there] = await Promise.all([
      checksum(from, table, (rows) => {
        done += rows
        onProgress({ phase: 'verifying', table: table.name, done, total })
      }),
      checksum(to, table, () => {}),
    ])
    if (here.digest !== there.digest)
      throw new OperatorError(
        'failed',
        `table ${table.name} differs: ${here.rows} rows in the source, ${there.rows} in the target`,
        'the source or the target was changed during the move; begin again with an empty target',
      )
  }
}

async function checksum(
  adapter: StoreAdapter,
  table: TableMeta,
  onRows: (rows: number) => void,
): Promise<{ rows: number; digest: string }> {
  const sum = new Checksum()
  for await (const page of pagesOf(adapter, table)) {
    sum.add(page)
    onRows(page.length)
  }
  return { rows: sum.rows, digest: sum.digest() }
}
