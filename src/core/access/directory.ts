import type { Account, Channel, Member, Session, Token } from '../kernel/entities'
import { countInSlices, inSlices, oneByOne, readIds, readTable, slices } from '../kernel/paged-reads'
import type { FirstMember, Reads } from '../kernel/ports'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import type { Catalogue } from '../log/catalogue'
import { type EventRecord, type LogEvent, toRecord } from '../log/events'
import { Loader, type RightsChange } from './loader'
import type { MemberTable } from './member-table'
import { FIRST_READ, MembershipIndex } from './membership-index'
import { RecentlyUsed } from './recent'

/** Entries kept of each kind, besides those that a judgement under way has loaded. */
const CAPACITY = 20_000
const UNKNOWN = 1_000
/** Of more members of one channel it is cheaper to read all of them than the channels of each. */
const MANY = 50

/**
 * Accounts, credentials, channels and memberships as of the last committed change, in memory. Everything here comes
 * from the store and is changed in place or dropped by the event that changes it (`apply`), so that a look-up is never
 * older than the log, and a revoked right ends with its commit. Look-ups are synchronous, so that a decision made of
 * several of them cannot fall between two states; what is missing is loaded by `retryUntilLoaded`.
 */
export class Directory {
  private readonly loader = new Loader({
    apply: (change) => this.change(change),
    trim: () => this.trim(),
  })
  private readonly accounts = new RecentlyUsed<number, Account>(CAPACITY, this.loader.pins)
  private readonly accountIds = new RecentlyUsed<string, number>(CAPACITY, this.loader.pins)
  private readonly tokens = new RecentlyUsed<string, Token>(CAPACITY, this.loader.pins)
  private readonly sessions = new RecentlyUsed<string, Session>(CAPACITY, this.loader.pins)
  private readonly channels = new RecentlyUsed<number, Channel>(CAPACITY, this.loader.pins)
  private readonly channelIds = new RecentlyUsed<string, number>(CAPACITY, this.loader.pins)
  private readonly memberships = new MembershipIndex(this.loader.pins)
  private publicIds: Set<number> | undefined
  /** Names that are not in the store. Kept until the next change: it may be that they are created. */
  private readonly unknown = new RecentlyUsed<string, true>(UNKNOWN, this.loader.pins)

  constructor(
    private readonly catalogue: Catalogue,
    private readonly reads: Reads,
    private readonly pace: Pace,
  ) {}

  /**
   * Runs a synchronous judgement, or an act that makes one, until everything it looks up is in memory. What it has
   * loaded stays there until it is over.
   * @throws whatever `judge` throws, except NotLoaded; unavailable
   */
  retryUntilLoaded<Result>(judge: () => Result | Promise<Result>): Promise<Result> {
    return this.loader.retry(judge)
  }

  /** Grows with every change of rights: while it stays, so does every judgement. */
  get version(): number {
    return this.loader.changes
  }

  account(id: number): Account {
    return (
      this.accounts.get(id) ??
      this.missing(async () => {
        const account = await this.reads.account({ id })
        if (!account) throw new Error(`account ${id} is referred to but not stored`)
        return () => this.keepAccount(account)
      })
    )
  }

  /** Makes sure that all of these are in memory, with one read for those that are not. */
  requireAccounts(ids: readonly number[]): void {
    const absent = [...new Set(ids)].filter((id) => !this.accounts.has(id))
    if (absent.length === 0) return
    this.missing(async () => {
      const found = await inSlices(this.pace, absent, (some) => this.reads.accountsByIds(some))
      return () => {
        for (const account of found) this.keepAccount(account)
      }
    })
  }

  /** Undefined if no account has this handle. */
  accountByHandle(handle: string): Account | undefined {
    return this.named(`account:${handle}`, this.accounts, this.accountIds.get(handle), async () => {
      const account = await this.reads.account({ handle })
      return account && (() => this.keepAccount(account))
    })
  }

  /** Makes sure that all of these can be looked up, with one read for those that cannot. */
  requireHandles(handles: readonly string[]): void {
    const absent = handles.filter((handle) => {
      const id = this.accountIds.get(handle)
      return (id === undefined || !this.accounts.has(id)) && !this.unknown.has(`account:${handle}`)
    })
    if (absent.length === 0) return
    this.missing(async () => {
      const found = await inSlices(this.pace, absent, (some) => this.reads.accountsByHandles(some))
      const known = new Set(found.map(({ handle }) => handle))
      return () => {
        for (const account of found) this.keepAccount(account)
        for (const handle of absent) if (!known.has(handle)) this.unknown.set(`account:${handle}`, true)
      }
    })
  }

  tokenByHash(hash: string): Token | undefined {
    const token = this.tokens.get(hash)
    if (token) return token
    return this.absent(`token:${hash}`, async () => {
      const found = await this.reads.token({ hash })
      return found && (() => this.tokens.set(hash, found))
    })
  }

  sessionByHash(hash: string): Session | undefined {
    const session = this.sessions.get(hash)
    if (session) return session
    return this.absent(`session:${hash}`, async () => {
      const found = await this.reads.session({ hash })
      return found && (() => this.sessions.set(hash, found))
    })
  }

  /** Undefined if no channel is called `slug`. */
  channelBySlug(slug: string): Channel | undefined {
    return this.named(`channel:${slug}`, this.channels, this.channelIds.get(slug), async () => {
      const channel = await this.reads.channel({ slug })
      return channel && (() => this.keepChannel(channel))
    })
  }

  channel(id: number): Channel {
    return this.channels.get(id) ?? this.missing(() => this.readChannels([id]))
  }

  /** All of these, once they are in memory. */
  requireChannels(ids: Iterable<number>): Channel[] {
    const found: Channel[] = []
    const absent = new Set<number>()
    for (const id of ids) {
      const channel = this.channels.get(id)
      if (channel) found.push(channel)
      else absent.add(id)
    }
    if (absent.size === 0) return found
    // Each slice is kept by itself: to keep thousands at once would take too long.
    return this.loader.load(
      Array.from(slices([...absent], TURN_ROWS), (some) => () => this.readChannels(some)),
    )
  }

  /** Every public channel, archived ones too. */
  publicChannels(): readonly number[] {
    const { publicIds } = this
    if (publicIds) return [...publicIds]
    return this.missing(async () => {
      const ids = await readIds(this.pace, (page) => this.reads.publicChannelIds(page))
      return () => {
        this.publicIds = ids
      }
    })
  }

  /** What the account is in the channel; undefined if it is not in it. */
  member(accountId: number, channelId: number): Member | undefined {
    const found = this.memberships.find(accountId, channelId)
    if (found === undefined) return this.channelsOf(accountId).get(channelId)
    return found ?? undefined
  }

  /** Every channel the account is a member of, archived ones too. */
  channelsOf(accountId: number): MemberTable {
    return this.memberships.channelsOf(accountId) ?? this.missing(() => this.readChannelsOf(accountId))
  }

  /** Every member of the channel, those whose account is archived too. */
  membersOf(channelId: number): MemberTable {
    return this.memberships.membersOf(channelId) ?? this.missing(() => this.readMembersOf(channelId))
  }

  /** Makes sure that the members of all these channels are in memory. */
  requireMembersOf(channelIds: readonly number[]): void {
    const absent = channelIds.filter((id) => !this.memberships.membersOf(id))
    if (absent.length === 0) return
    this.missing(() => oneByOne(absent, (id) => this.readMembersOf(id)))
  }

  /** Makes sure that the channels of all these accounts are in memory. */
  requireChannelsOf(accountIds: readonly number[]): void {
    const absent = [...new Set(accountIds)].filter((id) => !this.memberships.channelsOf(id))
    if (absent.length === 0) return
    this.missing(() => oneByOne(absent, (id) => this.readChannelsOf(id)))
  }

  /** Makes sure that it is known what these accounts are in the channel. */
  requireMembers(channelId: number, accountIds: Iterable<number>): void {
    const absent = [...accountIds].filter((id) => this.memberships.find(id, channelId) === undefined)
    if (absent.length > MANY) this.membersOf(channelId)
    else this.requireChannelsOf(absent)
  }

  /** Whether both accounts are in the same channel. */
  shareChannel(one: number, other: number): boolean {
    this.requireChannelsOf([one, other])
    return this.channelsOf(one).meets(this.channelsOf(other))
  }

  /** Active members by handle: all, or more than an expansion needs. */
  firstMembers(channelId: number): readonly FirstMember[] {
    return (
      this.memberships.first(channelId) ??
      this.missing(async () => {
        const members = await this.reads.firstMembers(channelId, FIRST_READ)
        return () => this.memberships.keepFirst(channelId, members)
      })
    )
  }

  /** How many active members each of these channels has. */
  memberCounts(channelIds: readonly number[]): ReadonlyMap<number, number> {
    const absent = channelIds.filter((id) => this.memberships.count(id) === undefined)
    if (absent.length > 0)
      this.missing(async () => {
        const counts = await countInSlices(this.pace, absent, this.reads, () => this.version)
        return () => {
          for (const count of counts) this.memberships.keepCount(count)
        }
      })
    return new Map(channelIds.map((id) => [id, this.memberships.count(id) ?? 0]))
  }

  /** Follows a committed event. Local commits and those of other replicas come through here alike. */
  apply(event: LogEvent): void {
    if (this.catalogue.changesRights(event.type)) this.loader.follow({ record: toRecord(event), event })
  }

  /**
   * Forgets what an event has changed of which only the record is known, so that it does not dress what comes next.
   * Memberships follow when the event itself is announced.
   */
  forget(record: EventRecord): void {
    if (this.catalogue.changesRights(record.type)) this.loader.follow({ record, event: null })
  }

  private change({ record, event }: RightsChange): void {
    this.unknown.clear()
    const rights = this.catalogue.rightsOf(record.type)
    if (rights === 'room') this.changeRoom(record, event)
    if (rights === 'account') this.changeAccount(record)
    if (rights === 'credential') this.changeCredential(record)
  }

  private changeRoom({ channelId }: EventRecord, event: LogEvent | null): void {
    if (event?.about === 'membership') this.memberships.apply(event)
    else if (event?.about === 'channel') {
      if (event.channel.kind === 'public') this.publicIds?.add(event.channel.id)
      else this.publicIds?.delete(event.channel.id)
    }
    if (channelId !== null && event?.about !== 'membership') this.channels.delete(channelId)
  }

  private changeAccount({ type, subject }: EventRecord): void {
    this.accounts.delete(subject)
    // Its sessions were deleted with it; they do not come back when the account does.
    if (type === 'account.archived') this.sessions.deleteWhere((session) => session.accountId === subject)
    if (type === 'account.archived' || type === 'account.unarchived') this.memberships.forgetActive()
  }

  /** Forgets a token that ended, or was given an end because another has taken its place, or a session that ended. */
  private changeCredential({ facts }: EventRecord): void {
    const ended = [facts?.token_id, facts?.replaces, facts?.session_id].filter((uuid) => uuid !== undefined)
    this.tokens.deleteWhere(({ uuid }) => ended.includes(uuid))
    this.sessions.deleteWhere(({ uuid }) => ended.includes(uuid))
  }

  /** Forgets a session whose life was prolonged. */
  forgetSession(hash: string): void {
    this.sessions.delete(hash)
  }

  /** Forgets everything, when the store itself was replaced or a commit's outcome is unknown. */
  clear(): void {
    this.loader.discard()
    for (const cache of [this.accounts, this.accountIds, this.tokens, this.sessions]) cache.clear()
    for (const cache of [this.channels, this.channelIds, this.unknown, this.memberships]) cache.clear()
    this.publicIds = undefined
  }

  private trim(): void {
    for (const cache of [this.accounts, this.accountIds, this.tokens, this.sessions]) cache.trim()
    for (const cache of [this.channels, this.channelIds, this.unknown, this.memberships]) cache.trim()
  }

  private keepAccount(account: Account): void {
    this.accounts.set(account.id, account)
    this.accountIds.set(account.handle, account.id)
  }

  private keepChannel(channel: Channel): void {
    this.channels.set(channel.id, channel)
    this.channelIds.set(channel.slug, channel.id)
  }

  private async readChannelsOf(accountId: number): Promise<() => void> {
    const table = await readTable(this.pace, (page) => this.reads.membershipsOf(accountId, page))
    return () => this.memberships.keepChannelsOf(accountId, table)
  }

  private async readMembersOf(channelId: number): Promise<() => void> {
    const table = await readTable(this.pace, (page) => this.reads.membershipsIn(channelId, page))
    return () => this.memberships.keepMembersOf(channelId, table)
  }

  private async readChannels(ids: readonly number[]): Promise<() => void> {
    const found = await inSlices(this.pace, ids, (some) => this.reads.channelsByIds(some))
    if (found.length < ids.length) throw new Error('a channel is referred to but not stored')
    return () => {
      for (const channel of found) this.keepChannel(channel)
    }
  }

  private named<Value>(
    name: string,
    values: RecentlyUsed<number, Value>,
    id: number | undefined,
    read: () => Promise<(() => void) | undefined>,
  ): Value | undefined {
    const value = id === undefined ? undefined : values.get(id)
    return value ?? this.absent(name, read)
  }

  private absent(name: string, read: () => Promise<(() => void) | undefined>): undefined {
    if (this.unknown.has(name)) return undefined
    return this.missing(async () => (await read()) ?? (() => this.unknown.set(name, true)))
  }

  private missing(read: () => Promise<() => void>): never {
    return this.loader.load([read])
  }
}
