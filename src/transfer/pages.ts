import { keyOf, type Row, type StoreAdapter, type Value } from './store-adapter'
import type { TableMeta } from './table-meta'

/** The approximate size of a page, and its largest number of rows. They bound memory however long messages are. */
const PAGE_BYTES = 2 * 1024 * 1024
const PAGE_ROWS = 2000

/** Yields the rows of a table after a key in pages of about PAGE_BYTES. */
export async function* pagesOf(
  adapter: StoreAdapter,
  table: TableMeta,
  after?: readonly Value[],
): AsyncGenerator<readonly Row[]> {
  let limit = PAGE_ROWS / 10
  for (let key = after; ; ) {
    const rows = await adapter.page(table, key, limit)
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    key = keyOf(table, last)
    limit = Math.max(1, Math.min(PAGE_ROWS, Math.floor((PAGE_BYTES / sizeOf(rows)) * rows.length)))
  }
}

function sizeOf(rows: readonly Row[]): number {
  let size = 0
  for (const row of rows) for (const value of row) size += typeof value === 'string' ? value.length : 8
  return Math.max(size, 1)
}
