import type { Person } from '../identity/actor'
import type { Channel } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { LogEvent } from './events'
import type { FeedFilter } from './feed'

/**
 * Who hears of events as they happen, as the core and the surfaces see it. `hub/` implements this, but for the outlet,
 * which a surface brings along.
 */

/** Why a stream ends. */
export type EndReason = 'shutdown' | 'auth_revoked' | 'slow_consumer' | 'expired'

/** What a surface holds of one open connection: where events go out. */
export interface Sink {
  /** Hands on one event. `replay`: the reader asked for the past, and this is of it. */
  event(event: LogEvent, replay: boolean): void
  /** Milliseconds between two beats. */
  readonly beatEvery: number
  /** Called now and then with the position up to which the reader has everything. */
  beat(position: Seq): void
  /** Channels that stopped being readable. A connection for one channel only closes instead. */
  dropped(channels: readonly Channel[]): void
  /** Bytes handed on that the network has not taken yet. */
  buffered(): number
  /** Says why, and closes. */
  end(reason: EndReason): void
  /** The socket's own subscriptions, where the server can publish to many at once. */
  readonly topics: { add(topic: string): void; delete(topic: string): void } | null
}

/** One open connection. What it selected goes out in the order of the log: first the past, then live, without a gap. */
export interface LiveStream {
  /** Adds a selection; from `after` on, or (null) from now on. Resolves once it is live. */
  select(filter: FeedFilter, after: Seq | null): Promise<void>
  /** Takes back what was selected of these channels; `*` = everything. */
  deselect(channelIds: ReadonlySet<number> | '*'): void
  /** Sends everything selected again from a position on. */
  rewind(after: Seq): Promise<void>
  readonly selections: readonly FeedFilter[]
  /** Position up to which everything selected was sent, also what is still being caught up with. */
  readonly position: Seq
  /** To be called when the network took everything. */
  drained(): void
  /** To be called when the connection is gone. */
  closed(): void
}

/** Everything that hears of an event the moment it is durable. */
export interface Streams {
  /** Opens a stream for a reader, who is heard by nobody until it selects something. */
  open(actor: Person, sink: Sink): LiveStream
  /** The accounts that have an open stream, for `@here`. */
  openAccounts(): readonly number[]
  /** Position up to which every live stream has everything. */
  readonly head: Seq
  /** Whether any reader has an open stream or waits for events. */
  readonly isHeard: boolean
}

/** Waiting for the log to move. */
export interface LongPolls {
  /**
   * Resolves true as soon as the log holds something after `after` in one of the channels (`*`: anywhere), or the
   * rights of the account change; false when the time is over, the signal fires or the server stops.
   */
  next(wait: {
    readonly accountId: number
    readonly channelIds: readonly number[] | '*'
    readonly after: Seq
    readonly milliseconds: number
    readonly signal: AbortSignal | undefined
  }): Promise<boolean>
}
