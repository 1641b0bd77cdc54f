import type { Uuid } from '../kernel/ids'
import type { Micros } from '../kernel/time'

/** Names a pusher. */
export interface PusherKey {
  readonly accountId: number
  readonly appId: string
  readonly pushkey: string
}

/** Where a user wants to be told of events while no client of its is connected. */
export interface Pusher extends PusherKey {
  /** The inner id of the device that set it. */
  readonly device: number
  /** JSON of `PusherFields`. */
  readonly json: string
  readonly setAt: Micros
  /** Everything before this place is told. */
  readonly pos: number
  /** How many calls in a row have failed. */
  readonly failures: number
  readonly failingSince: Micros | null
  /** When the next call is due after a failed one. */
  readonly nextAt: Micros | null
}

/** A pusher of a user who may still be told of events. */
export interface LivePusher extends Pusher {
  readonly localpart: string
  /** An admin has locked the user: it is told nothing until it is unlocked. */
  readonly locked: boolean
  /** The token of an agent that set it; null for a person's. */
  readonly token: Uuid | null
}

export interface PusherReads {
  /** The pushers of an account, or of all accounts, whose devices are still signed in. By account and time. */
  livePushers(accountId?: number): Promise<LivePusher[]>
}

export interface PusherWrites {
  /** Inserts a pusher, or replaces it except its position. */
  setPusher(pusher: Pick<Pusher, keyof PusherKey | 'device' | 'json' | 'setAt' | 'pos'>): Promise<void>
  deletePusher(key: PusherKey): Promise<void>
  /** Deletes the pushers of other accounts with this key. Returns these accounts. */
  deletePushersOfOthers(key: PusherKey): Promise<number[]>
  /** Notes what was told. No position goes back. */
  movePushers(moved: readonly (PusherKey & { readonly pos: number })[]): Promise<void>
  /** Moves when calls are due, and since when they fail. */
  shiftPushers(micros: number): Promise<void>
  /** Notes failed calls of a pusher, or that there are none any more. */
  notePusherFailures(
    key: PusherKey,
    state: Pick<Pusher, 'failures' | 'failingSince' | 'nextAt'>,
  ): Promise<void>
}
