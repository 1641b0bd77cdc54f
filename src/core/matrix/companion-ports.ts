import type { Seq } from '../kernel/ids'
import type { MarkKey } from '../log/marks'

/** How far the readers of Matrix may read. */
export interface MatrixPosition {
  /** Seq of the last event of the log whose events of rooms are made. */
  readonly projected: Seq
  /** The position of the companion stream. */
  readonly mx: number
}

/** The companion stream: what concerns accounts and devices and stays out of the log. */
export interface CompanionReads {
  /** Both numbers of one committed state. */
  position(): Promise<MatrixPosition>
}

export interface CompanionWrites {
  /**
   * Takes the next position of the companion stream, for a row that this transaction writes, and wakes those whom the
   * change concerns.
   */
  nextMx(...concerned: readonly MarkKey[]): Promise<number>
  /**
   * Wakes those whom the events of rooms concern that this transaction has written: their channels, and the accounts
   * whose membership they change. `upTo` is the position to which the transaction moves the projection from `after`.
   */
  wakeProjected(after: Seq, upTo: Seq, concerned: Iterable<MarkKey>): void
}
