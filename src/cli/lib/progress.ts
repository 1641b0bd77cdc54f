import { note } from './terminal'

/** A step of a long operation. */
export interface Step {
  readonly phase: string
  readonly table: string
  readonly done: number
  readonly total: number
  /** What is counted; rows unless it is given. */
  readonly unit?: string
}

const WIDTH = 24
/** How often the bar moves on a terminal, and how often a line is written elsewhere. */
const BAR_MS = 100
const LINE_MS = 10_000

/** Shows progress: a bar on a terminal, a line every 10 seconds elsewhere. `end` clears the bar. */
export interface ProgressBar {
  show(step: Step): void
  end(): void
}

/** Makes a progress bar on stderr; with `quiet` it shows nothing. */
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

/** Returns a line such as `copying messages, 41 %, 52,000 rows/s, 2:10 left`. */
export function lineOf(
  { phase, table, done, total, unit = 'rows' }: Step,
  rows: number,
  seconds: number,
): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100)
  const rate = seconds > 0.5 && rows > 0 ? rows / seconds : undefined
  const words = [`${phase} ${table}`, `${percent} %`]
  if (rate !== undefined) {
    words.push(`${Math.round(rate).toLocaleString('en-US')} ${unit}/s`)
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
