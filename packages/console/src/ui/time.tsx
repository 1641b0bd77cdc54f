import { preferences } from '../app/preferences'
import { clockOf, dayOf, stampOf } from './clock'

export interface TimeProps {
  /** RFC 3339, or milliseconds since 1970. */
  readonly at: string | number
  /** `clock` is 13:04; `day` is 12 Mar; `both` is 12 Mar 13:04. */
  readonly show?: 'clock' | 'day' | 'both'
}

/** An instant in the clock of this browser; the whole stamp with its zone is the tooltip. */
export function Time({ at, show = 'clock' }: TimeProps) {
  const date = new Date(at)
  const hours = preferences.value.clock
  const words = {
    clock: [clockOf(date, hours)],
    day: [dayOf(date)],
    both: [dayOf(date), clockOf(date, hours)],
  }[show]
  return (
    <time dateTime={date.toISOString()} title={stampOf(date, hours)}>
      {words.join(' ')}
    </time>
  )
}
