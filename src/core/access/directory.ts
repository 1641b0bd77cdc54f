import type { FirstMember } from '../kernel/channel-ports'
import type {
  Account,
  Channel,
  ChannelAliases,
  ChannelKind,
  Member,
  Session,
  Token,
} from '../kernel/entities'
import { countInSlices, inSlices, oneByOne, readIds, readTable, slices } from '../kernel/paged-reads'
import type { Reads } from '../kernel/ports'
import { type Pace, TURN_ROWS } from '../kernel/turns'
import type { Catalogue } from '../log/catalogue'
import { type EventRecord, type LogEvent, toRecord } from '../log/events'
import { Loader, type RightsChange } from './loader'
import type { MemberTable } from './member-table'
import { FIRST_READ, MembershipIndex } from './membership-index'
import { RecentlyUsed } from './recent'

/** Entries kept of each kind, besides those pinned by running judgements. */
const CAPACITY = 20_000
const UNKNOWN = 1_000
/** Above this many members of a channel, reading all of its members is cheaper than reading the channels of each. */
const MANY = 50

/**
 * The accounts, credentials, channels and memberships as of the last committed change, in memory. Entries come from the
 * store; the event that changes an entry updates or drops it (`apply`). A look-up is therefore never older than the
 * log, and a revoked right ends with its commit. Look-ups are synchronous, so a decision based on several of them sees
 * one state. `retryUntilLoaded` loads what is missing.
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
  private readonly aliases = new RecentlyUsed<number, ChannelAliases>(
    CAPACITY,
    this.loader.pins,
    (aliases) => Object.keys(aliases).length + 1,
  )
  private readonly memberships = new MembershipIndex(this.loader.pins)
  private readonly idsOfKind = new Map<ChannelKind, Set<number>>()
  /** Names that are not in the store. Cleared at the next change, which may create them. */
  private readonly unknown = new RecentlyUsed<string, true>(UNKNOWN, this.loader.pins)

  constructor(
    private readonly catalogue: Catalogue,
    private readonly reads: Reads,
    private readonly pace: Pace,
  ) {}

  /**
   * Runs a synchronous judgement, or an act that makes one, until everything that it looks up is in memory. Loaded
   * entries stay in memory until it ends.
   * @throws what `judge` throws, except NotLoaded; unavailable
   */
  retryUntilLoaded<Result>(judge: () => Result | Promise<Result>): Promise<Result> {
    return this.loader.retry(judge)
  }

  /** Grows with every change of rights. While it stays the same, so do all judgements. */
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

  /** Loads missing accounts with one read. */
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

  /** Returns undefined if no account has this handle. */
  accountByHandle(handle: string): Account | undefined {
    return this.named(`account:${handle}`, this.accounts, this.accountIds.get(handle), async () => {
      const account = await this.reads.account({ handle })
      return account && (() => this.keepAccount(account))
    })
  }

  /** Loads missing handles with one read. */
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

  /** Returns undefined if no channel has this slug. */
  channelBySlug(slug: string): Channel | undefined {
    return this.named(`channel:${slug}`, this.channels, this.channelIds.get(slug), async () => {
      const channel = await this.reads.channel({ slug })
      return channel && (() => this.keepChannel(channel))
    })
  }

  channel(id: number): Channel {
    return this.channels.get(id) ?? this.missing(() => this.readChannels([id]))
  }

  /** Returns these channels, loading missing ones. */
  requireChannels(ids: Iterable<number>): Channel[] {
    const found: Channel[] = []
    const absent = new Set<number>()
    for (const id of ids) {
      const channel = this.channels.get(id)
      if (channel) found.push(channel)
      else absent.add(id)
    }
    if (absent.size === 0) return found
    // Each slice is stored in a separate step: storing thousands at once would block too long.
    return this.loader.load(
      Array.from(slices([...absent], TURN_ROWS), (some) => () => this.readChannels(some)),
    )
  }

  /** Returns the mention aliases that are stored for a channel. */
  aliasesOf(channelId: number): ChannelAliases {
    return (
      this.aliases.get(channelId) ??
      this.missing(async () => {
        const aliases = await this.reads.channelAliases(channelId)
        return () => this.aliases.set(channelId, aliases)
      })
    )
  }

  /** The ids of all channels of a kind, archived ones included. */
  channelsOfKind(kind: ChannelKind): readonly number[] {
    const known = this.idsOfKind.get(kind)
    if (known) return [...known]
    return this.missing(async () => {
      const ids = await readIds(this.pace, (page) => this.reads.channelIds(kind, page))
      return () => this.idsOfKind.set(kind, ids)
    })
  }

  /** Returns the membership of an account in a channel; undefined if there is none. */
  member(accountId: number, channelId: number): Member | undefined {
    const found = this.memberships.find(accountId, channelId)
    if (found === undefined) return this.channelsOf(accountId).get(channelId)
    return found ?? undefined
  }

  /** Returns the memberships of an account, archived channels included. */
  channelsOf(accountId: number): MemberTable {
    return this.memberships.channelsOf(accountId) ?? this.missing(() => this.readChannelsOf(accountId))
  }

  /** Returns the memberships of a channel, archived accounts included. */
  membersOf(channelId: number): MemberTable {
    return this.memberships.membersOf(channelId) ?? this.missing(() => this.readMembersOf(channelId))
  }

  /** Loads the members of these channels. */
  requireMembersOf(channelIds: readonly number[]): void {
    const absent = channelIds.filter((id) => !this.memberships.membersOf(id))
    if (absent.length === 0) return
    this.missing(() => oneByOne(absent, (id) => this.readMembersOf(id)))
  }

  /** Loads the channels of these accounts. */
  requireChannelsOf(accountIds: readonly number[]): void {
    const absent = [...new Set(accountIds)].filter((id) => !this.memberships.channelsOf(id))
    if (absent.length === 0) return
    this.missing(() => oneByOne(absent, (id) => this.readChannelsOf(id)))
  }

  /** Loads the memberships of these accounts in the channel. */
  requireMembers(channelId: number, accountIds: Iterable<number>): void {
    const absent = [...accountIds].filter((id) => this.memberships.find(id, channelId) === undefined)
    if (absent.length > MANY) this.membersOf(channelId)
    else this.requireChannelsOf(absent)
  }

  /** Reports whether both accounts are in the same channel. */
  shareChannel(one: number, other: number): boolean {
    this.requireChannelsOf([one, other])
    return this.channelsOf(one).meets(this.channelsOf(other))
  }

  /** Returns the first active members by handle: all, or more than an expansion needs. */
  firstMembers(channelId: number): readonly FirstMember[] {
    return (
      this.memberships.first(channelId) ??
      this.missing(async () => {
        const members = await this.reads.firstMembers(channelId, FIRST_READ)
        return () => this.memberships.keepFirst(channelId, members)
      })
    )
  }

  /** Counts the active members of each channel. */
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

  /** Applies a committed event, of this process or another one. */
  apply(event: LogEvent): void {
    if (this.catalogue.changesRights(event.type)) this.loader.follow({ record: toRecord(event), event })
  }

  /**
   * Applies an event of which only the record is known, so that later records are not read with outdated entries.
   * Memberships are updated when the event itself is announced.
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
    else if (event?.about === 'channel')
      for (const [kind, ids] of this.idsOfKind) {
        if (event.channel.kind === kind) ids.add(event.channel.id)
        else ids.delete(event.channel.id)
      }
    if (channelId === null || event?.about === 'membership') return
    this.channels.delete(channelId)
    this.aliases.delete(channelId)
  }

  private changeAccount({ type, subject }: EventRecord): void {
    this.accounts.delete(subject)
    if (type === 'account.erased') this.forgetErased(subject)
    // Archiving deletes the account's sessions; unarchiving does not restore them.
    if (type === 'account.archived') this.sessions.deleteWhere((session) => session.accountId === subject)
    if (type === 'account.archived' || type === 'account.unarchived') this.memberships.forgetActive()
  }

  /** Drops what an erasure deleted, and what named the account by its handle, which may be given to another one. */
  private forgetErased(accountId: number): void {
    this.accountIds.deleteWhere((id) => id === accountId)
    this.sessions.deleteWhere((session) => session.accountId === accountId)
    this.tokens.clear()
    this.memberships.clear()
  }

  /** Drops a token that was revoked, or whose replacement set an expiry on it, or a session that ended. */
  private changeCredential({ facts }: EventRecord): void {
    const ended = [facts?.token_id, facts?.replaces, facts?.session_id].filter((uuid) => uuid !== undefined)
    this.tokens.deleteWhere(({ uuid }) => ended.includes(uuid))
    this.sessions.deleteWhere(({ uuid }) => ended.includes(uuid))
  }

  /** Drops a session that was extended. */
  forgetSession(hash: string): void {
    this.sessions.delete(hash)
  }

  /** Drops everything, because the store was replaced or the outcome of a commit is unknown. */
  clear(): void {
    this.loader.discard()
    for (const cache of [this.accounts, this.accountIds, this.tokens, this.sessions]) cache.clear()
    for (const cache of [this.channels, this.channelIds, this.aliases, this.unknown, this.memberships])
      cache.clear()
    this.idsOfKind.clear()
  }

  private trim(): void {
    for (const cache of [this.accounts, this.accountIds, this.tokens, this.sessions]) cache.trim()
    for (const cache of [this.channels, this.channelIds, this.aliases, this.unknown, this.memberships])
      cache.trim()
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

  /** Loads what a judgement misses, here or in another memory of the core, and runs the judgement again. */
  missing(read: () => Promise<() => void>): never {
    return this.loader.load([read])
  }
}
