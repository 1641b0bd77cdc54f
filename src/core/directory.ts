import type { Account, Channel, Room, Session, Token } from './entities'
import { AppError } from './errors'
import { changesRights, type EventRecord, type LogEvent, toRecord } from './events'
import type { Reads } from './ports'

/** Thrown by a look-up that is not in memory; `Directory.settle` loads it and asks again. Never leaves the core. */
class NotLoaded extends Error {
  constructor(readonly load: () => Promise<void>) {
    super('not loaded')
  }
}

/** Entries kept of each kind. Beyond that the one loaded first goes. */
const CAPACITY = 20_000
const ROOM_CAPACITY = 2_000
const MAX_ROUNDS = 64

/**
 * Accounts, credentials and rooms as of the last committed change, in memory. Everything here comes from the store and
 * is dropped by the event that changes it (`apply`), so that a look-up is never older than the log, and a revoked right
 * ends with its commit. Look-ups are synchronous, so that a decision made of several of them cannot fall between two
 * states; what is missing is loaded by `settle`.
 */
export class Directory {
  private readonly accounts = new Recent<number, Account>(CAPACITY)
  private readonly accountIds = new Recent<string, number>(CAPACITY)
  private readonly tokens = new Recent<string, Token>(CAPACITY)
  private readonly sessions = new Recent<string, Session>(CAPACITY)
  private readonly rooms = new Recent<number, Room>(ROOM_CAPACITY)
  private readonly roomIds = new Recent<string, number>(ROOM_CAPACITY)
  private readonly memberOf = new Recent<number, readonly number[]>(CAPACITY)
  /** Names that are not in the store. Kept for one generation only: the next change may be that they are created. */
  private readonly unknown = new Recent<string, true>(1_000)
  /** Grows with every change of rights, so that an answer read before one is not kept after it. */
  private generation = 0

  constructor(private readonly reads: Reads) {}

  /**
   * Runs a synchronous judgement, or an act that makes one, until everything it looks up is in memory.
   * @throws whatever `judge` throws, except NotLoaded
   */
  async settle<Result>(judge: () => Result | Promise<Result>): Promise<Result> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      try {
        // Awaited here, not returned, so that a rejection with NotLoaded is caught as well.
        return await judge()
      } catch (error) {
        if (!(error instanceof NotLoaded)) throw error
        await error.load()
      }
    }
    throw new AppError(
      'unavailable',
      'unavailable',
      'Rights keep changing while this request is judged; try again',
    )
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
      const found = await this.reads.accountsByIds(absent)
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

  /** The channel called `slug` with its members; undefined if there is none. */
  roomBySlug(slug: string): Room | undefined {
    return this.named(`room:${slug}`, this.rooms, this.roomIds.get(slug), async () => {
      const room = await this.reads.room({ slug })
      return room && (() => this.keepRoom(room))
    })
  }

  room(id: number): Room {
    return (
      this.rooms.get(id) ??
      this.missing(async () => {
        const room = await this.reads.room({ id })
        if (!room) throw new Error(`channel ${id} is referred to but not stored`)
        return () => this.keepRoom(room)
      })
    )
  }

  /** Makes sure that all of these are in memory. */
  requireRooms(ids: readonly number[]): void {
    const absent = [...new Set(ids)].filter((id) => !this.rooms.has(id))
    if (absent.length === 0) return
    this.missing(async () => {
      const found = await Promise.all(absent.map((id) => this.reads.room({ id })))
      return () => {
        for (const room of found) if (room) this.keepRoom(room)
      }
    })
  }

  channel(id: number): Channel {
    return this.room(id).channel
  }

  /** Every channel the account is a member of, archived ones too. */
  channelsOf(accountId: number): readonly number[] {
    return (
      this.memberOf.get(accountId) ??
      this.missing(async () => {
        const ids = await this.reads.channelIdsOf(accountId)
        return () => this.memberOf.set(accountId, ids)
      })
    )
  }

  /** Forgets what a committed event has changed. Local commits and those of other replicas come through here alike. */
  apply(event: LogEvent): void {
    if (event.type !== 'message.created') this.forget(toRecord(event))
  }

  /** The same for an event of which only the record is known. */
  forget({ type, channelId, subject, facts }: EventRecord): void {
    if (type === 'account.token_issued' && facts?.replaces !== undefined) this.forgetToken(facts.replaces)
    if (!changesRights(type)) return
    this.generation++
    this.unknown.clear()
    if (type === 'setting.changed') return
    if (channelId !== null) this.rooms.delete(channelId)
    if (type.startsWith('channel.')) return
    this.memberOf.delete(subject)
    if (type.startsWith('member.')) return
    this.accounts.delete(subject)
    if (type === 'account.token_revoked') this.forgetToken(facts?.token_id)
    if (type === 'account.session_ended')
      this.sessions.deleteWhere((session) => session.uuid === facts?.session_id)
    // Its sessions were deleted with it; they do not come back when the account does.
    if (type === 'account.archived') this.sessions.deleteWhere((session) => session.accountId === subject)
    if (type === 'account.archived' || type === 'account.unarchived')
      this.rooms.deleteWhere((room) => room.members.has(subject))
  }

  /** Forgets a token that ended, or was given an end because another has taken its place. */
  private forgetToken(uuid: unknown): void {
    this.generation++
    this.tokens.deleteWhere((token) => token.uuid === uuid)
  }

  /** Forgets a session whose life was prolonged. */
  forgetSession(hash: string): void {
    this.sessions.delete(hash)
  }

  /** Forgets everything, when the store itself was replaced or a commit's outcome is unknown. */
  clear(): void {
    this.generation++
    for (const cache of [this.accounts, this.accountIds, this.tokens, this.sessions]) cache.clear()
    for (const cache of [this.rooms, this.roomIds, this.memberOf, this.unknown]) cache.clear()
  }

  private keepAccount(account: Account): void {
    this.accounts.set(account.id, account)
    this.accountIds.set(account.handle, account.id)
  }

  private keepRoom(room: Room): void {
    this.rooms.set(room.channel.id, room)
    this.roomIds.set(room.channel.slug, room.channel.id)
  }

  private named<Value>(
    name: string,
    values: Recent<number, Value>,
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
    throw new NotLoaded(() => this.load(read))
  }

  /** Reads, and keeps the answer unless rights changed meanwhile; then whoever needs it asks again. */
  private async load(read: () => Promise<() => void>): Promise<void> {
    const before = this.generation
    const keep = await read()
    if (before === this.generation) keep()
  }
}

/** A map of bounded size that forgets what was put in first. */
class Recent<Key, Value> {
  private readonly entries = new Map<Key, Value>()

  constructor(private readonly capacity: number) {}

  get(key: Key): Value | undefined {
    return this.entries.get(key)
  }

  has(key: Key): boolean {
    return this.entries.has(key)
  }

  set(key: Key, value: Value): void {
    this.entries.delete(key)
    this.entries.set(key, value)
    if (this.entries.size <= this.capacity) return
    const oldest = this.entries.keys().next()
    if (!oldest.done) this.entries.delete(oldest.value)
  }

  delete(key: Key): void {
    this.entries.delete(key)
  }

  deleteWhere(matches: (value: Value) => boolean): void {
    for (const [key, value] of this.entries) if (matches(value)) this.entries.delete(key)
  }

  clear(): void {
    this.entries.clear()
  }
}
