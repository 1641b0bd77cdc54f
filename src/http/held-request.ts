import type { Person } from '../core/identity/actor'
import { KEEP_ALIVE_SECONDS, peerOf } from './client'
import type { StreamLimits } from './stream-limits'

/** Time to read the answer of a held request before the connection is closed. */
const READING_SECONDS = 30

/**
 * Holds a request for up to some seconds: counts it, and keeps its connection open. Disposing ends the count. A request that
 * is held for 0 seconds is answered at once and does not count. @throws too_many_streams
 */
export function holdRequest(
  limits: StreamLimits,
  actor: Person,
  request: Request,
  seconds: number,
): Disposable | undefined {
  if (seconds <= 0) return undefined
  const held = limits.hold(actor)
  peerOf(request).hold?.(idleSecondsFor(seconds))
  return held
}

/**
 * Returns the idle time of a connection whose request is held for some seconds: never less than that of others, because
 * it also applies afterwards.
 */
export function idleSecondsFor(seconds: number): number {
  return Math.max(seconds + READING_SECONDS, KEEP_ALIVE_SECONDS)
}
