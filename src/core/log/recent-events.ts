import type { MessageView } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Catalogue } from './catalogue'
import type { LogEvent } from './events'

/** What all that is kept may take, renderings included. */
const CAPACITY_BYTES = 4 * 1024 * 1024
/** What an event takes beside its texts, and for each of their characters: objects, and a copy for each form. */
const BYTES_PER_EVENT = 3000
const BYTES_PER_CHARACTER = 6

interface Entry {
  /** Null of a message that was read for a page: when and by whom its event was, only the log says. */
  readonly event: LogEvent | null
  readonly message: MessageView | null
  readonly bytes: number
  /** The message has replies, which its event does not show and a page of messages does. */
  hasReplies: boolean
}

/** Where things stood when something was read that is to be kept. */
export interface RingMark {
  readonly changes: number
  readonly replies: number
}

/**
 * The events that were announced or read last, by seq. A surface renders an event once as long as the object is the
 * same, so readers who catch up at about the same time, and all who have just been away, share what is here. It holds
 * what the log says, whoever may read it: rights are judged before anybody looks here. It is emptied by whatever changes
 * how an event reads, in the step in which that is committed.
 */
export class RecentEvents {
  private readonly entries = new Map<Seq, Entry>()
  private bytes = 0
  private changes = 0
  private replies = 0

  /** `isHeard`: whether any reader listens. While none does, a new event is kept when it is first read. */
  constructor(
    private readonly catalogue: Catalogue,
    private readonly isHeard: () => boolean,
  ) {}

  get(seq: Seq): LogEvent | undefined {
    return this.entries.get(seq)?.event ?? undefined
  }

  /** A message as a page shows it. Undefined also where it has replies. */
  message(seq: Seq): MessageView | undefined {
    const entry = this.entries.get(seq)
    return entry?.hasReplies ? undefined : (entry?.message ?? undefined)
  }

  /** To be asked for before what is kept later is read. */
  get mark(): RingMark {
    return { changes: this.changes, replies: this.replies }
  }

  /** Keeps what was read since the mark, unless it may read differently by now. */
  keep(event: LogEvent, hasReplies: boolean, { changes, replies }: RingMark): void {
    if (changes !== this.changes) return
    this.put(event.seq, event, postedBy(event), hasReplies || replies !== this.replies)
  }

  /** The same for a message as a page shows it. */
  keepMessage(view: MessageView, { changes, replies }: RingMark): void {
    if (changes !== this.changes || replies !== this.replies || view.message.replyCount > 0) return
    const { seq } = view.message
    if (!this.get(seq)) this.put(seq, null, view, false)
  }

  /** Told of every committed event. */
  apply(event: LogEvent): void {
    this.forget(event)
    const posted = postedBy(event)
    if (this.isHeard()) this.put(event.seq, event, posted, false)
    const root = posted?.message.thread
    if (!root) return
    this.replies++
    const entry = this.entries.get(root.seq)
    if (entry) entry.hasReplies = true
  }

  /** The same for an event of which only the record is known. */
  forget({ type }: { readonly type: string }): void {
    if (this.catalogue.changesPast(type)) this.clear()
  }

  /** Forgets everything: something happened of which no event tells. */
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

/** The message that the event is the posting of. */
function postedBy(event: LogEvent): MessageView | null {
  return event.type === 'message.created' ? event.message : null
}

function charactersIn(view: MessageView | null, event: LogEvent | null): number {
  if (!view) return charactersOf(event?.facts)
  return view.message.body.length + charactersOf(view.message.metadata)
}

/** About how long a value is as JSON. */
function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let characters = 0
  for (const [key, member] of Object.entries(value)) characters += key.length + 4 + charactersOf(member)
  return characters
}
