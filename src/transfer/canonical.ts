import { canonicalJson } from '../core/kernel/canonical-json'
import type { Row } from './store-adapter'

/** Returns the canonical text of a JSON column that a driver has read: Postgres may have reordered its keys. */
export function canonicalText(text: string): string {
  // Most of these are empty lists.
  return text === '[]' ? text : canonicalJson(JSON.parse(text))
}

/** A checksum over rows in the order of their key. Equal tables have equal checksums in both dialects. */
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
