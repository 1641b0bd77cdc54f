import type { Core } from '../..'
import { IGNORED_USERS, ignoredIn } from '../reading/readers'
import type { AccountCounts } from './account-counts'
import type { CountingReader, Counts } from './counts'
import type { ReadPositions } from './read-positions'

/** Rooms whose watched members are remembered. */
const KEPT_ROOMS = 5000

/** An account whose pushers tell of events. */
interface Watched {
  readonly accountId: number
  readonly userId: string
  /** Undefined: to be read again. */
  ignored: ReadonlySet<string> | undefined
  /** How often it may have ignored others. */
  changes: number
  /** The rooms with unread events. Undefined: not counted yet. */
  unread: Set<number> | undefined
  /** With which state of the counts they were counted. */
  generation: number
}

export interface WatchedDeps {
  readonly core: Pick<Core, 'reads' | 'pace'>
  readonly counts: Counts
  readonly read: ReadPositions
}

/** Where a reader of the counts is. */
export interface CountPlace {
  readonly end: number
  readonly mx: number
}

/** The accounts with pushers: in which rooms they are, and where they have not read everything. */
export class WatchedAccounts {
  private readonly accounts = new Map<number, Watched>()
  private readonly byUser = new Map<string, number>()
  /** By channel: the watched accounts in the room, and where they came in. */
  private readonly rooms = new Map<number, ReadonlyMap<number, number>>()

  constructor(private readonly deps: WatchedDeps) {}

  get size(): number {
    return this.accounts.size
  }

  has(accountId: number): boolean {
    return this.accounts.has(accountId)
  }

  add(accountId: number, userId: string): void {
    if (this.accounts.has(accountId)) return
    this.accounts.set(accountId, {
      accountId,
      userId,
      ignored: undefined,
      changes: 0,
      unread: undefined,
      generation: 0,
    })
    this.byUser.set(userId, accountId)
    this.rooms.clear()
  }

  remove(accountId: number): void {
    const account = this.accounts.get(accountId)
    if (!account) return
    this.accounts.delete(accountId)
    this.byUser.delete(account.userId)
    this.rooms.clear()
  }

  clear(): void {
    this.accounts.clear()
    this.byUser.clear()
    this.rooms.clear()
  }

  accountOf(userId: string): number | undefined {
    return this.byUser.get(userId)
  }

  /** Notes that an account may ignore others, or has other rules. */
  changed(accountId: number): void {
    const account = this.accounts.get(accountId)
    if (!account) return
    account.ignored = undefined
    account.changes++
  }

  /** Notes that memberships in a room changed. */
  moved(channelId: number): void {
    this.rooms.delete(channelId)
  }

  /** Returns the watched accounts in a room, with the positions at which they came in. */
  async membersOf(channelId: number): Promise<ReadonlyMap<number, number>> {
    const known = this.rooms.get(channelId)
    if (known) return known
    const userIds = [...this.byUser.keys()]
    const found = new Map<number, number>()
    const loop = this.deps.core.pace.loop()
    for (const userId of await this.deps.core.reads.matrix().joinedAmong(channelId, userIds)) {
      await loop.turn()
      loop.did(1)
      const accountId = this.byUser.get(userId)
      if (accountId !== undefined) found.set(accountId, await this.deps.read.joinedAt(channelId, userId))
    }
    if (this.rooms.size >= KEPT_ROOMS) this.rooms.clear()
    this.rooms.set(channelId, found)
    return found
  }

  /** Returns an account as one that reads. */
  async reader(accountId: number): Promise<CountingReader | undefined> {
    const account = this.accounts.get(accountId)
    if (!account) return undefined
    const { userId } = account
    while (!account.ignored) {
      const { changes } = account
      const json = await this.deps.core.reads.matrix().accountDatum(accountId, 0, IGNORED_USERS)
      const ignored = json === undefined ? new Set<string>() : ignoredIn(json, userId)
      // What was read before a change counts no longer.
      if (changes === account.changes) account.ignored = ignored
    }
    return { accountId, userId, ignored: account.ignored }
  }

  /** Counts a room in which something was sent, or that was read. */
  async count(reader: CountingReader, channelId: number, place: CountPlace): Promise<void> {
    const account = this.accounts.get(reader.accountId)
    if (!account?.unread) return
    const found = await this.deps.counts.of(reader, [channelId], place)
    if ((found.get(channelId)?.notifications ?? 0) > 0) account.unread.add(channelId)
    else account.unread.delete(channelId)
  }

  /** Returns how many rooms of an account have unread events, as far as they are counted. */
  unreadOf(accountId: number): number {
    return this.accounts.get(accountId)?.unread?.size ?? 0
  }

  /** Returns how many rooms of an account have unread events, and counts them first. */
  async unreadRooms(accountId: number, place: CountPlace): Promise<number> {
    const account = this.accounts.get(accountId)
    const reader = await this.reader(accountId)
    if (!account || !reader) return 0
    const kept: AccountCounts = await this.deps.counts.account(reader, place.mx)
    if (!account.unread || account.generation !== kept.generation) {
      const members = await this.deps.core.reads.matrix().roomsOf(account.userId, ['join'])
      account.unread = await this.unreadAmong(
        reader,
        members.map(({ channelId }) => channelId),
        place,
      )
      account.generation = kept.generation
    }
    return account.unread.size
  }

  /** Counts the rooms with unread events again, because something of them was read. Returns how many there are. */
  async recount(accountId: number, place: CountPlace): Promise<number> {
    const account = this.accounts.get(accountId)
    const reader = await this.reader(accountId)
    if (!account?.unread || !reader) return this.unreadRooms(accountId, place)
    account.unread = await this.unreadAmong(reader, [...account.unread], place)
    return this.unreadRooms(accountId, place)
  }

  private async unreadAmong(
    reader: CountingReader,
    channelIds: readonly number[],
    place: CountPlace,
  ): Promise<Set<number>> {
    const found = await this.deps.counts.of(reader, channelIds, place)
    return new Set([...found].flatMap(([id, { notifications }]) => (notifications > 0 ? [id] : [])))
  }
}
