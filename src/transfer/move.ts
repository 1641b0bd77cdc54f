import { MOVING_IN, RETIRED_TO } from '../store/standing'
import { Checksum } from './canonical'
import { beginMove, identify, type Mark, writeMark } from './mark'
import { TABLES, type TableShape } from './shape'
import { keyOf, type Row, type Side, type Value } from './side'
import { TransferError } from './transfer-error'

/** How far a transfer has come. */
export interface Progress {
  readonly phase: 'copying' | 'verifying' | 'importing'
  readonly table: string
  /** Rows of all tables. */
  readonly done: number
  readonly total: number
}

export interface Move {
  readonly from: Side
  readonly to: Side
  /** How the target is called in the source, without a password. */
  readonly target: string
  readonly onProgress: (progress: Progress) => void
}

export interface Moved {
  /** Rows of each table. */
  readonly rows: Readonly<Record<string, number>>
  readonly epoch: string
  readonly headSeq: number
}

/** A page is about so large, and at most so many rows: memory stays flat however long the messages are. */
const PAGE_BYTES = 2 * 1024 * 1024
const PAGE_ROWS = 2000

/**
 * Moves a store into another, which afterwards goes on where this one was: same ids, hashes, seq and epoch. May be
 * killed at any moment and run again. Both are compared row by row before the source is marked as moved away.
 * @throws TransferError
 */
export async function moveStore({ from, to, target, onProgress }: Move): Promise<Moved> {
  const source = await identify(from)
  const movedTo = (await from.facts()).get(RETIRED_TO)
  let mark = await beginMove(to, source, movedTo)
  if (!mark.verified) {
    const totals = new Map<string, number>()
    for (const table of TABLES) totals.set(table.name, await from.count(table))
    const total = [...totals.values()].reduce((sum, rows) => sum + rows, 0)
    mark = await copy(from, to, mark, total, onProgress)
    await to.settle()
    await verify(from, to, total, onProgress)
    mark = { ...mark, verified: true }
    await to.transact((write) => writeMark(write, mark))
    await to.flush()
  }
  // In this order: killed in between, nobody serves either of the two until this is run again.
  if (movedTo === undefined) {
    await from.transact((write) => write.setFact(RETIRED_TO, target))
    await from.flush()
  }
  await to.transact((write) => write.removeFact(MOVING_IN))
  await to.flush()
  return { rows: mark.rows, epoch: mark.epoch, headSeq: mark.headSeq }
}

/** The pages of a table behind a key, each about PAGE_BYTES. */
export async function* pagesOf(
  side: Side,
  table: TableShape,
  after?: readonly Value[],
): AsyncGenerator<readonly Row[]> {
  let limit = PAGE_ROWS / 10
  for (let key = after; ; ) {
    const rows = await side.page(table, key, limit)
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    key = keyOf(table, last)
    limit = Math.max(1, Math.min(PAGE_ROWS, Math.floor((PAGE_BYTES / sizeOf(rows)) * rows.length)))
  }
}

async function copy(
  from: Side,
  to: Side,
  begun: Mark,
  total: number,
  onProgress: Move['onProgress'],
): Promise<Mark> {
  let mark = begun
  let done = Object.values(mark.rows).reduce((sum, rows) => sum + rows, 0)
  for (const table of TABLES.slice(TABLES.findIndex(({ name }) => name === mark.table))) {
    let rows = mark.rows[table.name] ?? 0
    const after = table.name === mark.table ? (mark.after ?? undefined) : undefined
    for await (const page of pagesOf(from, table, after)) {
      const last = page.at(-1)
      if (last === undefined) break
      rows += page.length
      done += page.length
      mark = {
        ...mark,
        table: table.name,
        after: keyOf(table, last),
        rows: { ...mark.rows, [table.name]: rows },
      }
      await to.transact(async (write) => {
        await write.insert(table, page)
        await writeMark(write, mark)
      })
      onProgress({ phase: 'copying', table: table.name, done, total })
    }
    mark = { ...mark, rows: { ...mark.rows, [table.name]: rows } }
  }
  return mark
}

/** @throws TransferError failed when a table is not the same on both sides */
async function verify(from: Side, to: Side, total: number, onProgress: Move['onProgress']): Promise<void> {
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
      throw new TransferError(
        'failed',
        `table ${table.name} differs: ${here.rows} rows in the source, ${there.rows} in the target`,
        'the source was changed during the move, or the target by somebody else; begin again with an empty target',
      )
  }
}

async function checksum(
  side: Side,
  table: TableShape,
  onRows: (rows: number) => void,
): Promise<{ rows: number; digest: string }> {
  const sum = new Checksum()
  for await (const page of pagesOf(side, table)) {
    sum.add(page)
    onRows(page.length)
  }
  return { rows: sum.rows, digest: sum.digest() }
}

function sizeOf(rows: readonly Row[]): number {
  let size = 0
  for (const row of rows) for (const value of row) size += typeof value === 'string' ? value.length : 8
  return Math.max(size, 1)
}
