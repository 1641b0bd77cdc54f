import type { MessageView } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Catalogue } from './catalogue'
import type { LogEvent } from './events'

/** The size of the cache, renderings included. */
const CAPACITY_BYTES = 4 * 1024 * 1024
/** Estimated size of an entry without its text, and of each character of text: objects, and a copy for each form. */
const BYTES_PER_EVENT = 3000
const BYTES_PER_CHARACTER = 6

interface Entry {
  /** Null for a message that was read for a page: only the log knows the instant and actor of its event. */
  readonly event: LogEvent | null
  readonly message: MessageView | null
  readonly bytes: number
  /** Whether the message has replies. A page of messages shows them; the event does not. */
  hasReplies: boolean
}

/** A snapshot of the cache's change counters. See `RecentEvents.mark`. */
export interface RecentEventsMark {
  readonly changes: number
  readonly replies: number
}

/**
 * A cache of the events announced or read last, by seq. A surface renders each event object once, so readers that catch
 * up at the same time, or reconnect after a short absence, share the renderings. The cache is independent of readers:
 * rights are checked before it is used. An event that changes how other events read clears the cache in the same step
 * in which it is committed.
 */
export class RecentEvents {
  private readonly entries = new Map<Seq, Entry>()
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

  /** Returns a message as a page shows it. Undefined if it is not cached or has replies. */
  message(seq: Seq): MessageView | undefined {
    const entry = this.entries.get(seq)
    return entry?.hasReplies ? undefined : (entry?.message ?? undefined)
  }

  /** Take the mark before you read what you will keep. */
  get mark(): RecentEventsMark {
    return { changes: this.changes, replies: this.replies }
  }

  /** Caches an event that was read after the mark was taken, unless it may read differently by now. */
  keep(event: LogEvent, hasReplies: boolean, { changes, replies }: RecentEventsMark): void {
    if (changes !== this.changes) return
    this.put(event.seq, event, postedBy(event), hasReplies || replies !== this.replies)
  }

  /** Caches a message as a page shows it, under the same condition. */
  keepMessage(view: MessageView, { changes, replies }: RecentEventsMark): void {
    if (changes !== this.changes || replies !== this.replies || view.message.replyCount > 0) return
    const { seq } = view.message
    if (!this.get(seq)) this.put(seq, null, view, false)
  }

  /** Applies a committed event. */
  apply(event: LogEvent): void {
    this.forget(event)
    const posted = postedBy(event)
    if (this.hasReaders()) this.put(event.seq, event, posted, false)
    const root = posted?.message.thread
    if (!root) return
    this.replies++
    const entry = this.entries.get(root.seq)
    if (entry) entry.hasReplies = true
  }

  /** Applies an event of which only the record is known. */
  forget({ type }: { readonly type: string }): void {
    if (this.catalogue.changesPast(type)) this.clear()
  }

  /** Clears the cache, after a change that no event describes. */
  clear(): void {
    this.changes++
    this.entries.clear()
    this.bytes = 0
  }

  private put(seq: Seq, event: LogEvent | null, message: MessageView | null, hasReplies: boolean): void {
    const bytes = BYTES_PER_EVENT + BYTES_PER_CHARACTER * charactersIn(message, event)
    this.remove(seq)
    this.entries.set(seq, { event, message, bytes, hasReplies })
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
  }
}

/** Returns the message whose posting the event is. */
function postedBy(event: LogEvent): MessageView | null {
  return event.type === 'message.created' ? event.message : null
}

function charactersIn(view: MessageView | null, event: LogEvent | null): number {
  if (!view) return charactersOf(event?.facts)
  return view.message.body.length + charactersOf(view.message.metadata)
}

/** Estimates the length of a value as JSON. */
function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let characters = 0
  for (const [key, member] of Object.entries(value)) characters += key.length + 4 + charactersOf(member)
  return characters
}
