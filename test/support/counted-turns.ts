import { Database } from 'bun:sqlite'
import type { Turns } from '../../src/core/kernel/turns'
import { systemTurns } from '../../src/platform'

/**
 * Counts the turns of the event loop, and the rows that SQLite returns between two of them. Statements prepared from now
 * on work as before, and the rows of their results are counted. Uses no clock.
 */
export class CountedTurns implements Turns, Disposable {
  /** The rows of each turn that had any. */
  readonly rows: number[] = []
  /** The number of requested turns. */
  taken = 0
  private current = 0
  private readonly prepare = Database.prototype.prepare

  constructor() {
    const count = <Row>(rows: Row[]): Row[] => {
      this.current += rows.length
      return rows
    }
    const { prepare } = this
    // The type parameters of the method are chosen by its caller.
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

  /** Resets the counts. */
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
