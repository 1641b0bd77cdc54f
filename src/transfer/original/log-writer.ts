import type { Seq } from '../../core/kernel/ids'
import { later, type Micros, toMicros } from '../../core/kernel/time'
import type { EventType } from '../../core/log/catalogue'
import { type Row, rowOf } from '../store-adapter'
import { tableNamed } from '../table-meta'

const events = tableNamed('events')

/**
 * Assigns positions in the log to imported rows. Times rise with seq as in any log. A time in the future is replaced
 * by now, because all later events would have to be later still.
 */
export class LogWriter {
  seq: Seq = 0
  /** Time of the last event. */
  at: Micros = toMicros(0)
  private rows: Row[] = []

  constructor(readonly now: Micros) {}

  /** Appends the next event. Returns its seq. */
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

  /** Returns the rows since the last call. */
  take(): Row[] {
    const taken = this.rows
    this.rows = []
    return taken
  }
}
