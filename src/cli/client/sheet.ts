import { cut, localMinute, padded } from '../lib/table'
import { isRich, type Style, styleOf } from '../lib/terminal'

/** Where lines are shown. */
export interface Screen {
  /** A terminal with colours; elsewhere nothing is painted, wrapped or drawn again. */
  readonly isRich: boolean
  /** Columns, at most 120; undefined where lines are not wrapped. */
  readonly width: () => number | undefined
  readonly style: Style
}

const WIDEST = 120
/** Below this width, the name has a line of its own. */
const NARROW = 60

/** Returns stdout as it is now; its width changes with the window. */
export function stdoutScreen(): Screen {
  const isOpen = isRich(process.stdout)
  return {
    isRich: isOpen,
    width: () => (isOpen ? Math.min(process.stdout.columns || 80, WIDEST) : undefined),
    style: styleOf(process.stdout),
  }
}

/** Who did something, as it is shown. */
export interface Name {
  readonly text: string
  readonly kind: 'human' | 'agent' | 'server'
}

/** One entry of the sheet. All texts are already safe to show. */
export interface Row {
  /** RFC 3339. */
  readonly at: string
  /** Slug; null for what belongs to no channel. */
  readonly channel: string | null
  /** Undefined for what follows from the line above. */
  readonly name: Name | undefined
  /** A sign in front of the text, such as `>` for a reply. */
  readonly sign?: string | undefined
  readonly paint?: ((text: string) => string) | undefined
  readonly lines: readonly string[]
  /** Further lines, which are shown dim. */
  readonly below?: readonly string[]
}

const TIME = 5
/** With the day and the seconds. */
const WHOLE_TIME = 19
const GAP = '  '
const [LEAST_NAME, MOST_NAME] = [8, 16]
const MOST_CHANNEL = 20

/** Lays entries out in columns: time, channel, name, text with a hanging indent. It knows what the last line showed. */
export class Sheet {
  private channelWidth: number
  private nameWidth = LEAST_NAME
  private lastChannel: string | null | undefined
  private lastTime = ''
  private lastDay: string | undefined

  constructor(
    private readonly screen: Screen,
    channels: readonly string[],
  ) {
    this.channelWidth = widest(channels.map((slug) => `#${slug}`))
  }

  /** Makes room for names, so that columns do not move later. */
  expect(names: readonly string[]): void {
    for (const name of names)
      this.nameWidth = Math.max(this.nameWidth, Math.min(Bun.stringWidth(name), MOST_NAME))
  }

  /** Returns the lines of an entry. */
  render(row: Row): string[] {
    const width = this.screen.width()
    const day = this.dayLine(row.at, width)
    if (row.channel !== null) this.channelWidth = Math.max(this.channelWidth, widest([`#${row.channel}`]))
    if (row.name !== undefined) this.expect([shownName(row.name)])
    const lines = width !== undefined && width < NARROW ? this.narrow(row, width) : this.wide(row, width)
    return [...day, ...lines]
  }

  /** Returns the lines of a remark on the entry above, under its text. */
  follow(text: string, paint: (text: string) => string): string[] {
    const width = this.screen.width()
    const isNarrow = width !== undefined && width < NARROW
    const indent = isNarrow ? GAP.length : this.indent(width)
    const lines = wrapped(text, width === undefined ? undefined : width - indent)
    return lines.map((line) => `${' '.repeat(indent)}${paint(line)}`)
  }

  /** Where the text begins. */
  private indent(width: number | undefined): number {
    const time = width === undefined ? WHOLE_TIME : TIME
    return time + this.channelWidth + this.nameWidth + 3 * GAP.length
  }

  private wide(row: Row, width: number | undefined): string[] {
    const { time, channel } = this.place(row, width !== undefined)
    const fit = (text: string, room: number) => padded(width === undefined ? text : cut(text, room), room)
    const name = row.name === undefined ? '' : shownName(row.name)
    const { dim } = this.screen.style
    const first = [
      dim(padded(time, width === undefined ? 0 : TIME)),
      dim(fit(channel, this.channelWidth)),
      this.painted(row.name, fit(name, this.nameWidth)),
    ].join(GAP)
    const indent = this.indent(width)
    return this.text(row, width === undefined ? undefined : width - indent).map((line, at) =>
      (at === 0 ? `${first}${GAP}${line}` : `${' '.repeat(indent)}${line}`).trimEnd(),
    )
  }

  private narrow(row: Row, width: number): string[] {
    const { time, channel } = this.place(row, false)
    const { dim } = this.screen.style
    const name = row.name === undefined ? '' : this.painted(row.name, shownName(row.name))
    const head = [dim(time), ...(channel === '' ? [] : [dim(channel)]), name].filter((part) => part !== '')
    const text = this.text(row, width - GAP.length).map((line) => `${GAP}${line}`.trimEnd())
    return row.name === undefined ? text : [head.join(' '), ...text]
  }

  /** The time and the channel, where they differ from those of the line above. Without columns both are always shown. */
  private place({ at, channel, name }: Row, isBrief: boolean): { time: string; channel: string } {
    const slug = channel === null ? '' : `#${channel}`
    if (this.screen.width() === undefined) return { time: localTime(at), channel: slug }
    const isSame = channel === this.lastChannel
    this.lastChannel = channel
    const clock = clockOf(at)
    const isRepeated = isBrief && name === undefined && clock === this.lastTime
    this.lastTime = clock
    return { time: isRepeated ? '' : clock, channel: isSame ? '' : slug }
  }

  private text({ sign, paint = same, lines, below = [] }: Row, width: number | undefined): string[] {
    const { dim } = this.screen.style
    const hang = sign === undefined ? 0 : sign.length + 1
    const body = lines.flatMap((line) => wrapped(line, width === undefined ? undefined : width - hang))
    const signed = body.map(
      (line, at) => `${at === 0 && sign !== undefined ? `${sign} ` : ' '.repeat(hang)}${line}`,
    )
    const more = below.flatMap((line) => wrapped(line, width))
    return [...signed.map(paint), ...more.map(dim)]
  }

  private painted(name: Name | undefined, text: string): string {
    const { bold, cyan, dim } = this.screen.style
    if (name === undefined) return text
    return { human: bold, agent: cyan, server: dim }[name.kind](text)
  }

  /** The line that separates two days, on a terminal. */
  private dayLine(at: string, width: number | undefined): string[] {
    const day = new Date(at).toDateString()
    const isNew = this.lastDay !== undefined && day !== this.lastDay
    this.lastDay = day
    return isNew && width !== undefined ? [this.screen.style.dim(`-- ${day} --`)] : []
  }
}

/** How a name is shown: agents with a star. */
export function shownName({ text, kind }: Name): string {
  return kind === 'agent' ? `${text}*` : text
}

function widest(texts: readonly string[]): number {
  return Math.min(Math.max(0, ...texts.map((text) => Bun.stringWidth(text))), MOST_CHANNEL)
}

/** Breaks a line at blanks, and long words anywhere. */
function wrapped(line: string, width: number | undefined): string[] {
  if (width === undefined) return [line]
  const room = Math.max(width, 8)
  if (Bun.stringWidth(line) <= room) return [line]
  return Bun.wrapAnsi(line, room, { hard: true, trim: false })
    .split('\n')
    .map((part) => part.trimEnd())
}

function same(text: string): string {
  return text
}

/** Hours and minutes in the zone of this machine. */
export function clockOf(time: string | Date): string {
  const at = new Date(time)
  return `${two(at.getHours())}:${two(at.getMinutes())}`
}

/** The time alone if it is today, else with its day. */
export function momentOf(time: string): string {
  const at = new Date(time)
  return at.toDateString() === new Date().toDateString() ? clockOf(at) : localMinute(time)
}

function localTime(time: string): string {
  return `${localMinute(time)}:${two(new Date(time).getSeconds())}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** `5 s`, `12 min`, `3 h`, `2 d`: how long something was, or lasts. */
export function spanOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}
