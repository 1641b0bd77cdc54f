import type { Person } from './actor'
import type { Audience } from './audience'
import type { Directory } from './directory'
import { type EventLookups, type EventRecord, fromRecord, type LogEvent } from './events'
import type { Gates } from './gates'
import type { Seq } from './ids'
import { SCAN_LIMIT } from './limits'
import type { Log } from './log'
import type { Reads } from './ports'
import { viewMessages } from './views'

const PAGE = 500

/** What of the log a reader wants. */
export interface FeedFilter {
  /** Inner ids of channels; `*` = whatever the reader may hear, also what belongs to no channel. */
  readonly channelIds: ReadonlySet<number> | '*'
  /** Types, or prefixes ending in `.*`; null = all. */
  readonly types: readonly string[] | null
  /** Root of a thread: only its messages. */
  readonly threadRoot: Seq | null
  /** Leave out what this account did. */
  readonly notActorId: number | null
}

export interface FeedPage {
  readonly events: readonly LogEvent[]
  /** Position after the last event that was looked at. */
  readonly position: Seq
  /** Whether the log went on behind `position` when the page was read. */
  readonly hasMore: boolean
}

/** Reading the log as one reader may hear it. Every stream, socket and poll of events goes through here. */
export class Feed {
  constructor(
    private readonly reads: Reads,
    private readonly directory: Directory,
    private readonly gates: Gates,
    private readonly audience: Audience,
    private readonly log: Log,
  ) {}

  /** Whether an event that this filter selects by channel and type is one of its. */
  selects(filter: FeedFilter, event: LogEvent): boolean {
    return (
      selectsRecord(filter, event.type, event.channel?.id ?? null, event.actor?.id ?? null) &&
      inThread(filter, event)
    )
  }

  /**
   * Up to `limit` events after a position, oldest first, as the actor may hear them now. Looks at no more than
   * SCAN_LIMIT events, so a page may be empty although the log goes on.
   * @throws what ends the actor's credential
   */
  async page(actor: Person, filter: FeedFilter, after: Seq, limit: number): Promise<FeedPage> {
    const head = this.log.head
    const events: LogEvent[] = []
    let position = after
    for (let scanned = 0; position < head && scanned < SCAN_LIMIT && events.length < limit; ) {
      const records = (await this.reads.events(position, PAGE)).filter((record) => record.seq <= head)
      if (records.length === 0) return { events, position: head, hasMore: false }
      scanned += records.length
      for (const event of await this.open(actor, filter, records)) {
        if (events.length === limit) break
        events.push(event)
      }
      position =
        events.length === limit ? (events.at(-1)?.seq ?? position) : (records.at(-1)?.seq ?? position)
    }
    return { events, position, hasMore: position < head }
  }

  /** The events that these records are today, without those that the filter or the reader's rights leave out. */
  private async open(
    actor: Person,
    filter: FeedFilter,
    records: readonly EventRecord[],
  ): Promise<LogEvent[]> {
    const wanted = records.filter((r) => selectsRecord(filter, r.type, r.channelId, r.actorId))
    const heard = await this.directory.settle(() => {
      const now = this.gates.current(actor)
      this.directory.requireRooms(wanted.flatMap((record) => record.channelId ?? []))
      return wanted.filter((record) => this.audience.hears(now, heardOf(record)))
    })
    return (await this.hydrate(heard)).filter((event) => inThread(filter, event))
  }

  private async hydrate(records: readonly EventRecord[]): Promise<LogEvent[]> {
    const seqs = records.filter((record) => record.type === 'message.created').map((record) => record.subject)
    const stored = await this.reads.messagesBySeq(seqs)
    return this.directory.settle(() => {
      const accounts = records.flatMap((r) => [r.actorId, heardOf(r).accountId])
      this.directory.requireAccounts(accounts.filter((id) => id !== null))
      const messages = new Map(viewMessages(this.directory, stored).map((view) => [view.message.seq, view]))
      const look: EventLookups = {
        account: (id) => this.directory.account(id),
        channel: (id) => this.directory.channel(id),
        message: (seq) => messages.get(seq),
      }
      return records.map((record) => fromRecord(record, look)).filter((event) => event !== undefined)
    })
  }
}

function heardOf(record: EventRecord) {
  const aboutAccount = record.type.startsWith('member.') || record.type.startsWith('account.')
  return { type: record.type, channelId: record.channelId, accountId: aboutAccount ? record.subject : null }
}

function selectsRecord(
  filter: FeedFilter,
  type: string,
  channelId: number | null,
  actorId: number | null,
): boolean {
  if (filter.channelIds !== '*' && (channelId === null || !filter.channelIds.has(channelId))) return false
  if (filter.notActorId !== null && filter.notActorId === actorId) return false
  return filter.types === null || filter.types.some((wanted) => matchesType(wanted, type))
}

function matchesType(wanted: string, type: string): boolean {
  return wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : wanted === type
}

function inThread(filter: FeedFilter, event: LogEvent): boolean {
  if (filter.threadRoot === null) return true
  const message = event.message?.message
  return (
    message !== undefined && (message.seq === filter.threadRoot || message.thread?.seq === filter.threadRoot)
  )
}
