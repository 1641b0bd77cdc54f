/** Instants on the wire. */
import { formatInstant, type Micros, parseInstant } from '../core/kernel/time'
import { ValidationError } from './errors'
import { Type } from './schema'

export const instantSchema = Type.String({ format: 'date-time' })

export function instant(at: Micros | null): string | null {
  return at === null ? null : formatInstant(at)
}

/** Parses an instant of a request. `at` is where it stands, such as `query`, `before`. @throws ValidationError */
export function parsedInstant(text: string, at: readonly string[]): Micros {
  const instant = parseInstant(text)
  if (instant !== undefined) return instant
  const msg = 'Input should be a valid datetime'
  throw new ValidationError([{ type: 'datetime_parsing', loc: at, msg, input: text }])
}
