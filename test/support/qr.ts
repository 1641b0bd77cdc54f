/**
 * Reads a QR code (ISO/IEC 18004) from its modules, like a camera that sees every one of them: without error correction,
 * for bytes and alphanumeric text, up to version 14.
 */

/** Error correction codewords per block, and blocks, by version, for the levels L, M, Q and H. */
const CORRECTION = [
  [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30],
  [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24],
  [13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20],
  [17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24],
]
const BLOCKS = [
  [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4],
  [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9],
  [1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16],
  [1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16],
]
/** The levels as the two bits of the format information. */
const LEVELS = [1, 0, 3, 2]

type Matrix = readonly (readonly boolean[])[]

/** The modules that a terminal shows as half blocks; `dark` says whether a block is a dark module. */
export function modulesOf(lines: readonly string[], dark: boolean): boolean[][] {
  const upper = (cell: string) => (cell === '█' || cell === '▀') === dark
  const lower = (cell: string) => (cell === '█' || cell === '▄') === dark
  return lines.flatMap((line) => [[...line].map(upper), [...line].map(lower)])
}

/** The text of a code, which may have a white border. @throws if it is not a code */
export function readQr(picture: Matrix): string {
  const matrix = withoutBorder(picture)
  const size = matrix.length
  const version = (size - 17) / 4
  const at = (x: number, y: number) => matrix[y]?.[x] === true
  // Format: 15 bits beside the finder pattern of the corner, masked; the first five carry information.
  const format = [0, 1, 2, 3, 4].reduce((bits, x) => (bits << 1) | Number(at(x, 8)), 0) ^ 0b10101
  const level = LEVELS[format >> 3] ?? 0
  const words = codewords(matrix, version, format & 7)
  return textOf(dataOf(words, version, level), version)
}

function withoutBorder(picture: Matrix): Matrix {
  const rows = picture.map((row) => row.some(Boolean))
  const [top, bottom] = [rows.indexOf(true), rows.lastIndexOf(true)]
  const left = Math.min(...picture.map((row) => row.indexOf(true)).filter((x) => x >= 0))
  const right = Math.max(...picture.map((row) => row.lastIndexOf(true)))
  const matrix = picture.slice(top, bottom + 1).map((row) => row.slice(left, right + 1))
  const size = matrix.length
  if (size !== matrix[0]?.length || size < 21 || (size - 17) % 4 !== 0)
    throw new Error(`no QR code: ${matrix[0]?.length} by ${size}`)
  return matrix
}

const masks: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/** Everything that is not a pattern, two columns at a time from the right, alternately up and down. */
function codewords(matrix: Matrix, version: number, mask: number): number[] {
  const size = matrix.length
  const isData = dataModules(version, size)
  const bits: number[] = []
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5
    for (let i = 0; i < size; i++)
      for (const x of [right, right - 1]) {
        const y = up ? size - 1 - i : i
        if (isData(x, y)) bits.push(Number((matrix[y]?.[x] === true) !== masks[mask]?.(x, y)))
      }
  }
  return Array.from({ length: Math.floor(bits.length / 8) }, (_, i) =>
    bits.slice(i * 8, i * 8 + 8).reduce((word, bit) => (word << 1) | bit, 0),
  )
}

function dataModules(version: number, size: number): (x: number, y: number) => boolean {
  const count = version === 1 ? 0 : Math.floor(version / 7) + 2
  const step = count < 2 ? 0 : Math.ceil((size - 13) / (count * 2 - 2)) * 2
  const centres = Array.from({ length: count }, (_, i) => (i === 0 ? 6 : size - 7 - (count - 1 - i) * step))
  const near = (x: number, y: number) =>
    centres.some((cx) =>
      centres.some((cy) => {
        const isFinder =
          (cx === 6 && cy === 6) || (cx === 6 && cy === size - 7) || (cx === size - 7 && cy === 6)
        return !isFinder && Math.abs(x - cx) <= 2 && Math.abs(y - cy) <= 2
      }),
    )
  return (x, y) => {
    if ((x < 9 && y < 9) || (x >= size - 8 && y < 9) || (x < 9 && y >= size - 8)) return false
    if (x === 6 || y === 6 || near(x, y)) return false
    if (version < 7) return true
    return !(x >= size - 11 && y < 6) && !(y >= size - 11 && x < 6)
  }
}

/** The codewords of the blocks are interleaved; the long blocks come last. */
function dataOf(words: readonly number[], version: number, level: number): number[] {
  const blocks = BLOCKS[level]?.[version - 1]
  const correction = CORRECTION[level]?.[version - 1]
  if (blocks === undefined || correction === undefined) throw new Error(`version ${version} is too large`)
  const short = Math.floor(words.length / blocks) - correction
  const long = words.length % blocks
  const data: number[][] = Array.from({ length: blocks }, () => [])
  let next = 0
  for (let i = 0; i <= short; i++)
    for (let block = 0; block < blocks; block++) {
      if (i === short && block < blocks - long) continue
      data[block]?.push(words[next++] ?? 0)
    }
  return data.flat()
}

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'

function textOf(data: readonly number[], version: number): string {
  const bits = data.map((word) => word.toString(2).padStart(8, '0')).join('')
  let position = 0
  const take = (count: number) => {
    position += count
    return Number.parseInt(bits.slice(position - count, position), 2)
  }
  let text = ''
  for (let mode = take(4); mode !== 0 && position < bits.length - 4; mode = take(4)) {
    if (mode === 4) {
      const length = take(version < 10 ? 8 : 16)
      text += new TextDecoder().decode(Uint8Array.from({ length }, () => take(8)))
    } else if (mode === 2) {
      let left = take(version < 10 ? 9 : 11)
      for (; left > 1; left -= 2) {
        const pair = take(11)
        text += ALPHANUMERIC.charAt(Math.floor(pair / 45)) + ALPHANUMERIC.charAt(pair % 45)
      }
      if (left === 1) text += ALPHANUMERIC.charAt(take(6))
    } else throw new Error(`a part of mode ${mode} cannot be read here`)
  }
  return text
}
