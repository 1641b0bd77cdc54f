import { Database } from 'bun:sqlite'
import type { Turns } from '../../src/core/kernel/turns'
import { systemTurns } from '../../src/platform'

/**
 * The turns of the event loop, and how many rows SQLite gave between two of them. Statements that are prepared from now
 * on run as ever; the rows of their answers are counted. Nothing here looks at a clock.
 */
export class CountedTurns implements Turns, Disposable {
  /** Rows of each turn that had any. */
  readonly rows: number[] = []
  /** Turns that were asked for. */
  taken = 0
  private current = 0
  private readonly prepare = Database.prototype.prepare

  constructor() {
    const count = <Row>(rows: Row[]): Row[] => {
      this.current += rows.length
      return rows
    }
    const { prepare } = this
    // The type parameters of the method are those of whoever calls it.
    Database.prototype.prepare = function (this: Database, ...given: Parameters<typeof prepare>) {
      const statement = prepare.apply(this, given)
      const { values, all } = statement
      statement.values = (...bound) => count(values.apply(statement, bound))
      statement.all = (...bound) => count(all.apply(statement, bound))
      return statement
    } as typeof prepare
  }

  async next(): Promise<void> {
    this.taken++
    await systemTurns.next()
    if (this.current > 0) this.rows.push(this.current)
    this.current = 0
  }

  /** Forgets what was counted. */
  clear(): void {
    this.rows.length = 0
    this.taken = 0
    this.current = 0
  }

  get most(): number {
    return Math.max(0, ...this.rows, this.current)
  }

  get total(): number {
    return this.rows.reduce((sum, rows) => sum + rows, this.current)
  }

  [Symbol.dispose](): void {
    Database.prototype.prepare = this.prepare
  }
}
