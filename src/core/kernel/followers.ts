import type { LogEvent } from '../log/events'
import type { Writes } from './ports'

/**
 * A projection is data derived from the log, such as an index. Its position in the log is stored. An event that cannot
 * be read is reported and skipped.
 */
export interface Projection {
  readonly name: string
  /**
   * Writes the data derived from these events, in order, in the transaction that moves the position past them. A
   * failure rolls the transaction back, and the same events come again later.
   */
  apply(tx: Writes, events: readonly LogEvent[]): Promise<void>
}

/** Receives the events that were put into the outbox under this name (`Writes.enqueue`). */
export interface OutboxEndpoint {
  readonly name: string
  /**
   * Delivers an event as it reads now. Events come in log order, at least once. A failed delivery is retried with
   * growing delays, and later events wait for it. The signal aborts when the process ends.
   */
  deliver(event: LogEvent, signal: AbortSignal): Promise<void>
}

/** Registers followers of the log. Each call returns a function that unregisters the follower. */
export interface LogFollowers {
  project(projection: Projection): () => void
  deliverTo(endpoint: OutboxEndpoint): () => void
}
