import type { Seq, Uuid } from './ids'
import type { Micros } from './time'

/** The part of the store's ports that concerns pauses of agents. */

/** What a pause covers, by inner ids: an agent or all of them, in a channel or everywhere. */
export interface PauseScope {
  /** Null: every channel. */
  readonly channelId: number | null
  /** Null: every agent. */
  readonly accountId: number | null
}

export interface Pause extends PauseScope {
  /** Seq of its first pause.started event: its inner id. */
  readonly seq: Seq
  readonly uuid: Uuid
  /** Who began it, or replaced it last; null for the operator. */
  readonly byId: number | null
  readonly note: string | null
  readonly since: Micros
  /** Null: until somebody ends it. */
  readonly until: Micros | null
  /** When its end was recorded. One that has run out may still have none. */
  readonly endedAt: Micros | null
}

export interface PauseReads {
  pause(uuid: Uuid): Promise<Pause | undefined>
  pausesBySeq(seqs: readonly Seq[]): Promise<Pause[]>
  /** The pauses without a recorded end, oldest first; those of one scope, or all. */
  openPauses(scope?: PauseScope): Promise<Pause[]>
  /** When the first pause without a recorded end runs out; null if none does. */
  nextPauseEnd(): Promise<Micros | null>
  /** Pauses that have run out by `now` and have no recorded end, at most `limit`. */
  expiredPauses(now: Micros, limit: number): Promise<Pause[]>
}

export interface PauseWrites {
  /** Stores a pause, or replaces the one with the same seq. */
  putPause(pause: Pause): Promise<void>
  endPauses(seqs: readonly Seq[], at: Micros): Promise<void>
  /** Moves the ends of all pauses without a recorded one. */
  shiftPauses(micros: number): Promise<void>
  /** Deletes up to `limit` pauses that ended before a time. Returns how many. */
  forgetPauses(before: Micros, limit: number): Promise<number>
  /** Deletes the pauses of an account, and the notes of those that it began. */
  forgetPausesOf(accountId: number): Promise<void>
}
