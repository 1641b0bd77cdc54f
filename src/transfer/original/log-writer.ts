import type { Seq } from '../../core/kernel/ids'
import { later, type Micros, toMicros } from '../../core/kernel/time'
import type { EventType } from '../../core/log/catalogue'
import { type Row, rowOf } from '../store-adapter'
import { tableNamed } from '../table-meta'

const events = tableNamed('events')

/**
 * Gives imported things their place in the log, whose times rise with seq as they do in a log that was lived. No time is
 * later than now: the log goes on from the last one, and a date in the future would be that of everything behind it.
 */
export class LogWriter {
  seq: Seq = 0
  /** Time of the last event. */
  at: Micros = toMicros(0)
  private rows: Row[] = []

  constructor(readonly now: Micros) {}

  /** The next event; answers its seq. */
  append(
    type: EventType,
    at: Micros,
    about: { subject?: number; channelId?: number; actorId?: number; data?: string },
  ): Seq {
    this.seq++
    const past = toMicros(Math.min(at, this.now))
    this.at = this.at >= past ? later(this.at, 1) : past
    const { subject = this.seq, channelId = null, actorId = null, data = null } = about
    this.rows.push(
      rowOf(events, {
        seq: this.seq,
        at: this.at,
        type,
        channel_id: channelId,
        subject,
        actor_id: actorId,
        data,
      }),
    )
    return this.seq
  }

  /** The rows since it was asked last. */
  take(): Row[] {
    const taken = this.rows
    this.rows = []
    return taken
  }
}
