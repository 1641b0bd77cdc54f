import { later, MICROS_PER_SECOND, type Micros } from '../../kernel/time'
import type { LivePusher, PusherKey } from '../pusher-ports'
import type { Outcome } from './evaluate'
import type { EventFacts } from './facts'
import { fieldsOf, type PusherFields } from './pusher-fields'

/** Events that wait in memory for one pusher. The others are found again in the log. */
const MAX_WAITING = 100
const SECOND = MICROS_PER_SECOND
const LONGEST_DELAY = 3600 * SECOND
/** A push gateway that has failed for so long is told nothing of what has happened. */
const PATIENCE = 24 * 3600 * SECOND
const MAX_DOUBLINGS = 12

/** An event of which a pusher tells. */
export interface Waiting {
  readonly channelId: number
  readonly event: EventFacts
  readonly outcome: Outcome
}

/** A pusher, and what it has to tell. */
export class PusherQueue {
  pusher: LivePusher
  fields: PusherFields
  readonly waiting: Waiting[] = []
  /** Everything before this place is told. */
  pos: number
  /** From here on there is more in the log that did not fit. */
  missedFrom: number | undefined
  failures: number
  failingSince: Micros | null
  nextAt: Micros | null
  isSending = false
  /** Whether it tells how much is unread, beside or without an event. */
  owesCount = false
  /** How many rooms with unread events it was told of last. */
  unread: number | undefined

  constructor(
    pusher: LivePusher,
    readonly userId: string,
  ) {
    this.pusher = pusher
    this.fields = fieldsOf(pusher)
    this.pos = pusher.pos
    this.failures = pusher.failures
    this.failingSince = pusher.failingSince
    this.nextAt = pusher.nextAt
  }

  get key(): PusherKey {
    const { accountId, appId, pushkey } = this.pusher
    return { accountId, appId, pushkey }
  }

  get hasWork(): boolean {
    return !this.isSending && (this.waiting.length > 0 || this.missedFrom !== undefined || this.owesCount)
  }

  /** Takes a new form of the pusher. What waits is told to its new address, at once. */
  renew(pusher: LivePusher): void {
    this.pusher = pusher
    this.fields = fieldsOf(pusher)
    this.failures = pusher.failures
    this.failingSince = pusher.failingSince
    this.nextAt = pusher.nextAt
  }

  /** Appends an event that is not told yet. */
  add(one: Waiting): void {
    const { pos } = one.event
    const isKnown = pos < this.pos || pos <= (this.waiting.at(-1)?.event.pos ?? Number.NEGATIVE_INFINITY)
    if (isKnown || this.missedFrom !== undefined) return
    if (this.waiting.length < MAX_WAITING) this.waiting.push(one)
    else this.missedFrom = pos
  }

  /** Notes that the first event was told, or needs not be. */
  told(): void {
    const first = this.waiting.shift()
    if (first) this.pos = first.event.pos + 1
  }

  /** Microseconds until the next call is due; 0 = now. */
  dueIn(now: Micros): number {
    return Math.max(0, (this.nextAt ?? now) - now)
  }

  /** Follows the lease clock, which was moved by so many microseconds. */
  shift(micros: number): void {
    if (this.failingSince !== null) this.failingSince = later(this.failingSince, micros)
    if (this.nextAt !== null) this.nextAt = later(this.nextAt, micros)
  }

  succeeded(): void {
    this.failures = 0
    this.failingSince = null
    this.nextAt = null
  }

  /** Notes a failed call. Returns true if the pusher gives up what waits: it tells what happens from a place on. */
  failed(now: Micros, place: number): boolean {
    this.failures++
    this.failingSince ??= now
    const delay = Math.min(SECOND * 2 ** Math.min(this.failures - 1, MAX_DOUBLINGS), LONGEST_DELAY)
    this.nextAt = later(now, delay)
    if (now - this.failingSince < PATIENCE) return false
    this.succeeded()
    this.waiting.length = 0
    this.missedFrom = undefined
    this.owesCount = false
    this.pos = place
    return true
  }
}

/** Returns one text for each key. */
export function keyText({ accountId, appId, pushkey }: PusherKey): string {
  return JSON.stringify([accountId, appId, pushkey])
}
