import { canonicalJson } from '../core/kernel/canonical-json'
import type { Row } from './store-adapter'

/** The canonical text of a JSON column, as a driver has read it: Postgres may have reordered its keys. */
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
