import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type Message, type Synapse, SynapseError } from '@synapse/client'
import type { Outbox } from './outbox'
import { closed, type Entry, nearest, type Segment, withEntry, withSegment } from './segments'
import type { Store } from './store'
import { dateCursor, PAGE, Pages } from './timeline-pages'
import type { Place, Row, Source, TimelineState } from './types'
import { aroundEntry, atEnd, stretchOf, trimmed, type Window, wholeWindow, widened } from './window'

interface Deps {
  readonly store: Store
  readonly synapse: Synapse
  readonly outbox: Outbox
  /** Resolves when the stream has begun: what is read afterwards has no hole to it. */
  subscribed(): Promise<void>
  onPage(): void
}

/**
 * A window of at most 300 rows into the messages of a channel (without replies) or of a thread (with its root). It moves by
 * pages of 50. The view decides when, and keeps its place on the screen.
 */
export class Timeline {
  readonly state: Signal<TimelineState> = signal('idle')
  /** Why the last reading failed. */
  readonly error: Signal<SynapseError | undefined> = signal(undefined)
  readonly isLoadingOlder = signal(false)
  readonly isLoadingNewer = signal(false)
  /** Older messages were removed from the server since they were shown here. */
  readonly wasPurged = signal(false)
  /** The rows of the window, the oldest first; at the end of the timeline also what I send. */
  readonly rows: ReadonlySignal<readonly Row[]>
  /** Whether there are messages before and after the window. */
  readonly hasOlder: ReadonlySignal<boolean>
  readonly hasNewer: ReadonlySignal<boolean>
  /** When it was opened or read last; for the memory limit. */
  usedAt = 0

  private readonly pages: Pages
  private segments: readonly Segment[] = []
  /** Up to here the stream and the pages have brought everything. What I send may be known before what came before it. */
  private heardTo = 0
  private readonly version = signal(0)
  private window: Window = wholeWindow
  private isFollowing = true
  private opening: Promise<void> | undefined
  /** What comes while a page is read, which may be older: a list for each reading. */
  private readonly arrivals = new Set<Entry[]>()
  /** Grows with every jump: the newest one wins. */
  private jump = 0

  constructor(
    readonly place: Place,
    private readonly deps: Deps,
  ) {
    const { outbox } = deps
    this.pages = new Pages(place, deps)
    const shown = computed(() => {
      this.version.value
      return this.shownEntries()
    })
    this.rows = computed(() => {
      const rows: Row[] = shown.value.map(({ id }) => ({ key: outbox.keyOf(id) ?? id, id, outgoing: null }))
      if (this.hasNewer.value) return rows
      const sending = outbox.at(place).value
      return [...rows, ...sending.map(({ key }) => ({ key, id: null, outgoing: key }))]
    })
    this.hasOlder = computed(() => {
      this.version.value
      const segment = this.current()
      if (!segment) return false
      const first = shown.value[0]
      return segment.older !== null || (first !== undefined && segment.entries[0]?.id !== first.id)
    })
    this.hasNewer = computed(() => {
      this.version.value
      const segment = this.current()
      if (!segment) return false
      const newest = segment.entries.at(-1)
      return segment.newer !== null || (newest !== undefined && newest.seq > this.window.high)
    })
  }

  /** Shows the newest messages, unless it shows something already. */
  open(): Promise<void> {
    if (this.state.peek() === 'ready') return Promise.resolve()
    this.opening ??= this.toEnd().finally(() => {
      this.opening = undefined
    })
    return this.opening
  }

  /** Shows the newest messages; `error` says why that failed. `limit`: how many are read if need be, 1 to 200. */
  async toEnd(limit = PAGE): Promise<void> {
    await this.attempt(() => this.showEnd(limit))
  }

  /** @throws SynapseError where something was shown before; then that stays */
  private async showEnd(limit = PAGE): Promise<void> {
    const jump = ++this.jump
    const live = this.segments.at(-1)
    if (live?.newer !== null || live === undefined) await this.loading(() => this.readNewest(limit), jump)
    if (jump !== this.jump || this.state.peek() === 'failed') return
    batch(() => {
      this.isFollowing = true
      const live = this.segments.at(-1)
      if (live) this.window = atEnd(live, Math.max(PAGE, limit))
      this.ready()
    })
  }

  /** Shows a message with its neighbours. Reports whether it is there; a later jump wins. @throws SynapseError */
  async around(id: string): Promise<boolean> {
    const jump = ++this.jump
    const find = () => this.segments.find(({ entries }) => entries.some((entry) => entry.id === id))
    if (!find()) await this.loading(() => this.readAround(id), jump)
    if (jump !== this.jump) return false
    const segment = find()
    if (!segment) {
      if (this.state.peek() === 'loading') this.state.value = 'idle'
      return false
    }
    batch(() => {
      this.isFollowing = false
      this.window = aroundEntry(segment, id, PAGE)
      this.ready()
    })
    return true
  }

  /** Shows the first message at or after a time (ISO 8601). Returns its id; null if there is none. */
  async toDate(time: string): Promise<string | null> {
    const { id } = (await this.firstAfter(dateCursor(time))) ?? {}
    return id !== undefined && (await this.around(id)) ? id : null
  }

  /** The first message after a cursor. @throws SynapseError */
  async firstAfter(since: string): Promise<Message | undefined> {
    await this.deps.subscribed()
    const { messages } = await this.pages.read({ since, order: 'asc', limit: 1 })
    return messages[0]
  }

  /** Reads 50 older messages. After `rest` it shows them, and lets go of as many at the other end if there are too many. */
  async older(rest?: () => Promise<void>): Promise<void> {
    const segment = this.current()
    if (!segment || this.isLoadingOlder.peek()) return
    const { jump } = this
    const shown = this.shownEntries()
    const at = segment.entries.findIndex(({ id }) => id === shown[0]?.id)
    this.isLoadingOlder.value = true
    try {
      if (at < PAGE && segment.older !== null) await this.attempt(() => this.readBefore(segment))
      await rest?.()
    } finally {
      this.isLoadingOlder.value = false
    }
    if (jump === this.jump) this.widen(-PAGE)
  }

  /** Reads 50 newer messages likewise. */
  async newer(rest?: () => Promise<void>): Promise<void> {
    const segment = this.current()
    if (!segment || this.isLoadingNewer.peek()) return
    const { jump } = this
    const shown = this.shownEntries()
    const at = segment.entries.findIndex(({ id }) => id === shown.at(-1)?.id)
    this.isLoadingNewer.value = true
    try {
      if (segment.entries.length - 1 - at < PAGE && segment.newer !== null)
        await this.attempt(() => this.readAfter(segment))
      await rest?.()
    } finally {
      this.isLoadingNewer.value = false
    }
    if (jump === this.jump) this.widen(PAGE)
  }

  /**
   * Tells whether the view keeps to the end. While it does, new messages push out the oldest rows; else they stay outside of
   * a full window.
   */
  follow(isFollowing: boolean): void {
    this.isFollowing = isFollowing
  }

  /** Tries again what failed. */
  async retry(): Promise<void> {
    this.state.value = 'idle'
    await this.open()
  }

  /** A message came: from the stream, or as the answer to a post. Reports whether it belongs here now. */
  add(message: Message, source: Source): boolean {
    if (!this.holds(message)) return false
    if (source === 'stream') this.heardTo = Math.max(this.heardTo, message.seq)
    const entry = { id: message.id, seq: message.seq }
    for (const list of this.arrivals) list.push(entry)
    const segments = withEntry(this.segments, entry)
    if (segments === this.segments) return this.arrivals.size > 0
    this.segments = segments
    this.window = trimmed(this.window, this.shownEntries(), this.isFollowing)
    this.change()
    return true
  }

  /** Draws again: a message here was deleted. */
  touch(): void {
    this.change()
  }

  /** The stream was interrupted for long: what came meanwhile is not known. The window stays where it is. */
  async resume(isExpired: boolean): Promise<void> {
    if (this.state.peek() === 'idle') return
    if (isExpired) this.wasPurged.value = true
    const { messages } = this.deps.store
    const newest = this.shownEntries().at(-1)?.seq
    this.segments = closed(this.segments, this.heardTo, (id) => messages.peek(id)?.cursor)
    if (this.isFollowing) await this.showEnd()
    else {
      this.window = { ...this.window, high: newest ?? this.window.high }
      this.change()
    }
  }

  /** Older messages were purged: reads what remains, at the same place if it is still there. */
  async purge(): Promise<void> {
    if (this.state.peek() === 'idle') return
    const newest = this.shownEntries().at(-1)?.id
    const wasFollowing = this.isFollowing
    this.wasPurged.value = this.segments.some(({ entries }) => entries.length > 0)
    this.segments = []
    if (wasFollowing || newest === undefined || !(await this.around(newest))) await this.showEnd()
  }

  /** The server has another history: everything is read again. */
  async empty(): Promise<void> {
    const wasShown = this.state.peek() !== 'idle'
    this.segments = []
    this.heardTo = 0
    this.state.value = 'idle'
    if (wasShown) await this.open()
  }

  /** The message before another one, as far as it is here. */
  before(id: string): Message | undefined {
    for (const { entries } of this.segments) {
      const at = entries.findIndex((entry) => entry.id === id)
      const entry = entries[at - 1]
      if (entry) return this.deps.store.messages.peek(entry.id)
    }
    return
  }

  get size(): number {
    return this.segments.reduce((sum, { entries }) => sum + entries.length, 0)
  }

  /** Every message that it holds. */
  ids(): string[] {
    return this.segments.flatMap(({ entries }) => entries.map(({ id }) => id))
  }

  /** Lets go of messages far from the window until at most `most` are left, and returns those. */
  shrink(most: number): string[] {
    const current = this.current()
    if (this.size <= most || !current) return []
    const before = this.ids()
    const cursorOf = (id: string) => this.deps.store.messages.peek(id)?.cursor
    const kept = nearest(current, this.shownEntries(), most, cursorOf)
    this.segments = [kept]
    this.change()
    const stay = new Set(kept.entries.map(({ id }) => id))
    return before.filter((id) => !stay.has(id))
  }

  /** Whether a message belongs to this timeline. */
  private holds({ channel, thread_id, id }: Message): boolean {
    if (this.place.thread !== null) return thread_id === this.place.thread || id === this.place.thread
    return channel === this.place.channel && thread_id === null
  }

  private current(): Segment | undefined {
    return stretchOf(this.segments, this.window)
  }

  /** The messages of the window, without those that were deleted and have no replies. */
  private shownEntries(): Entry[] {
    const { low, high } = this.window
    const { messages, removing } = this.deps.store
    return (this.current()?.entries ?? []).filter(({ id, seq }) => {
      if (seq < low || seq > high || removing.peek(id)) return false
      const message = messages.peek(id)
      return message !== undefined && (!message.deleted || message.reply_count > 0)
    })
  }

  /** Moves an end of the window by so many messages. */
  private widen(by: number): void {
    const segment = this.current()
    if (!segment) return
    this.window = widened(segment, this.shownEntries(), by)
    if (this.window.high !== wholeWindow.high) this.isFollowing = false
    this.change()
  }

  private ready(): void {
    this.state.value = 'ready'
    this.error.value = undefined
    this.change()
  }

  private change(): void {
    this.version.value = this.version.peek() + 1
  }

  private async loading(work: () => Promise<void>, jump: number): Promise<void> {
    if (this.state.peek() !== 'ready') this.state.value = 'loading'
    try {
      await work()
    } catch (error) {
      if (!(error instanceof SynapseError)) throw error
      if (jump !== this.jump) return
      this.error.value = error
      if (this.state.peek() !== 'ready') this.state.value = 'failed'
      else throw error
    }
  }

  /** A page that fails leaves the window as it is, and says why. Where messages were purged, what remains is read. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      if (this.state.peek() !== 'failed') this.error.value = undefined
    } catch (error) {
      if (!(error instanceof SynapseError)) throw error
      if (error.code === 'cursor_expired') await this.purge()
      else this.error.value = error
    }
  }

  private async readNewest(limit: number): Promise<void> {
    await this.deps.subscribed()
    await this.joining(async () => {
      const { messages, next_cursor } = await this.pages.read({ order: 'desc', limit })
      this.heardTo = Math.max(this.heardTo, messages[0]?.seq ?? 0)
      return { entries: this.pages.put(messages.reverse()), older: next_cursor, newer: null }
    })
  }

  private async readBefore({ entries: [first], older }: Segment): Promise<void> {
    if (older === null || !first) return
    const { messages, next_cursor } = await this.pages.read({ before: older, order: 'desc', limit: PAGE })
    const entries = [...this.pages.put(messages.reverse()), first]
    this.segments = withSegment(this.segments, { entries, older: next_cursor, newer: older })
    this.change()
  }

  private async readAfter({ entries: [...known], newer }: Segment): Promise<void> {
    const last = known.at(-1)
    if (newer === null || !last) return
    await this.joining(async () => {
      const { messages, next_cursor } = await this.pages.read({ since: newer, order: 'asc', limit: PAGE })
      if (next_cursor === null) this.heardTo = Math.max(this.heardTo, messages.at(-1)?.seq ?? 0)
      return { entries: [last, ...this.pages.put(messages)], older: newer, newer: next_cursor }
    })
  }

  /** Adds a stretch that may reach to the end, and what has come since it was asked for. */
  private async joining(read: () => Promise<Segment>): Promise<void> {
    const arrived: Entry[] = []
    this.arrivals.add(arrived)
    try {
      this.segments = withSegment(this.segments, await read())
      for (const entry of arrived) this.segments = withEntry(this.segments, entry)
    } finally {
      this.arrivals.delete(arrived)
    }
    this.change()
  }

  private async readAround(id: string): Promise<void> {
    await this.deps.subscribed()
    const messages = await this.pages.around(id)
    const entries = this.pages.put(messages.filter((message) => this.holds(message)))
    const [oldest, newest] = [messages[0], messages.at(-1)]
    if (entries.length === 0 || !oldest || !newest) return
    this.segments = withSegment(this.segments, { entries, older: oldest.cursor, newer: newest.cursor })
    this.change()
  }
}
