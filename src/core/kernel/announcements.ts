import type { LogEvent } from '../log/events'
import type { Marks } from '../log/marks'
import type { Seq } from './ids'

/** What a store tells of its commits. */
export interface Announcements {
  /**
   * Registers a listener for committed events. Listeners run in order of registration, before any write is answered.
   */
  onCommit(listener: (events: readonly LogEvent[]) => void): void
  /**
   * Registers a listener for the marks of commits, those of other processes included. Marks may be told before the events
   * of their commit.
   */
  onMarks(listener: (marks: Marks) => void): void
  /**
   * Resolves when the log is announced up to `seq`, which must be committed. A read may return rows of a commit a moment
   * before it is announced, and no answer shows a position beyond that.
   */
  waitFor(seq: Seq): Promise<void>
}
