import type { Synapse } from '@synapse/client'
import { type Clock, MINUTE, SECOND } from './clock'
import type { Store } from './store'
import { isUnseen, type Place, placeKey } from './types'

/** A row counts as read when it was seen for so long, in a focused window with input in the last minute. */
const SEEN_MS = SECOND
const INPUT_MS = MINUTE
/** Positions are sent at most so often. */
const SEND_MS = 2 * SECOND

/** What is in view: the newest row that is wholly visible. */
export interface Sight {
  readonly seq: number
  readonly cursor: string
}

/** Rows that came into view, the oldest first. A newer one does not end that an older one is seen. */
export type Glances = readonly (Sight & { readonly since: number })[]

/** The glances after the view changed: rows newer than the newest visible one are out of view again. */
export function look(glances: Glances, newest: Sight | null, now: number): Glances {
  if (newest === null) return []
  const still = glances.filter(({ seq }) => seq <= newest.seq)
  return still.at(-1)?.seq === newest.seq ? still : [...still, { ...newest, since: now }]
}

/** The newest row that was in view for a second. */
export function readAt(glances: Glances, now: number): Sight | undefined {
  return glances.findLast(({ since }) => now - since >= SEEN_MS)
}

/** Whether somebody is there: the window has the focus, and there was input in the last minute. */
export function isAttentive(isFocused: boolean, lastInput: number, now: number): boolean {
  return isFocused && now - lastInput <= INPUT_MS
}

interface Deps {
  readonly store: Store
  readonly synapse: Synapse
  readonly clock: Clock
}

interface Progress {
  readonly place: Place
  glances: Glances
  /** The newest position that was sent or is to be sent. */
  seq: number
  waiting: Sight | undefined
  sentAt: number
  isSending: boolean
  /** Something was marked as unread: nothing is read until one has left. */
  isHeld: boolean
  cancel: (() => void) | undefined
}

/** How far I have read, by the rules of the console: opening reads nothing; what was in view for a second is read. */
export class Reading {
  private readonly places = new Map<string, Progress>()
  private isFocused = false
  private lastInput = Number.NEGATIVE_INFINITY

  constructor(private readonly deps: Deps) {}

  /** The window got or lost the focus. */
  focus(isFocused: boolean): void {
    const now = this.deps.clock.now()
    this.isFocused = isFocused
    // What stood there while nobody looked was not seen.
    for (const progress of this.places.values())
      progress.glances = progress.glances.map((glance) => ({ ...glance, since: now }))
    if (isFocused) for (const progress of this.places.values()) this.watch(progress)
  }

  /** A key, a pointer or a touch. */
  input(): void {
    const now = this.deps.clock.now()
    const wasAttentive = isAttentive(this.isFocused, this.lastInput, now)
    this.lastInput = now
    if (!wasAttentive) for (const progress of this.places.values()) this.watch(progress)
  }

  /** The newest row that is wholly visible has changed; null if there is none. Call it after each scroll and each change. */
  see(place: Place, newest: Sight | null): void {
    const progress = this.progress(place)
    progress.glances = look(progress.glances, newest, this.deps.clock.now())
    this.watch(progress)
  }

  /** The conversation is left: sends what is to be sent. */
  leave(place: Place): void {
    const progress = this.places.get(placeKey(place))
    if (!progress) return
    this.sendNow(progress)
    progress.glances = []
    progress.isHeld = false
    progress.cancel?.()
  }

  /** The page may go: sends everything. */
  flush(): void {
    for (const progress of this.places.values()) this.sendNow(progress)
  }

  /** Marks everything up to a message as read, or (null) the whole conversation. @throws SynapseError */
  async mark(place: Place, upTo: Sight | null): Promise<void> {
    const cursor = upTo?.cursor ?? 'now'
    const progress = this.progress(place)
    if (upTo) progress.seq = Math.max(progress.seq, upTo.seq)
    progress.waiting = undefined
    await this.put(place, cursor, false)
  }

  /** Marks a message and everything after it as unread. `before`: the position just before it. @throws SynapseError */
  async unreadFrom(place: Place, before: string): Promise<void> {
    const progress = this.progress(place)
    progress.waiting = undefined
    progress.isHeld = true
    progress.seq = 0
    await this.put(place, before, true)
  }

  private progress(place: Place): Progress {
    const key = placeKey(place)
    const known = this.places.get(key)
    if (known) return known
    const made: Progress = {
      ...{ place, glances: [], seq: 0, waiting: undefined },
      ...{ sentAt: Number.NEGATIVE_INFINITY, isSending: false, isHeld: false, cancel: undefined },
    }
    this.places.set(key, made)
    return made
  }

  private watch(progress: Progress): void {
    progress.cancel?.()
    progress.cancel = undefined
    this.judge(progress)
    const now = this.deps.clock.now()
    const newest = progress.glances.at(-1)
    const isNew = newest !== undefined && newest.seq > progress.seq && !progress.isHeld
    const due = [
      ...(isNew && isAttentive(this.isFocused, this.lastInput, now) ? [newest.since + SEEN_MS] : []),
      ...(progress.waiting ? [progress.sentAt + SEND_MS] : []),
    ]
    if (due.length === 0) return
    const wait = Math.max(Math.min(...due) - now, 1)
    progress.cancel = this.deps.clock.after(wait, () => this.watch(progress))
  }

  private judge(progress: Progress): void {
    const { clock } = this.deps
    const now = clock.now()
    if (isAttentive(this.isFocused, this.lastInput, now)) {
      const read = readAt(progress.glances, now)
      if (read && read.seq > progress.seq && !progress.isHeld) {
        progress.seq = read.seq
        if (this.isUnread(progress.place)) progress.waiting = read
      }
    }
    this.send(progress)
  }

  /** Whether a position would change anything. */
  private isUnread({ channel, thread }: Place): boolean {
    const { store } = this.deps
    const { unread = 0, mentions = 0 } = store.channels.peek(channel) ?? {}
    if (thread === null && unread + mentions > 0) return true
    return store.items.values().some((item) => {
      const { message } = item
      if (message.channel !== channel || !isUnseen(item)) return false
      return thread === null || (message.thread_id ?? message.id) === thread
    })
  }

  private sendNow(progress: Progress): void {
    progress.sentAt = Number.NEGATIVE_INFINITY
    this.judge(progress)
  }

  private send(progress: Progress): void {
    const { clock } = this.deps
    const { waiting, place } = progress
    if (!waiting || progress.isSending || clock.now() - progress.sentAt < SEND_MS) return
    progress.waiting = undefined
    progress.sentAt = clock.now()
    progress.isSending = true
    this.put(place, waiting.cursor, false).then(
      () => {
        progress.isSending = false
        this.watch(progress)
      },
      () => {
        progress.isSending = false
        // Nothing is lost: the position goes with the next row that is read.
        if (progress.seq === waiting.seq) progress.seq = 0
      },
    )
  }

  private async put({ channel, thread }: Place, cursor: string, rewind: boolean): Promise<void> {
    const { synapse, store } = this.deps
    const position = await synapse.request('PUT /v1/channels/{slug}/read', {
      path: { slug: channel },
      body: { cursor, ...(thread === null ? {} : { thread }), ...(rewind ? { rewind } : {}) },
    })
    const { unread, mentions, read_cursor } = position
    store.channels.update(channel, (known) => ({
      ...known,
      mentions,
      ...(thread === null ? { unread, read_cursor } : {}),
    }))
  }
}
