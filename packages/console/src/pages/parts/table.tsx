import type { ComponentChildren } from 'preact'
import { Button, Empty } from '../../ui'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => ComponentChildren
  readonly class?: string
}

export interface TableProps<Row> {
  /** What it lists. */
  readonly label: string
  readonly rows: readonly Row[]
  /** The first names the row. */
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string | number
  /** What can be done with a row: buttons, or a menu. */
  readonly acts?: (row: Row) => ComponentChildren
  /** Said when there are none. */
  readonly empty: string
  readonly hasMore?: boolean
  readonly onMore?: () => Promise<void>
}

/** Rows as a table; on a phone each row is a card. */
export function Table<Row>(props: TableProps<Row>) {
  const { label, rows, columns, keyOf, acts, empty, hasMore = false, onMore } = props
  if (rows.length === 0) return <Empty>{empty}</Empty>
  return (
    <>
      <table class="table">
        <caption class="unseen">{label}</caption>
        <thead>
          <tr>
            {columns.map(({ title }) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
            {acts && (
              <th scope="col">
                <span class="unseen">Acts</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, cell, class: className = '' }, at) =>
                at === 0 ? (
                  <th scope="row" key={title} class={className}>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} data-title={title} class={className}>
                    {cell(row) ?? '–'}
                  </td>
                ),
              )}
              {acts && <td class="act-cell">{acts(row)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {hasMore && onMore && (
        <p class="more">
          <Button onPress={onMore}>Show more</Button>
        </p>
      )}
    </>
  )
}
