import type { Seq } from '../../kernel/ids'
import type { Store } from '../../kernel/ports'
import type { LogEvent, MessageEvent } from '../../log/events'

/** Most rows are posts, and most are projected soon: so many of the newest rows are kept. */
const CAPACITY = 4096
/** The text of the kept posts, in characters. */
const MAX_TEXT = 4 * 1024 * 1024

/**
 * The newest rows of the log as they were committed, so that posts need not be read again from the store. A post that is
 * edited or deleted meanwhile reads as it is afterwards.
 */
export class RecentPosts {
  /** Without a gap, oldest first. */
  private events: LogEvent[] = []
  private text = 0

  constructor(store: Pick<Store, 'onCommit' | 'shared'>) {
    store.onCommit((events) => {
      for (const event of events) this.add(event)
    })
    // What was passed over is missing.
    store.shared?.onAdvance(() => this.clear())
  }

  /** Returns the posts after a position, at most `limit`, up to the first row of another type; undefined if there is none. */
  after(seq: Seq, limit: number): readonly MessageEvent[] | undefined {
    const start = this.indexOf(seq + 1)
    const posts: MessageEvent[] = []
    for (let i = start; start >= 0 && i < start + limit; i++) {
      const event = this.events[i]
      if (event?.type !== 'message.created') break
      posts.push(event)
    }
    return posts.length === 0 ? undefined : posts
  }

  /** Drops the rows up to a position. */
  forget(upTo: Seq): void {
    const end = this.indexOf(upTo + 1)
    if (end < 0 || end > this.events.length) this.clear()
    else for (const event of this.events.splice(0, end)) this.text -= lengthOf(event)
  }

  private add(event: LogEvent): void {
    const newest = this.events.at(-1)
    const isNext = newest === undefined || event.seq === newest.seq + 1
    if (!isNext || this.events.length >= CAPACITY || this.text > MAX_TEXT) this.clear()
    this.events.push(event)
    this.text += lengthOf(event)
    if (event.type === 'message.edited' || event.type === 'message.deleted') this.change(event)
  }

  private change({ message }: MessageEvent): void {
    const at = this.indexOf(message.message.seq)
    const post = this.events[at]
    if (post?.type !== 'message.created') return
    this.events[at] = { ...post, message }
    this.text += message.message.body.length - lengthOf(post)
  }

  private indexOf(seq: Seq): number {
    const [oldest] = this.events
    return oldest === undefined ? -1 : seq - oldest.seq
  }

  private clear(): void {
    this.events = []
    this.text = 0
  }
}

function lengthOf(event: LogEvent): number {
  return event.type === 'message.created' ? event.message.message.body.length : 0
}
