import { encode } from 'uqr'

/** Width of the white margin, in modules. Cameras need it to find the code. */
const BORDER = 2

/**
 * Draws a text as a QR code, two rows per line: black on white on a terminal, and otherwise with the light modules as
 * blocks, for a dark background. Returns a remark instead if the terminal is too narrow.
 */
export function drawCode(text: string, terminal: { isTTY?: boolean; columns?: number }): string[] {
  const { data, size } = encode(text, { ecc: 'L', border: BORDER })
  if (terminal.columns !== undefined && terminal.columns < size)
    return [`(The QR code needs ${size} columns, this terminal has ${terminal.columns}.)`]
  return codeLines(data, terminal.isTTY === true)
}

/** Draws a matrix of modules. `matrix[y][x]`: true is black. */
export function codeLines(matrix: readonly (readonly boolean[])[], inColour: boolean): string[] {
  const lines: string[] = []
  for (let y = 0; y < matrix.length; y += 2) {
    const upper = matrix[y] ?? []
    const lower = matrix[y + 1] ?? []
    const cells = upper.map((above, x) => cellOf(above === inColour, (lower[x] ?? false) === inColour))
    lines.push(inColour ? `\u001b[38;5;16;48;5;231m${cells.join('')}\u001b[0m` : cells.join(''))
  }
  return lines
}

function cellOf(above: boolean, below: boolean): string {
  if (above) return below ? '█' : '▀'
  return below ? '▄' : ' '
}
