/** How values look in Matrix. */
import type { Micros } from '../../core/kernel/time'

/** Returns an instant in whole milliseconds since 1970. */
export function milliseconds(at: Micros): number {
  return Math.floor(at / 1000)
}
