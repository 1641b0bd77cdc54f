import type { LogEvent } from '../log/events'
import type { Writes } from './ports'

/**
 * What follows from the log and is written down by reading it, such as an index. Its position in the log is stored; an
 * event that cannot be read is reported and passed over.
 */
export interface Projection {
  readonly name: string
  /**
   * Writes what follows from these events, which come in order, in the transaction that moves the position behind them.
   * A failure takes the transaction back; the same events come again later.
   */
  apply(tx: Writes, events: readonly LogEvent[]): Promise<void>
}

/** Where events go that acts put into the outbox under this name (`Writes.enqueue`). */
export interface OutboxEndpoint {
  readonly name: string
  /**
   * Delivers an event as it reads now. Events come in the order of the log and at least once. A failure is tried again,
   * later each time, and the events behind it wait. The signal is aborted when the process ends.
   */
  deliver(event: LogEvent, signal: AbortSignal): Promise<void>
}

/** Takes in what follows the log. Each call answers what takes it out again. */
export interface LogFollowers {
  project(projection: Projection): () => void
  deliverTo(endpoint: OutboxEndpoint): () => void
}
