import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { Message, MessageView } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import { SCAN_LIMIT } from '../kernel/limits'
import type { MessageFilter, MessagePosition, MessageStretch, Reads, Store } from '../kernel/ports'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import type { RecentEvents, RecentEventsMark } from '../log/recent-events'
import { asTombstone, viewMessages } from './views'

/** Messages read together, unless most of them are filtered out. */
const SLICE = 64
/** A filtered page that has looked at more than this goes on off the serving thread, in larger steps. */
const LOOKED_HERE = 1000
const SLOW_ROWS = 2000

/** A range of the log and a direction through it. Both ends are exclusive. */
export interface Stretch {
  readonly after: Seq
  readonly before: Seq
  readonly order: 'asc' | 'desc'
}

/** What a reader asks for, in terms of the log, within what it may read. */
export interface Search {
  readonly of: MessageStretch['of']
  readonly channelIds: ReadonlySet<number>
  /** Seq by channel id, up to which its messages are hidden from the reader. */
  readonly hidden: ReadonlyMap<number, Seq>
  /** Seq up to which all of them are hidden. */
  readonly allHidden: Seq
  /** The root of a thread, which is shown as a tombstone if it is hidden. */
  readonly tombstone: Seq | null
  readonly filter: MessageFilter
  /** Whether messages are excluded for any reason besides deletion. */
  readonly isFiltered: boolean
  /** A condition that needs the message itself; null = none. */
  readonly matches: ((message: Message) => boolean) | null
}

export interface MessageScanDeps {
  readonly store: Pick<Store, 'reads' | 'slow'>
  readonly directory: Directory
  readonly policy: Policy
  readonly recent: RecentEvents
  readonly pace: Pace
}

/** Reads messages in the order of the log. history.ts makes pages of them, context.ts the surroundings of a message. */
export class MessageScan {
  constructor(private readonly deps: MessageScanDeps) {}

  /**
   * Returns up to `limit` messages in order, and how far it read: to the end of the stretch, or until there are enough.
   * Examines at most SCAN_LIMIT messages.
   */
  async collect(
    stretch: Stretch,
    wanted: number,
    search: Search,
  ): Promise<{ found: Message[]; read: Stretch }> {
    const loop = this.deps.pace.loop()
    const found: Message[] = []
    let rest = { ...stretch, after: Math.max(stretch.after, search.allHidden) }
    const { store } = this.deps
    let size = Math.min(wanted, TURN_ROWS)
    let together = SLICE
    for (let looked = 0; looked < SCAN_LIMIT; ) {
      await loop.turn()
      const isLong = search.isFiltered && looked >= LOOKED_HERE
      const [reads, most] = isLong ? [store.slow, SLOW_ROWS] : [store.reads, TURN_ROWS]
      if (isLong) size = SLOW_ROWS
      const limit = Math.min(size, SCAN_LIMIT - looked)
      const places = await reads.messagePositions({ of: search.of, ...rest, limit })
      loop.did(places.length)
      looked += places.length
      const seqs = places.filter((place) => isShown(place, search)).map(({ seq }) => seq)
      for (let start = 0; start < seqs.length; ) {
        await loop.turn()
        const slice = seqs.slice(start, start + together)
        const rows = await this.messages(reads, slice, search)
        // The rows that are filtered out cost the thread that reads them.
        loop.did(isLong ? rows.length : slice.length)
        start += slice.length
        // Reading a message costs much more than reading the position of one that is filtered out.
        together = rows.length * 4 < slice.length ? most : SLICE
        const inOrder = rows.toSorted((one, other) => one.seq - other.seq)
        for (const row of rest.order === 'asc' ? inOrder : inOrder.reverse()) {
          if (search.matches && !search.matches(row)) continue
          if (found.push(row) === wanted) return { found, read: stretch }
        }
      }
      const last = places.at(-1)
      if (!last || places.length < limit) return { found, read: stretch }
      rest = rest.order === 'asc' ? { ...rest, after: last.seq } : { ...rest, before: last.seq }
      size = TURN_ROWS
    }
    const { after, before, order } = rest
    return {
      found,
      read: order === 'asc' ? { ...stretch, before: after + 1 } : { ...stretch, after: before - 1 },
    }
  }

  /** Returns the messages that pass the filter, in no order. */
  private async messages(
    reads: Reads,
    seqs: readonly Seq[],
    { filter, isFiltered }: Search,
  ): Promise<Message[]> {
    const { recent } = this.deps
    if (isFiltered) return reads.messagesBySeq(seqs, filter)
    const found: Message[] = []
    const missing: Seq[] = []
    for (const seq of seqs) {
      const known = recent.message(seq)?.message
      if (!known) missing.push(seq)
      else if (filter.includeDeleted || known.deletedAt === null) found.push(known)
    }
    if (missing.length > 0) found.push(...(await reads.messagesBySeq(missing, filter)))
    return found
  }

  /**
   * Returns messages as they read now, without those that became unreadable while other work ran. `tombstone`: see
   * Search.
   */
  async view(
    actor: Person,
    found: readonly Message[],
    tombstone: Seq | null,
    mark: RecentEventsMark,
  ): Promise<MessageView[]> {
    const { directory, policy, recent } = this.deps
    const views = await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const ids = [...new Set(found.map(({ channelId }) => channelId))]
      const channels = directory.requireChannels(ids)
      policy.prepare(now, channels)
      const readable = new Map(
        channels
          .filter((channel) => policy.mayRead(now, channel))
          .map((channel) => [channel.id, policy.hiddenUpTo(now, channel)]),
      )
      const isHidden = ({ seq, channelId }: Message) => seq <= (readable.get(channelId) ?? seq)
      const shown = found.filter(
        (message) => readable.has(message.channelId) && (!isHidden(message) || message.seq === tombstone),
      )
      const isKnown = (message: Message) => recent.message(message.seq)?.message === message
      const built = viewMessages(
        directory,
        shown.filter((message) => !isKnown(message)),
      )
      const fresh = new Map(built.map((view) => [view.message.seq, view]))
      return shown.map((message) => {
        const { seq } = message
        const view = fresh.get(seq) ?? recent.message(seq)
        if (view && isHidden(message)) return { view: asTombstone(view), isFresh: false }
        return { view, isFresh: fresh.has(seq) }
      })
    })
    return views.flatMap(({ view, isFresh }) => {
      if (view && isFresh) recent.keepMessage(view, mark)
      return view ?? []
    })
  }
}

function isShown({ seq, channelId }: MessagePosition, { channelIds, hidden, tombstone }: Search): boolean {
  return channelIds.has(channelId) && (seq > (hidden.get(channelId) ?? 0) || seq === tombstone)
}
