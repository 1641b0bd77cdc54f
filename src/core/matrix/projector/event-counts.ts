import type { Writes } from '../../kernel/ports'
import type { EventBatch } from '../event-batch'
import type { MatrixMeters } from '../meters'

/** What was made for a transaction. */
export interface Made {
  readonly batch: EventBatch
  /** How many of the events that follow from rows were refused; undefined for an act, which is answered with it. */
  readonly refused?: number | undefined
}

/** Counts the events that were made, and those that rooms did not allow: once, however often a transaction is tried. */
export class EventCounts {
  /** Events that follow from rows, and that rooms did not allow. */
  refused = 0

  constructor(private readonly meters: MatrixMeters | undefined) {}

  /** Counts what was made when the transaction is committed. */
  made(tx: Pick<Writes, 'afterCommit'>, { batch, refused }: Made): void {
    tx.afterCommit(() => {
      this.meters?.made(batch.all.length)
      if (refused === undefined) return
      this.refused += refused
      this.refusals(batch)
    })
  }

  /** Counts what was refused. */
  refusals(batch: EventBatch | undefined): void {
    for (const rule of batch?.refusals ?? []) this.meters?.refused(rule)
  }
}
