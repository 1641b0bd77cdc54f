import { ulid, ulidTime } from '../kernel/ids'
import type { Micros } from '../kernel/time'

/**
 * Returns the name of an epoch that begins now: a ULID that sorts after every known one, even if the clock was set back.
 * Its random part is taken from `randomHex` (at least 20 hex digits).
 */
export function nextEpoch(known: readonly string[], now: Micros, randomHex: string): string {
  const earliest = known.map((epoch) => ulidTime(epoch) + 1)
  return ulid(Math.max(Math.floor(now / 1000), ...earliest), randomHex)
}
