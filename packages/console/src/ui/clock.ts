/** Instants and durations in words. Pure: the caller gives the present time. */

type Hours = '24' | '12'

/** `13:04`, or `1:04 PM`. */
export function clockOf(date: Date, hours: Hours): string {
  return format(hours === '24' ? 'clock24' : 'clock12', date)
}

/** `12 Mar`; with the year if it is another one. */
export function dayOf(date: Date, now = new Date()): string {
  return format(date.getFullYear() === now.getFullYear() ? 'day' : 'dayOfYear', date)
}

/** `Today`, `Yesterday`, else `Thursday 12 March`. */
export function longDayOf(date: Date, now = new Date()): string {
  const days = Math.round((midnight(now) - midnight(date)) / 86_400_000)
  if (days === 0) return 'Today'
  if (days === 1) return 'Yesterday'
  return format(date.getFullYear() === now.getFullYear() ? 'longDay' : 'longDayOfYear', date)
}

/** The day in the zone of this browser as a date field has it: `2026-03-12`. */
export function fieldDayOf(date: Date): string {
  const [year, month, day] = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
  return [String(year).padStart(4, '0'), ...[month, day].map((part) => String(part).padStart(2, '0'))].join(
    '-',
  )
}

/** The whole stamp with seconds and zone. */
export function stampOf(date: Date, hours: Hours): string {
  return format(hours === '24' ? 'stamp24' : 'stamp12', date)
}

/** A duration, for ages of states: `now`, `2 min`, `3 h`, `5 days`. Milliseconds. */
export function ageOf(duration: number): string {
  const minutes = Math.floor(duration / 60_000)
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h`
  return `${Math.floor(hours / 24)} days`
}

/** What is left: `4:12`, `1:04:12`; `0:00` when it is over. Milliseconds. */
export function leftOf(duration: number): string {
  const seconds = Math.max(0, Math.ceil(duration / 1000))
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

const forms = {
  clock24: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  clock12: { hour: 'numeric', minute: '2-digit', hourCycle: 'h12' },
  day: { day: 'numeric', month: 'short' },
  dayOfYear: { day: 'numeric', month: 'short', year: 'numeric' },
  longDay: { weekday: 'long', day: 'numeric', month: 'long' },
  longDayOfYear: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  stamp24: { dateStyle: 'full', timeStyle: 'long', hourCycle: 'h23' },
  stamp12: { dateStyle: 'full', timeStyle: 'long', hourCycle: 'h12' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

const made = new Map<keyof typeof forms, Intl.DateTimeFormat>()

/** Formats are kept: making one takes longer than a hundred uses. The words of the console are English. */
function format(name: keyof typeof forms, date: Date): string {
  let formatter = made.get(name)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-GB', forms[name])
    made.set(name, formatter)
  }
  return formatter.format(date)
}
