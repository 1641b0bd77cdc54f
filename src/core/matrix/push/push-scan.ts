import type { Core } from '../..'
import { isObject } from '../canonical'
import { EVENTS_PER_ROW, type StoredEvent } from '../event-ports'
import type { Positions } from '../reading/positions'
import type { Counts } from './counts'
import { EventFacts } from './facts'
import type { PusherQueue, Waiting } from './pusher-queue'
import type { ReadPositions } from './read-positions'
import type { ReaderRules } from './reader-rules'
import type { RoomTails } from './tails'
import type { CountPlace, WatchedAccounts } from './watched-accounts'

/** Rows of the log and events that are read at once. */
const ROWS = 1000
const EVENTS = 2000

export interface ScanDeps {
  readonly core: Pick<Core, 'reads' | 'pace'>
  readonly positions: Pick<Positions, 'heard'>
  readonly counts: Counts
  readonly tails: RoomTails
  readonly rules: ReaderRules
  readonly read: ReadPositions
  readonly watched: WatchedAccounts
}

/** Finds in the log what pushers have to tell, once for all of them. */
export class PushScan {
  /** Everything before this place was looked at. */
  place = 0

  constructor(private readonly deps: ScanDeps) {}

  /** Looks at what is new, and appends it to the queues that have to tell it. */
  async upTo(all: readonly PusherQueue[], signal: AbortSignal): Promise<void> {
    const { end } = this.deps.positions.heard()
    if (this.place >= end) return
    const queues = Map.groupBy(all, ({ pusher }) => pusher.accountId)
    // What was before the first of them needs no look.
    this.place = Math.max(this.place, Math.min(end, ...all.map(({ pos }) => pos)))
    const loop = this.deps.core.pace.loop()
    while (this.place < end && !signal.aborted) {
      await loop.turn()
      const page = await this.page(this.place, end)
      await this.look(page.events, queues)
      loop.did(page.events.length)
      this.place = page.end
    }
  }

  /** Looks again at what did not fit into a queue. */
  async missed(queue: PusherQueue, signal: AbortSignal): Promise<void> {
    const queues = new Map([[queue.pusher.accountId, [queue]]])
    const loop = this.deps.core.pace.loop()
    while (queue.missedFrom !== undefined && queue.missedFrom < this.place && !signal.aborted) {
      await loop.turn()
      const page = await this.page(queue.missedFrom, this.place)
      queue.missedFrom = undefined
      await this.look(page.events, queues)
      loop.did(page.events.length)
      // It is full again, or the next page may have more.
      if (queue.missedFrom !== undefined) return
      queue.missedFrom = page.end
      if (queue.waiting.length > 0) return
    }
    queue.missedFrom = undefined
  }

  /** Whether the user of a pusher has read an event meanwhile, or it was redacted. */
  async isOver({ pusher, userId }: PusherQueue, { channelId, event }: Waiting): Promise<boolean> {
    const [stored] = await this.deps.core.reads.matrix().eventsAtPositions(channelId, [event.pos])
    if (stored?.redactedBy !== null) return true
    const found = await this.deps.read.of({ accountId: pusher.accountId, userId }, [channelId])
    return found.get(channelId)?.covers(event) ?? false
  }

  /** Returns the events of rows from a place on, and the place after them. */
  private async page(
    place: number,
    end: number,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly end: number }> {
    const after = Math.floor(place / EVENTS_PER_ROW) - 1
    const upTo = Math.min(after + ROWS, end / EVENTS_PER_ROW - 1)
    const found = await this.deps.core.reads.matrix().eventsOfRows(after, upTo, EVENTS)
    const last = found.at(-1)
    // A row that is cut comes again as a whole.
    const cut = found.length === EVENTS && last ? Math.floor(last.pos / EVENTS_PER_ROW) : upTo + 1
    const stop = cut * EVENTS_PER_ROW
    return { events: found.filter(({ pos }) => pos >= place && pos < stop), end: stop }
  }

  private async look(
    events: readonly StoredEvent[],
    queues: ReadonlyMap<number, readonly PusherQueue[]>,
  ): Promise<void> {
    const { positions, watched } = this.deps
    const at: CountPlace = positions.heard()
    const found = new Map<PusherQueue, Waiting[]>()
    for (const [channelId, stored] of Map.groupBy(events, (event) => event.channelId)) {
      const facts = stored.map((event) => new EventFacts(event))
      const isMoved = facts.some(
        ({ type, stateKey }) =>
          type === 'm.room.member' && stateKey !== null && watched.accountOf(stateKey) !== undefined,
      )
      if (isMoved) watched.moved(channelId)
      for (const [accountId, joined] of await watched.membersOf(channelId)) {
        const own = queues.get(accountId)
        if (own) await this.forMember(channelId, facts, { accountId, joined, at }, own, found)
      }
      for (const event of facts) await this.forInvited(channelId, event, queues, at, found)
    }
    for (const [queue, waiting] of found)
      for (const one of waiting.sort((one, other) => one.event.pos - other.event.pos)) queue.add(one)
  }

  private async forMember(
    channelId: number,
    facts: readonly EventFacts[],
    {
      accountId,
      joined,
      at,
    }: { readonly accountId: number; readonly joined: number; readonly at: CountPlace },
    queues: readonly PusherQueue[],
    found: Map<PusherQueue, Waiting[]>,
  ): Promise<void> {
    const reader = await this.deps.watched.reader(accountId)
    if (!reader) return
    await this.deps.watched.unreadRooms(accountId, at)
    await this.deps.watched.count(reader, channelId, at)
    const account = await this.deps.counts.account(reader, at.mx)
    const tail = await this.deps.tails.at(channelId, at.end)
    const applied = account.applied({ displayName: undefined })
    for (const event of facts) {
      if (event.pos <= joined) continue
      const outcome = await this.deps.rules.outcomeOf(tail, event, applied)
      if (!outcome.notifies) continue
      for (const queue of queues) push(found, queue, { channelId, event, outcome })
    }
  }

  /** Invites come to users who are not in the room yet. */
  private async forInvited(
    channelId: number,
    event: EventFacts,
    queues: ReadonlyMap<number, readonly PusherQueue[]>,
    at: CountPlace,
    found: Map<PusherQueue, Waiting[]>,
  ): Promise<void> {
    if (event.type !== 'm.room.member' || event.stateKey === null) return
    if (!isObject(event.content) || event.content['membership'] !== 'invite') return
    const accountId = this.deps.watched.accountOf(event.stateKey)
    const own = accountId === undefined ? undefined : queues.get(accountId)
    const reader = accountId === undefined ? undefined : await this.deps.watched.reader(accountId)
    if (!own || !reader || reader.ignored.has(event.sender)) return
    const account = await this.deps.counts.account(reader, at.mx)
    const tail = await this.deps.tails.at(channelId, at.end)
    const outcome = await this.deps.rules.outcomeOf(tail, event, account.applied({ displayName: undefined }))
    if (outcome.notifies) for (const queue of own) push(found, queue, { channelId, event, outcome })
  }
}

function push(found: Map<PusherQueue, Waiting[]>, queue: PusherQueue, one: Waiting): void {
  const waiting = found.get(queue)
  if (waiting) waiting.push(one)
  else found.set(queue, [one])
}
