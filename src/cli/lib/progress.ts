import { note } from './terminal'

/** What is told of a long work. */
export interface Step {
  readonly phase: string
  readonly table: string
  readonly done: number
  readonly total: number
}

const WIDTH = 24
/** On a terminal the bar moves so often, elsewhere a line is written so often. */
const BAR_MS = 100
const LINE_MS = 10_000

/** Shows how far a work is: a bar on a terminal, a line now and then elsewhere. `end` leaves the line of the bar. */
export interface ProgressBar {
  show(step: Step): void
  end(): void
}

/** A bar on stderr; `quiet` shows nothing. */
export function progressBar({ quiet }: { readonly quiet: boolean }): ProgressBar {
  const isTerminal = process.stderr.isTTY === true
  let phase = ''
  let begun = 0
  let doneAtBegin = 0
  let shown = 0
  let isOpen = false
  return {
    show(step) {
      if (quiet) return
      const now = performance.now()
      const isNew = step.phase !== phase
      if (isNew) {
        phase = step.phase
        begun = now
        doneAtBegin = step.done
      } else if (now - shown < (isTerminal ? BAR_MS : LINE_MS) && step.done < step.total) return
      shown = now
      const text = lineOf(step, step.done - doneAtBegin, (now - begun) / 1000)
      if (isTerminal) process.stderr.write(`\r\u001b[2K${barOf(step)} ${text}`)
      else note(text)
      isOpen = isTerminal
    },
    end() {
      if (isOpen) process.stderr.write('\r\u001b[2K')
      isOpen = false
    },
  }
}

/** `copying messages, 41 %, 52,000 rows/s, 2:10 left` */
export function lineOf({ phase, table, done, total }: Step, rows: number, seconds: number): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100)
  const rate = seconds > 0.5 && rows > 0 ? rows / seconds : undefined
  const words = [`${phase} ${table}`, `${percent} %`]
  if (rate !== undefined) {
    words.push(`${Math.round(rate).toLocaleString('en-US')} rows/s`)
    if (done < total) words.push(`${clock((total - done) / rate)} left`)
  }
  return words.join(', ')
}

function barOf({ done, total }: Step): string {
  const full = total === 0 ? WIDTH : Math.round((done / total) * WIDTH)
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
