import type { Row } from './side'

/** JSON with the keys of every object sorted: what Postgres has reordered reads the same again. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

/** The canonical text of a JSON column, as a driver has read it. */
export function canonicalText(text: string): string {
  // Most of it is short lists of words, which have one spelling.
  return text === '[]' ? text : canonicalJson(JSON.parse(text))
}

/** Over rows in the order of their key: equal for equal tables, on both dialects. */
export class Checksum {
  private readonly hasher = new Bun.CryptoHasher('sha256')
  rows = 0

  add(rows: readonly Row[]): void {
    let text = ''
    for (const row of rows) text += `${JSON.stringify(row)}\n`
    this.hasher.update(text)
    this.rows += rows.length
  }

  digest(): string {
    return this.hasher.digest('hex')
  }
}
