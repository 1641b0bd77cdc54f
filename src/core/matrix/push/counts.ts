import type { Core } from '../..'
import type { Announcements } from '../../kernel/announcements'
import { slices } from '../../kernel/paged-reads'
import type { PacedLoop } from '../../kernel/turns'
import type { Marks } from '../../log/marks'
import type { Now } from '../reading/positions'
import type { Reader } from '../reading/readers'
import type { UnreadCounts } from '../sync/additions'
import { AccountCounts } from './account-counts'
import { CompiledRules, type Outcome } from './evaluate'
import { EventFacts } from './facts'
import type { ReadPositions } from './read-positions'
import type { ReaderRules } from './reader-rules'
import { type ReadUpTo, RoomUnread } from './room-unread'
import { PUSH_RULES, parseOwnRules } from './rules'
import type { RoomTails, Tail } from './tails'

/** Rooms of all accounts whose counts are kept. */
const KEPT_COUNTS = 100_000
const KEPT_ACCOUNTS = 10_000
/** Events that are looked at for one count: older ones do not count. */
const MAX_EXAMINED = 5000
const PAGE = 250
/** Rooms that are counted together. */
const ROOMS = 25
/** What a room costs in rows, for the pace of loops. */
const ROWS_PER_ROOM = 8
const MEMBER = 'm.room.member'

export type CountingReader = Pick<Reader, 'accountId' | 'userId' | 'ignored'>

export interface CountsDeps {
  readonly core: Pick<Core, 'reads' | 'pace'>
  readonly store: Pick<Announcements, 'onMarks'>
  readonly tails: RoomTails
  readonly rules: ReaderRules
  readonly read: ReadPositions
}

/**
 * How much readers have not read: the events after their receipts that their push rules notify of. The counts of rooms
 * are kept and advance event by event, for accounts that ask for them.
 */
export class Counts implements UnreadCounts {
  /** The one used last comes last. */
  private readonly accounts = new Map<number, AccountCounts>()
  private kept = 0
  /** The newest position of the companion stream whose marks are here. */
  private heardMx = 0

  constructor(private readonly deps: CountsDeps) {
    deps.store.onMarks((marks) => this.hear(marks))
  }

  async of(
    reader: CountingReader,
    channelIds: readonly number[],
    now: Pick<Now, 'end' | 'mx'>,
  ): Promise<ReadonlyMap<number, RoomUnread>> {
    const { end } = now
    const account = await this.account(reader, now.mx)
    const { version } = account
    const found = new Map<number, RoomUnread>()
    const missing: Tail[] = []
    const loop = this.deps.core.pace.loop()
    for (const channelId of channelIds) {
      await loop.turn()
      const tail = await this.deps.tails.at(channelId, end)
      const unread = account.rooms.get(channelId)
      const isKept = unread && (await this.advance(account, unread, tail, end))
      if (isKept) found.set(channelId, unread)
      else missing.push(tail)
      loop.did(1)
    }
    for (const some of slices(missing, ROOMS)) {
      await loop.turn()
      for (const unread of await this.countAnew(account, some, end, loop)) {
        found.set(unread.channelId, unread.counts)
        // What was read while something changed is not kept.
        if (account.version === version) this.keep(account, unread.channelId, unread.counts)
      }
      loop.did(some.length * ROWS_PER_ROOM)
    }
    return found
  }

  /** Returns what is kept of a reader, with its rules and without counts that are not right any more. */
  async account(reader: CountingReader, mx: number): Promise<AccountCounts> {
    const account = this.opened(reader, mx)
    // Another process has changed something, and its marks are not here yet.
    if (mx > Math.max(this.heardMx, account.checkedMx)) account.mayHaveChanged()
    account.checkedMx = Math.max(account.checkedMx, mx)
    while (account.isStale('rules') || account.isStale('receipts')) {
      account.refreshing ??= this.refresh(account).finally(() => {
        account.refreshing = undefined
      })
      await account.refreshing
    }
    if (!isSame(account.ignored, reader.ignored)) {
      account.ignored = reader.ignored
      this.forgetRooms(account)
    }
    return account
  }

  /** Reads what may have changed of an account, once for all of its requests. */
  private async refresh(account: AccountCounts): Promise<void> {
    const reads = this.deps.core.reads.matrix()
    const { accountId } = account
    if (account.isStale('rules'))
      await account.renew('rules', async () => {
        const json = await reads.accountDatum(accountId, 0, PUSH_RULES)
        if (json === account.rulesJson && account.rules !== undefined) return
        account.rulesJson = json
        account.rules = new CompiledRules(account.userId, parseOwnRules(json))
        this.forgetRooms(account)
      })
    if (account.isStale('receipts'))
      await account.renew('receipts', async () => {
        for (const { channelId, mx } of await reads.channelsWithReceiptsOf(accountId, account.receiptsMx)) {
          account.receiptsMx = Math.max(account.receiptsMx, mx)
          if (account.rooms.delete(channelId)) this.kept--
        }
      })
  }

  private opened(reader: CountingReader, mx: number): AccountCounts {
    const { accountId } = reader
    const account = this.accounts.get(accountId) ?? new AccountCounts(reader, mx)
    this.accounts.delete(accountId)
    this.accounts.set(accountId, account)
    const [oldest] = this.accounts.values()
    if (oldest && this.accounts.size > KEPT_ACCOUNTS) this.forget(oldest)
    return account
  }

  /** Counts the events after those that are counted. Returns false if they must be counted anew. */
  private async advance(
    account: AccountCounts,
    unread: RoomUnread,
    tail: Tail,
    end: number,
  ): Promise<boolean> {
    if (unread.generation !== tail.generation) return false
    const { version } = account
    while (unread.end < end) {
      if (unread.end - 1 < tail.after) return false
      const from = unread.end
      for (const event of tail.events) {
        if (event.pos < unread.end || event.pos >= end) continue
        if (event.type === MEMBER && event.stateKey === account.userId) return false
        const outcome = await this.outcome(account, tail, event, unread)
        if (account.version !== version || unread.generation !== tail.generation) return false
        // Another request of the account may have counted it meanwhile.
        if (event.pos < unread.end) continue
        if (isRead(event, account.userId)) unread.read(event.thread)
        else unread.count(event, outcome)
        unread.end = event.pos + 1
      }
      if (unread.end < end) unread.end = Math.max(end, from)
    }
    return true
  }

  private async countAnew(
    account: AccountCounts,
    tails: readonly Tail[],
    end: number,
    loop: PacedLoop,
  ): Promise<{ readonly channelId: number; readonly counts: RoomUnread }[]> {
    const channelIds = tails.map(({ channelId }) => channelId)
    const generations = tails.map(({ generation }) => generation)
    const upTo = await this.deps.read.of(account, channelIds)
    const newest = await this.deps.core.reads.matrix().newestEvents(channelIds)
    const counted: { channelId: number; counts: RoomUnread }[] = []
    for (const [i, tail] of tails.entries()) {
      const { channelId } = tail
      const read = upTo.get(channelId)
      if (!read) continue
      const counts = new RoomUnread(generations[i] ?? 0, end)
      if ((newest.get(channelId) ?? 0) > read.everywhere) await this.scan(account, tail, read, counts, loop)
      counted.push({ channelId, counts })
    }
    return counted
  }

  /** Counts the events of a room that are not read, newest first. */
  private async scan(
    account: AccountCounts,
    tail: Tail,
    read: ReadUpTo,
    counts: RoomUnread,
    loop: PacedLoop,
  ): Promise<void> {
    const { states } = account
    const after = read.everywhere
    let before = counts.end
    for (let examined = 0; examined < MAX_EXAMINED; examined += PAGE) {
      await loop.turn()
      const page = await this.deps.core.reads
        .matrix()
        .notifiableEvents(tail.channelId, { after, before, limit: PAGE, states })
      for (const stored of page) {
        const event = new EventFacts(stored)
        if (read.covers(event)) continue
        if (isRead(event, account.userId)) read.note(event.thread, event.pos)
        else counts.count(event, await this.outcome(account, tail, event, counts))
      }
      loop.did(ROWS_PER_ROOM + page.length)
      const last = page.at(-1)
      if (page.length < PAGE || !last || counts.isFull) return
      before = last.pos
    }
  }

  /** Most outcomes need nothing that must be read. */
  private outcome(
    account: AccountCounts,
    tail: Tail,
    event: EventFacts,
    name: RoomUnread,
  ): Outcome | Promise<Outcome> {
    const applied = account.applied(name)
    const found = this.deps.rules.now(tail, event, applied)
    return typeof found === 'string' ? this.deps.rules.outcomeOf(tail, event, applied) : found
  }

  private keep(account: AccountCounts, channelId: number, counts: RoomUnread): void {
    if (!account.rooms.has(channelId)) this.kept++
    account.rooms.set(channelId, counts)
    for (const oldest of this.accounts.values()) {
      if (this.kept <= KEPT_COUNTS || oldest === account) return
      this.forget(oldest)
    }
  }

  private forget(account: AccountCounts): void {
    this.forgetRooms(account)
    this.accounts.delete(account.accountId)
  }

  private forgetRooms(account: AccountCounts): void {
    this.kept -= account.rooms.size
    account.rooms.clear()
    account.version++
    account.generation++
  }

  private hear({ keys, mx }: Marks): void {
    this.heardMx = Math.max(this.heardMx, mx?.upTo ?? 0)
    if (keys === null) {
      for (const account of this.accounts.values()) account.mayHaveChanged()
      this.deps.tails.allChanged()
      return
    }
    for (const key of keys) {
      const id = Number(key.slice(1))
      if (key.startsWith('x')) this.deps.tails.changed(id)
      else if (key.startsWith('r')) this.accounts.get(id)?.hasRead()
      else if (key.startsWith('a')) this.accounts.get(id)?.mayHaveOtherRules()
    }
  }
}

/** Who writes in a room or a thread has read it. */
function isRead({ sender, isSaid }: EventFacts, userId: string): boolean {
  return isSaid && sender === userId
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one === other || (one.size === other.size && one.isSubsetOf(other))
}
