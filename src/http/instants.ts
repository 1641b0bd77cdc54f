/** How instants look on the wire. */
import { formatInstant, type Micros } from '../core/kernel/time'
import { Type } from './schema'

export const instantSchema = Type.String({ format: 'date-time' })

export function instant(at: Micros | null): string | null {
  return at === null ? null : formatInstant(at)
}
