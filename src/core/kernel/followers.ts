import type { EventRecord, LogEvent } from '../log/events'
import type { Writes } from './ports'

/** What a follower knows of an event before the event is read any further. */
export interface FollowedRecord extends EventRecord {
  /** Whether the event is about a message that replies to another. Absent if that is not known. */
  readonly isReply?: boolean
}

/**
 * A projection is data derived from the log, such as an index. Its position in the log is stored. An event that cannot
 * be read is reported and skipped.
 */
export interface Projection {
  readonly name: string
  /**
   * Milliseconds from one transaction to the next, so that it takes several events together and a post seldom waits for
   * its commit. While a whole page of events waits, it rests as long as its last page took, or `busyRest` times as long
   * while many posts are made. Default: 0.
   */
  readonly restMs?: number
  /** Default: 19, a twentieth of the time. */
  readonly busyRest?: number
  /** Prepares this process, before it applies events that another process may have applied until now. */
  begin?(): Promise<void>
  /**
   * Reports by what is stored of an event whether it may change the data; absent = each may. Other events are not read any
   * further: with their messages that costs several times as much.
   */
  mayConcern?(record: FollowedRecord): boolean
  /**
   * Reports whether an event changes the data; absent = each that may. Other events move the position without a transaction
   * of their own, so a projection that few events concern costs posts little.
   */
  concerns?(event: LogEvent): boolean
  /**
   * Writes the data derived from these events, in order, in the transaction that moves the position past them. A
   * failure rolls the transaction back, and the same events come again later.
   */
  apply(tx: Writes, events: readonly LogEvent[]): Promise<void>
  /** Called after the commit of `apply`. */
  applied?(): void
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
