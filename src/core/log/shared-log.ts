import type { Seq } from '../kernel/ids'
import type { EventRecord, LogEvent } from './events'
import type { Marks } from './marks'

/** What a process tells the others that share its log after it has written. */
export interface Hint {
  /** The newest event that it has written. */
  readonly seq: Seq
  readonly marks?: Marks | undefined
}

/**
 * What a store offers when several processes write to its log. The promises of `Store` hold in each process: `onCommit`
 * announces the events of other processes like local ones, in log order and without gaps. One promise is weaker: if
 * another process wrote first, a post is answered when it is durable and announced shortly after. A reader waits for
 * the announcement with `readBarrier`, so the difference is not visible.
 */
export interface SharedLog {
  /**
   * Sets the function that turns records written by other processes into events. Called once, before the first write.
   */
  hydrateWith(hydrate: (records: readonly EventRecord[]) => Promise<LogEvent[]>): void
  /**
   * Sets a function that resolves when all announced events are delivered to the streams, or returns undefined if they
   * are. Delivery may have to read rights first; a write is not answered before it. Called once, before the first
   * write.
   */
  answerAfterFlush(carried: () => Promise<void> | undefined): void
  /**
   * Sets the function that reports whether any reader here needs events as they happen. Until it is set, the answer is
   * yes. While it reports false, events of other processes that change no rights are skipped.
   */
  followWhile(hasReaders: () => boolean): void
  /**
   * Registers a listener for skipped parts of the log: events that change no rights while there is no reader, or events
   * of an unknown type, which may have changed anything. `upTo` is the last skipped seq.
   */
  onAdvance(listener: (upTo: Seq) => void): void
  /** Registers a listener for local writes, called as soon as they are durable. */
  onWrite(listener: (hint: Hint) => void): void
  /** Registers a listener that is called when another process has begun a new epoch. */
  onEpoch(listener: () => void): void
  /** Tells the store what another process may have written. Hints may be late, repeated or lost. */
  hint(hint: Hint): void
  /**
   * Resolves when everything committed anywhere before the call is announced here. Reads wait for it before rights are
   * checked: a revoked right ends at once, and a client reads its own writes, in whichever process.
   */
  readBarrier(): Promise<void>
}
