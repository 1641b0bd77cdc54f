import { note, print, styleOf } from './terminal'
import { visible } from './visible'

/** Rows to show, each with one text for each title. */
export interface Table {
  readonly titles: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** What stands below: the next command. */
  readonly next?: string | undefined
}

/** What a cell shows: `yes` for true, nothing for false and null. */
type Cell = string | number | boolean | null | undefined

/** Makes a table of rows: the columns by their titles. */
export function tableOf<Row>(
  rows: readonly Row[],
  columns: Readonly<Record<string, (row: Row) => Cell>>,
  next?: string,
): Table {
  const cells = Object.values(columns)
  return {
    titles: Object.keys(columns),
    rows: rows.map((row) => cells.map((cell) => textOf(cell(row)))),
    next,
  }
}

function textOf(cell: Cell): string {
  if (typeof cell === 'boolean') return cell ? 'yes' : ''
  return String(cell ?? '')
}

/** Reports whether stdout is a terminal, whose reader is a person. */
export function isShown(): boolean {
  return process.stdout.isTTY === true
}

/** The width of the terminal of stdout in columns; 80 if it is unknown. */
function terminalWidth(): number {
  return process.stdout.columns || 80
}

/**
 * Prints a table. On a terminal: with titles, aligned, each line cut at the width. Elsewhere: no titles, whole cells
 * between tabs, for programs.
 */
export function printTable({ titles, rows, next }: Table): void {
  if (!isShown()) {
    for (const row of rows) print(row.map(visible).join('\t'))
    return
  }
  if (rows.length === 0) {
    note('nothing to show')
    return
  }
  const [head = '', ...lines] = aligned([titles, ...rows], terminalWidth())
  print([styleOf(process.stdout).dim(head), ...lines].join('\n'))
  if (next !== undefined) note(next)
}

/** Pads every column but the last to its widest cell, with two blanks between. Cuts what is wider than `width`. */
export function aligned(rows: readonly (readonly string[])[], width: number): string[] {
  const shown = rows.map((row) => row.map(visible))
  const widths = (shown[0] ?? []).map((_, column) =>
    Math.max(...shown.map((row) => Bun.stringWidth(row[column] ?? ''))),
  )
  return shown.map((row) => {
    const cells = row.map((cell, column) =>
      padded(cell, column === row.length - 1 ? 0 : (widths[column] ?? 0)),
    )
    return cut(cells.join('  ').trimEnd(), width)
  })
}

/** Returns a text with blanks behind it up to a width in columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - Bun.stringWidth(text)))
}

/** Returns a text of at most `width` columns, with `…` where it was cut. */
export function cut(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text
  // A wide character at the end may reach beyond.
  const slice = Bun.sliceAnsi(text, 0, width - 1)
  return `${Bun.stringWidth(slice) < width ? slice : Bun.sliceAnsi(text, 0, width - 2)}…`
}

/** The short form of an id, for people: its end, because ids that were made together begin alike. */
export function shortId(id: string): string {
  return id.slice(-6)
}

/** Returns a time in the zone of this machine, such as `2026-05-07 15:56`; an empty text for null. */
export function localMinute(time: string | null | undefined): string {
  if (time === null || time === undefined) return ''
  const at = new Date(time)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`
}
