import type { Person } from '../identity/actor'
import type { Reasons } from '../inbox/reasons'
import type { Channel } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { LogEvent } from './events'
import type { FeedFilter } from './feed'
import type { Frame } from './frames'

/**
 * The ports between live readers, the core and the surfaces. `hub/` implements Streams, LiveStream and LongPolls; a
 * surface implements Sink.
 */

/** Why a stream ends. */
export type EndReason = 'shutdown' | 'auth_revoked' | 'slow_consumer' | 'expired'

/** The sending side of one open connection, implemented by a surface. */
export interface Sink {
  /** Sends one event. `replay` is true if the reader asked for past events and this is one. */
  event(event: LogEvent, replay: boolean): void
  /**
   * Sends that an event notifies the reader, and why. With `isShown`, sends the event itself first, in one piece with it: a
   * reader that is cut off in between continues before both.
   */
  item(event: LogEvent, reasons: Reasons, replay: boolean, isShown: boolean): void
  /** Which frames the connection carries: those of its selections, only those that a selection names by type, or none. */
  readonly frames: 'selected' | 'named' | 'none'
  frame(frame: Frame): void
  /** Calls `send`, which sends several events. A connection may then hand them to the network at once. */
  batch(send: () => void): void
  /** Milliseconds between two heartbeats. */
  readonly beatEvery: number
  /** Called at that interval with the position up to which the reader has everything. */
  beat(position: Seq): void
  /** Called with channels that are no longer readable. A connection for a single channel closes instead. */
  dropped(channels: readonly Channel[]): void
  /** Bytes sent that the network has not accepted yet. */
  buffered(): number
  /** Sends the reason and closes the connection. */
  end(reason: EndReason): void
  /** The socket's subscriptions, if the server can publish to many sockets at once. */
  readonly topics: { add(topic: string): void; delete(topic: string): void } | null
}

/** One open connection. It sends what it selected in log order: past events first, then live ones, without a gap. */
export interface LiveStream {
  /** Adds a selection, from `after` on, or from now on if `after` is null. Resolves when it is live. */
  select(filter: FeedFilter, after: Seq | null): Promise<void>
  /** Removes these channels from the selections; `*` = everything. */
  deselect(channelIds: ReadonlySet<number> | '*'): void
  /** Sends everything selected again, from a position on. */
  rewind(after: Seq): Promise<void>
  readonly selections: readonly FeedFilter[]
  /** Position up to which everything selected was sent, selections that still catch up included. */
  readonly position: Seq
  /** Call it when the network has accepted all bytes. */
  drained(): void
  /** Call it when the connection is closed. */
  closed(): void
}

/** Delivers each event to live readers as soon as it is durable. */
export interface Streams {
  /** Opens a stream for a reader. It receives nothing until it selects something. */
  open(actor: Person, sink: Sink): LiveStream
  /** The accounts that have an open stream, for `@here`. */
  openAccounts(): readonly number[]
  /** Position up to which every live stream has everything. */
  readonly head: Seq
  /** Whether any reader has an open stream or waits for events. */
  readonly hasReaders: boolean
  /** Whether any reader has an open stream. */
  readonly hasStreams: boolean
  /** Sends a frame to the open streams that select it and may receive it. Resolves when it is sent. */
  frame(frame: Frame): Promise<void>
}

/** Requests that wait for new events. */
export interface LongPolls {
  /**
   * Resolves true when the log has an event after `after` in one of the channels (`*`: anywhere), one that notifies the
   * account of `inboxOf`, or the rights of the account change. Resolves false on timeout, when the signal aborts, or when the server stops.
   */
  next(wait: {
    readonly accountId: number
    readonly channelIds: readonly number[] | '*'
    readonly inboxOf?: number
    readonly after: Seq
    readonly milliseconds: number
    readonly signal: AbortSignal | undefined
  }): Promise<boolean>
}
