import type { Seq } from '../kernel/ids'
import type { EventRecord, LogEvent } from './events'

/**
 * What a store knows besides when other processes write to its log, too. All that `Store` promises holds in each of
 * them: what others wrote is announced (`onCommit`) like what was written here, without a gap and in the order of the
 * log. One promise is weaker: where others wrote before a post, it is answered when it is durable and announced a
 * moment later. Whoever reads waits for that (`readBarrier`), so that the difference is not seen.
 */
export interface SharedLog {
  /**
   * Says how what other processes wrote becomes the events it stands for. Called once, before anything is written.
   */
  hydrateWith(hydrate: (records: readonly EventRecord[]) => Promise<LogEvent[]>): void
  /**
   * Says when streams have carried all that was announced; undefined means now. Reads take time here, so an act is
   * answered no earlier. Called once, before anything is written.
   */
  answerAfterFlush(carried: () => Promise<void> | undefined): void
  /**
   * Says whether anybody here wants to hear of events the moment they happen; until it is said, somebody does. While
   * nobody does, events of other processes that change no rights are passed over.
   */
  followWhile(isHeard: () => boolean): void
  /**
   * Registers what is told up to which seq the log was passed over: events that change no rights while nobody listened,
   * or one of an unknown type, by which anything may have changed.
   */
  onAdvance(listener: (upTo: Seq) => void): void
  /** Registers what is told up to where this process has written, as soon as that is durable. */
  onWrite(listener: (upTo: Seq) => void): void
  /** Registers what is told that another process has begun a new epoch. */
  onEpoch(listener: () => void): void
  /** Another process may have written up to this seq. May come late, twice or never. */
  hint(seq: Seq): void
  /**
   * Resolves when everything that was committed anywhere before the call is known and announced here. What only reads
   * waits for it before it is judged, so that nobody reads by rights that were taken back, and everybody reads what
   * they wrote, whichever process they ask.
   */
  readBarrier(): Promise<void>
  /** Resolves when the log up to `seq`, which is committed, is announced here. Rejects when it cannot be read. */
  waitFor(seq: Seq): Promise<void>
}
