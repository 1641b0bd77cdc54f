/**
 * The log: all events in one order. catalogue.ts lists the types, events.ts is their shape, feed.ts reads them with the
 * rights of a reader, streams.ts and shared-log.ts are the ports to live readers and to other processes.
 * Imports only the core. Start reading here, then catalogue.ts.
 */

import type { Settings } from '../governance/settings'
import type { Channel } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import { inSlices } from '../kernel/paged-reads'
import type { Epoch, NewestMessage, Store } from '../kernel/ports'
import { type Clock, later, MICROS_PER_MINUTE, type Micros, toMicros } from '../kernel/time'
import type { Pace } from '../kernel/turns'
import { type Cursor, formatCursor, parseCursor } from './cursors'
import type { LogEvent } from './events'

const noMessage: NewestMessage = { seq: 0, at: toMicros(0) }

type LogStore = Pick<Store, 'reads' | 'shared' | 'waitFor'>

/** The head of the log, and the meaning of a client's cursor in it. */
export class Log {
  private readonly newest = new Map<number, NewestMessage>()
  /** Grows when messages are skipped or purged. Values read under an older generation are not cached. */
  private generation = 0
  private constructor(
    private readonly store: LogStore,
    private readonly settings: Settings,
    private readonly pace: Pace,
    /** By their first seq. */
    public epochs: readonly Epoch[],
    /** Seq of the last announced event. Every reader sees exactly the log up to here. */
    public head: Seq,
  ) {}

  static async open(store: LogStore, settings: Settings, pace: Pace): Promise<Log> {
    return new Log(store, settings, pace, await store.reads.epochs(), await store.reads.head())
  }

  /** Applies a committed event, before any reader sees it. */
  apply(event: LogEvent): void {
    this.head = event.seq
    if (event.type === 'channel.purged') this.forgetNewest()
    if (event.type !== 'message.created') return
    // The cached value may be newer than this event.
    const { id } = event.channel
    if ((this.newest.get(id)?.seq ?? 0) < event.seq) this.newest.set(id, { seq: event.seq, at: event.at })
  }

  /** Moves the head past events that are not announced. The newest messages may be outdated then. */
  advanceTo(upTo: Seq): void {
    this.head = Math.max(this.head, upTo)
    this.forgetNewest()
  }

  private forgetNewest(): void {
    this.newest.clear()
    this.generation++
  }

  /** Reads the epochs again after a new one has begun. */
  async reloadEpochs(): Promise<void> {
    this.epochs = await this.store.reads.epochs()
  }

  get epoch(): string {
    const last = this.epochs.at(-1)
    if (!last) throw new Error('the log has no epoch')
    return last.epoch
  }

  /**
   * Returns the instant of the newest event if it is more than a minute ahead of this clock, else undefined. Instants
   * rise with seq: until the clock reaches that instant, each new event is a microsecond later than the last.
   */
  async aheadUntil(clock: Pick<Clock, 'now'>): Promise<Micros | undefined> {
    const [newest] = await this.store.reads.events(this.head - 1, 1)
    return newest && newest.at > later(clock.now(), MICROS_PER_MINUTE) ? newest.at : undefined
  }

  cursor(seq: Seq): string {
    // A position of an earlier epoch keeps that epoch in its cursor.
    let epoch = this.epochs[0]
    for (const candidate of this.epochs) if (candidate.firstSeq <= Math.max(seq, 1)) epoch = candidate
    return formatCursor((epoch ?? { epoch: this.epoch }).epoch, seq)
  }

  get headCursor(): string {
    return this.cursor(this.head)
  }

  /** Returns the newest message ever written to each of these channels, in their order; seq 0 if there is none. */
  async newestIn(channelIds: readonly number[]): Promise<NewestMessage[]> {
    const { generation } = this
    const absent = channelIds.filter((id) => !this.newest.has(id))
    const found =
      absent.length === 0
        ? new Map<number, NewestMessage>()
        : new Map(await inSlices(this.pace, absent, (some) => this.store.reads.newestIn(some)))
    let last = 0
    for (const { seq } of found.values()) last = Math.max(last, seq)
    await this.store.waitFor(last)
    // A message announced during the read is newer than the one read.
    if (generation === this.generation)
      for (const id of absent) if (!this.newest.has(id)) this.newest.set(id, found.get(id) ?? noMessage)
    return channelIds.map((id) => this.newest.get(id) ?? found.get(id) ?? noMessage)
  }

  /**
   * Returns the position that a cursor names for a reader of these channels.
   * @throws invalid_cursor; cursor_expired for a position before the purged part; cursor_epoch for a position of
   *   another history
   */
  async position(
    text: string,
    parameter: 'since' | 'before' | 'cursor',
    channels: readonly Channel[],
  ): Promise<Seq> {
    const cursor = parseCursor(text)
    if (!cursor) throw new AppError('invalid', 'invalid_cursor', `Invalid \`${parameter}\` cursor`)
    // What was purged above the lowest floor is declared by later events of its channels.
    const floor = channels.length === 0 ? 0 : Math.min(...channels.map(({ floorSeq }) => floorSeq))
    const seq =
      cursor.kind === 'now' && parameter !== 'since' ? this.head + 1 : await this.resolve(cursor, floor)
    if (seq >= floor) return seq
    if (cursor.kind !== 'position' || this.settings.get('log.expired_cursor') === 'clamp') return floor
    throw new AppError(
      'gone',
      'cursor_expired',
      'This cursor is older than what is kept; continue from oldest_cursor',
      {
        oldest_cursor: this.cursor(floor),
        head_cursor: this.headCursor,
      },
    )
  }

  /** Returns the head, at least if it is not before `seq`. Otherwise asks the store: another process may have written. */
  private async lastKnown(seq: Seq): Promise<Seq> {
    return seq <= this.head ? this.head : Math.max(this.head, await this.store.reads.head())
  }

  private async resolve(cursor: Cursor, floor: Seq): Promise<Seq> {
    switch (cursor.kind) {
      case 'oldest':
        return floor
      case 'now':
        await this.store.shared?.readBarrier()
        return this.head
      case 'moment':
        return Math.min(this.head, await this.store.reads.seqOfMoment(cursor.at, cursor.message))
      case 'position': {
        const index = this.epochs.findIndex((epoch) => epoch.epoch === cursor.epoch)
        const next = this.epochs[index + 1]
        if (index >= 0 && cursor.seq <= (next ? next.firstSeq - 1 : await this.lastKnown(cursor.seq))) {
          // Another process issued the cursor; its event arrives here shortly.
          await this.store.waitFor(cursor.seq)
          return cursor.seq
        }
        throw new AppError(
          'conflict',
          'cursor_epoch',
          'This cursor belongs to another history of this server',
          {
            oldest_cursor: this.cursor(floor),
            head_cursor: this.headCursor,
            epoch: this.epoch,
          },
        )
      }
    }
  }
}
