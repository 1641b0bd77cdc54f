import type { Message, MessageView } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Catalogue } from './catalogue'
import { type EventRecord, type LogEvent, subjectOf } from './events'

/** The size of the cache, renderings included. */
const CAPACITY_BYTES = 4 * 1024 * 1024
/** Estimated size of an entry without its text, and of each character of text: objects, and a copy for each form. */
const BYTES_PER_EVENT = 3000
const BYTES_PER_CHARACTER = 6

interface Entry {
  /** Null for a message that was read for a page: only the log knows the instant and actor of its event. */
  readonly event: LogEvent | null
  /** The message that was posted by the event, or read for a page. */
  readonly message: MessageView | null
  readonly bytes: number
  /** Whether the message has replies or reactions that a page of messages shows and this entry does not. */
  isDiscussed: boolean
}

/** A snapshot of the cache's change counters. See `RecentEvents.mark`. */
export interface RecentEventsMark {
  readonly changes: number
  readonly replies: number
}

/** Reports whether a message has replies or reactions. Pages show them; the event of its posting does not. */
export function isDiscussed({ replyCount, reactions }: Message): boolean {
  return replyCount > 0 || reactions.length > 0
}

/**
 * A cache of the events announced or read last, by seq. A surface renders each event object once, so readers that catch
 * up at the same time, or reconnect after a short absence, share the renderings. The cache is independent of readers:
 * rights are checked before it is used. An event that changes how other events read drops them in the same step in
 * which it is committed.
 */
export class RecentEvents {
  private readonly entries = new Map<Seq, Entry>()
  /** By message: the cached events that show it, except that of its posting. */
  private readonly later = new Map<Seq, Set<Seq>>()
  private bytes = 0
  private changes = 0
  private replies = 0

  /** `hasReaders` reports whether a reader is connected. While none is, an event is cached when it is first read. */
  constructor(
    private readonly catalogue: Catalogue,
    private readonly hasReaders: () => boolean,
  ) {}

  get(seq: Seq): LogEvent | undefined {
    return this.entries.get(seq)?.event ?? undefined
  }

  /** Returns a message as a page shows it. Undefined if it is not cached as such. */
  message(seq: Seq): MessageView | undefined {
    const entry = this.entries.get(seq)
    return entry?.isDiscussed ? undefined : (entry?.message ?? undefined)
  }

  /** Take the mark before you read what you will keep. */
  get mark(): RecentEventsMark {
    return { changes: this.changes, replies: this.replies }
  }

  /** Caches an event that was read after the mark was taken, unless it may read differently by now. */
  keep(event: LogEvent, discussed: boolean, { changes, replies }: RecentEventsMark): void {
    if (changes !== this.changes) return
    const hasNewReplies = replies !== this.replies
    if (hasNewReplies && this.shownBy(event) !== undefined) return
    this.put(event.seq, event, postedBy(event), discussed || hasNewReplies)
  }

  /** Caches a message as a page shows it, under the same condition. */
  keepMessage(view: MessageView, { changes, replies }: RecentEventsMark): void {
    if (changes !== this.changes || replies !== this.replies || view.message.replyCount > 0) return
    const { seq } = view.message
    if (!this.get(seq)) this.put(seq, null, view, false)
  }

  /** Applies a committed event. */
  apply(event: LogEvent): void {
    const change = this.catalogue.changesPast(event.type)
    if (change) this.forget({ type: event.type, subject: subjectOf(event) })
    const posted = postedBy(event)
    if (this.hasReaders()) this.put(event.seq, event, posted, false)
    if (event.about === 'message' && event.message.message.thread) this.applyToThread(event)
  }

  /** Applies an event of which only the record is known. */
  forget({ type, subject }: Pick<EventRecord, 'type' | 'subject'>): void {
    const change = this.catalogue.changesPast(type)
    if (change === 'everything') this.clear()
    if (change === 'subject') this.forgetMessage(subject)
  }

  /** Clears the cache, after a change that no event describes. */
  clear(): void {
    this.changes++
    this.entries.clear()
    this.later.clear()
    this.bytes = 0
  }

  private forgetMessage(seq: Seq): void {
    // What is being read at this moment may be older than the change.
    this.changes++
    this.remove(seq)
    this.forgetLater(seq)
  }

  /** A new or deleted reply changes what its root shows, except in the event of the root's own posting. */
  private applyToThread({ type, message }: LogEvent & { about: 'message' }): void {
    const root = message.message.thread?.seq
    if (root === undefined || (type !== 'message.created' && type !== 'message.deleted')) return
    this.replies++
    const entry = this.entries.get(root)
    if (entry) entry.isDiscussed = true
    this.forgetLater(root)
  }

  private put(seq: Seq, event: LogEvent | null, message: MessageView | null, discussed: boolean): void {
    // A claim is renewed without an event, and a pause is shown as it is now.
    if (event?.about === 'claim' || event?.about === 'pause') return
    const bytes = BYTES_PER_EVENT + BYTES_PER_CHARACTER * charactersIn(message, event)
    this.remove(seq)
    this.entries.set(seq, { event, message, bytes, isDiscussed: discussed })
    const about = event ? this.shownBy(event) : undefined
    if (about !== undefined) this.later.set(about, (this.later.get(about) ?? new Set()).add(seq))
    this.bytes += bytes
    if (this.bytes <= CAPACITY_BYTES) return
    for (const oldest of this.entries.keys()) {
      this.remove(oldest)
      if (this.bytes <= CAPACITY_BYTES) return
    }
  }

  private remove(seq: Seq): void {
    const entry = this.entries.get(seq)
    if (!entry) return
    this.bytes -= entry.bytes
    this.entries.delete(seq)
    const about = entry.event ? this.shownBy(entry.event) : undefined
    const others = about === undefined ? undefined : this.later.get(about)
    if (about === undefined || !others) return
    others.delete(seq)
    if (others.size === 0) this.later.delete(about)
  }

  private forgetLater(message: Seq): void {
    for (const seq of [...(this.later.get(message) ?? [])]) this.remove(seq)
  }

  /** Returns the message that an event shows, unless the event is its posting. */
  private shownBy(event: LogEvent): Seq | undefined {
    if (event.about !== 'message' || event.type === 'message.created') return undefined
    const { seq } = event.message.message
    const { payload = [] } = this.catalogue.find(event.type) ?? {}
    return payload.some((key) => key === 'message' || key === 'approval') ? seq : undefined
  }
}

/** Returns the message whose posting the event is. */
function postedBy(event: LogEvent): MessageView | null {
  return event.type === 'message.created' ? event.message : null
}

function charactersIn(posted: MessageView | null, event: LogEvent | null): number {
  const view = posted ?? (event?.about === 'message' ? event.message : null)
  if (!view) return charactersOf(event?.facts)
  return view.message.body.length + charactersOf(view.message.metadata) + charactersOf(view.reactions)
}

/** Estimates the length of a value as JSON. */
function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let characters = 0
  for (const [key, member] of Object.entries(value)) characters += key.length + 4 + charactersOf(member)
  return characters
}
