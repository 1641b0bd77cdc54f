import type { StreamEvent } from '@synapse/client'
import { type Clock, SECOND } from './clock'

/** So many events are compared. */
const SAMPLES = 20
/** A smaller difference is the time that events take. */
const TOLERANCE = 2 * SECOND

/** The time of the server. Events arrive late, never early: the smallest delay is nearest to the difference of the clocks. */
export class ServerTime {
  private readonly differences: number[] = []

  constructor(private readonly clock: Clock) {}

  /** Compares the time of an event that has just happened. */
  hear(event: StreamEvent): void {
    if (event.type === 'gap' || 'replay' in event) return
    this.differences.push(Date.parse(event.at) - this.clock.now())
    if (this.differences.length > SAMPLES) this.differences.shift()
  }

  /** Milliseconds since 1970. */
  now(): number {
    const difference = this.differences.length === 0 ? 0 : Math.max(...this.differences)
    return this.clock.now() + (Math.abs(difference) < TOLERANCE ? 0 : difference)
  }
}
