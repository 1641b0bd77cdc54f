import type { AuditEntry, AuditRecord } from '../governance/audit'
import type { NewPairCode, PairCode, PairState } from '../identity/pair-codes'
import type { EventBody, EventRecord, LogEvent, MessageEvent } from '../log/events'
import type { SharedLog } from '../log/shared-log'
import type { PostPlan } from '../messages/post-plan'
import type {
  Account,
  AccountKind,
  Channel,
  ChannelKind,
  Member,
  Message,
  MessageKind,
  Role,
  Session,
  SettingChange,
  Token,
} from './entities'
import type { Seq, Uuid } from './ids'
import type { RetryKey } from './retry-keys'
import type { Micros } from './time'

/** The ports of the core. `store/` and `platform/` implement them. */

export interface NewAccount {
  readonly kind: AccountKind
  readonly handle: string
  readonly displayName: string
  readonly email: string | null
  readonly passwordHash: string | null
  readonly isAdmin: boolean
}

export type AccountChange = Partial<
  Pick<
    Account,
    'displayName' | 'email' | 'isAdmin' | 'chainLimit' | 'about' | 'capabilities' | 'residency' | 'archivedAt'
  >
> & { readonly passwordHash?: string }

export interface NewToken {
  readonly accountId: number
  readonly hash: string
  readonly name: string | null
  readonly scopes: readonly string[]
  readonly expiresAt: Micros | null
  readonly actors?: readonly string[] | null
  readonly device?: string | null
}

export interface NewSession {
  readonly accountId: number
  readonly hash: string
  readonly expiresAt: Micros
  readonly ip: string | null
  readonly userAgent: string | null
  /** A given id; absent = a new one. */
  readonly uuid?: Uuid
}

export interface NewChannel {
  readonly slug: string
  readonly name: string
  readonly description: string | null
  readonly kind: ChannelKind
}

export interface MembershipView {
  readonly account: Pick<Account, 'id' | 'uuid' | 'handle'>
  readonly channel: Pick<Channel, 'id' | 'uuid' | 'slug'>
  readonly role: Role
  readonly joinedAt: Micros
}

/** A pair code with its account and the token that it was redeemed for. */
export interface PairCodeView {
  readonly code: PairCode
  readonly account: Account
  readonly token: Token | null
}

/** The range of the log that a reader examines. Both ends are exclusive. */
export interface MessageStretch {
  /** The messages of some channels, at most MAX_CHANNEL_FILTER; of a thread, root included; or of every channel. */
  readonly of: { readonly channelIds: readonly number[] } | { readonly threadRoot: Seq } | 'everything'
  readonly after: Seq
  readonly before: Seq
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

/** The position of a message, deleted or not. */
export interface MessagePosition {
  readonly seq: Seq
  readonly channelId: number
}

/** The position and time of the newest message of a channel. */
export interface NewestMessage {
  readonly seq: Seq
  readonly at: Micros
}

/** Absent filters match everything, except that deleted messages are excluded unless requested. */
export interface MessageFilter {
  readonly senderId?: number
  readonly notSenderId?: number
  readonly kind?: MessageKind
  readonly withMentions?: boolean
  readonly includeDeleted?: boolean
}

/** An epoch of the log; it begins at `firstSeq`. */
export interface Epoch {
  readonly epoch: string
  readonly firstSeq: Seq
}

/** A page of a list in key order; `after` is the last key of the previous page. */
export interface ListPage {
  readonly after: string
  readonly limit: number
}

/** A page of rows in the order of a number; `after` is the last one of the previous page. */
export interface KeyPage {
  readonly after: number
  readonly limit: number
}

/** A membership. `id` is that of the channel or the account, whichever varies within the page. */
export interface MembershipRow extends Member {
  readonly id: number
  /** Its key in page order. */
  readonly key: number
}

/** A position in a list of memberships: a slug and a handle. */
export type MembershipKey = readonly [slug: string, handle: string]

export interface FirstMember {
  readonly id: number
  readonly handle: string
}

export interface MemberCount {
  readonly channelId: number
  readonly members: number
  /** Whether the channel has more members that were not counted. */
  readonly isPart: boolean
  /** Seq of the last event of the log when it was counted. */
  readonly asOf: Seq
}

/** Reads. Each result is from one committed state that is at least as new as the last announced event. */
export interface Reads {
  account(by: { id: number } | { uuid: Uuid } | { handle: string }): Promise<Account | undefined>
  accountsByIds(ids: readonly number[]): Promise<Account[]>
  accountsByHandles(handles: readonly string[]): Promise<Account[]>
  listAccounts(page: ListPage): Promise<Account[]>
  countAccounts(): Promise<number>
  passwordHash(accountId: number): Promise<string | null>
  lastSeen(accountIds: readonly number[]): Promise<ReadonlyMap<number, Micros>>

  token(by: { id: number } | { hash: string } | { uuid: Uuid }): Promise<Token | undefined>
  listTokens(accountId: number, page: ListPage): Promise<Token[]>
  /** Counts tokens that are neither revoked nor expired at `now`. */
  countLiveTokens(accountId: number, now: Micros): Promise<number>
  /** Reports whether an active account has a token with `admin:*` that is valid at `now`. */
  adminTokenExists(now: Micros): Promise<boolean>
  humansWithPassword(): Promise<Account[]>
  session(by: { hash: string } | { uuid: Uuid }): Promise<Session | undefined>
  /** Sessions that expire after `now`, newest first. */
  listSessions(accountId: number, now: Micros): Promise<Session[]>

  /** Newest first. */
  pairCodes(by: { uuid: Uuid } | { codeHash: string } | { selector: string }): Promise<PairCode[]>
  listPairCodes(page: ListPage): Promise<PairCodeView[]>

  channel(by: { id: number } | { uuid: Uuid } | { slug: string }): Promise<Channel | undefined>
  channelsByIds(ids: readonly number[]): Promise<Channel[]>
  listChannels(page: ListPage): Promise<Channel[]>
  /** Ids of public channels, archived ones included, in ascending order. */
  publicChannelIds(page: KeyPage): Promise<number[]>
  countChannels(): Promise<number>
  countMembers(channelIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  /**
   * Counts the active members of each channel. A count that would block the serving thread for long is partial
   * (`isPart`): finish it with `countActiveIn`, page by page.
   */
  countActive(channelIds: readonly number[]): Promise<MemberCount[]>
  /** Counts the active members in the next page of members. `last` is undefined after the last page. */
  countActiveIn(channelId: number, page: KeyPage): Promise<MemberCount & { last: number | undefined }>
  /** The memberships of an account, ordered by key. */
  membershipsOf(accountId: number, page: KeyPage): Promise<MembershipRow[]>
  /** The memberships of a channel, ordered by account. */
  membershipsIn(channelId: number, page: KeyPage): Promise<MembershipRow[]>
  /** At most `limit` active members, ordered by handle in code points. */
  firstMembers(channelId: number, limit: number): Promise<FirstMember[]>
  /** Ordered by channel, then handle; `after` is the last pair of the previous page. */
  listMemberships(
    filter: { accountId?: number; channelId?: number },
    page: { after: MembershipKey | null; limit: number },
  ): Promise<MembershipView[]>

  /** The positions of the next messages of a stretch, at most `limit`. */
  messagePositions(stretch: MessageStretch): Promise<MessagePosition[]>
  message(by: { seq: Seq } | { uuid: Uuid }): Promise<Message | undefined>
  /**
   * The messages at these positions that pass the filter, in no order. Excludes deleted ones unless the filter requests
   * them.
   */
  messagesBySeq(seqs: readonly Seq[], filter?: MessageFilter): Promise<Message[]>
  newestIn(channelIds: readonly number[]): Promise<ReadonlyMap<number, NewestMessage>>
  /** Highest seq whose message was created at or before the pair (created_at, id); 0 if none. */
  seqOfMoment(at: Micros, message: Uuid): Promise<Seq>

  /** The changes of settings at these positions; or the newest change of each key. */
  settingChanges(which: { readonly seqs: readonly Seq[] } | 'newest'): Promise<SettingChange[]>
  /** Changes before a position, newest first, at most `limit`; of one key, or of all if `key` is null. */
  settingHistory(key: string | null, page: { before: Seq; limit: number }): Promise<SettingChange[]>

  /**
   * Entries of the audit log that match every filter, between two ids, newest first. `action` may be a prefix. With a
   * filter, all entries between the two ids are examined.
   */
  auditEntries(
    filter: {
      readonly actorId: number | null
      readonly action: string | null
      readonly targetId: string | null
      readonly since: Micros | null
    },
    page: { after: number; before: number; limit: number },
  ): Promise<AuditRecord[]>
  /** Entries after an id, oldest first. */
  auditChain(after: number, limit: number): Promise<AuditRecord[]>

  /** The retry key of an account, if it was used. One without an answer made a message. */
  usedKey(
    by: Pick<RetryKey, 'accountId' | 'key'>,
  ): Promise<{ readonly requestHash: string; readonly answer: string | null } | undefined>

  /** Names of the endpoints that have rows in the outbox. */
  outboxEndpoints(): Promise<string[]>
  /** Seqs of the next events to deliver to an endpoint, in order. */
  outbox(endpoint: string, limit: number): Promise<Seq[]>
  /** Seq of the last event that a projection applied; 0 before the first. */
  projectionPosition(name: string): Promise<Seq>

  /** Events after `after`, oldest first, at most `limit`. */
  events(after: Seq, limit: number): Promise<EventRecord[]>
  /** Events after `after` up to `upTo`, except these types. */
  eventsExcept(types: readonly string[], after: Seq, upTo: Seq, limit: number): Promise<EventRecord[]>
  epochs(): Promise<Epoch[]>
  head(): Promise<Seq>
}

/** Reads and writes inside one transaction. Appended events are announced only after the commit. */
export interface Writes extends Reads {
  /** Appends the event with the next seq and instant. */
  append(event: EventBody, actor: Account | null): Promise<LogEvent>
  /** The instant of the next event. */
  now(): Micros
  insertAccount(account: NewAccount): Promise<Account>
  updateAccount(id: number, change: AccountChange): Promise<Account>
  insertToken(token: NewToken): Promise<Token>
  revokeToken(id: number): Promise<Token>
  /** Sets the expiry of a token. */
  limitToken(id: number, expiresAt: Micros): Promise<void>
  insertSession(session: NewSession): Promise<Session>
  extendSession(id: number, expiresAt: Micros): Promise<void>
  /** `not`: the id of a session to keep. */
  deleteSessions(by: { id: number } | { accountId: number; not?: number | undefined }): Promise<Session[]>
  insertPairCode(code: NewPairCode): Promise<PairCode>
  /**
   * Marks a code as redeemed; false if it was no longer active. `tokenId`: the token that it was redeemed for, if any.
   */
  redeemPairCode(id: number, tokenId: number | null, now: Micros): Promise<boolean>
  updatePairCode(id: number, change: { attempts?: number; state?: PairState }): Promise<void>
  insertChannel(channel: NewChannel): Promise<Channel>
  updateChannel(
    id: number,
    change: Partial<Pick<Channel, 'archivedAt' | 'name' | 'description' | 'kind'>>,
  ): Promise<Channel>
  /** `joined` is the member.joined event appended for it. */
  insertMembership(accountId: number, channelId: number, role: Role, joined: LogEvent): Promise<void>
  deleteMembership(accountId: number, channelId: number): Promise<void>
  updateMembership(accountId: number, channelId: number, role: Role): Promise<void>
  insertSettingChange(change: SettingChange): Promise<void>
  /** Appends an entry to the audit log, chained to the previous one. */
  audit(entry: AuditEntry): Promise<void>
  /** Returns the time of the `n`th latest login attempt of the key within a span of time. */
  nthAttempt(key: string, span: { after: Micros; upTo: Micros }, n: number): Promise<Micros | undefined>
  /** Records a login attempt for each key. */
  insertAttempts(keys: readonly string[], at: Micros): Promise<void>
  /** Deletes up to `limit` attempts outside a span of time; returns how many. */
  forgetAttemptsBeyond(span: { after: Micros; upTo: Micros }, limit: number): Promise<number>
  /** Deletes the latest attempt of each key. */
  forgetAttempts(keys: readonly string[]): Promise<void>

  /** Puts an event, appended by this transaction, into the outbox of an endpoint. */
  enqueue(endpoint: string, seq: Seq): Promise<void>
  /** Removes a delivered event from the outbox. */
  dequeue(endpoint: string, seq: Seq): Promise<void>
  /** Moves the position of a projection. Returns false and writes nothing if the position is not `from`. */
  moveProjection(name: string, from: Seq, to: Seq): Promise<boolean>

  /** Records when tokens or sessions were last used, by id, in one statement. */
  noteUses(of: 'tokens' | 'sessions', uses: ReadonlyMap<number, Micros>): Promise<void>
  /** Stores a retry key with its sealed answer. */
  insertKey(used: RetryKey & { readonly answer: string }): Promise<void>
  /** Deletes up to `limit` retry keys older than `before`; returns how many. */
  forgetKeys(before: Micros, limit: number): Promise<number>
  /**
   * Examines up to `limit` sessions after an id and deletes those that expired before `before`. Returns the last id
   * examined, or undefined after the last session.
   */
  forgetSessions(before: Micros, page: KeyPage): Promise<number | undefined>
}

export type PostOutcome =
  | { readonly replayed: false; readonly event: MessageEvent }
  /** The key was used before for the same request; `seq` is the message it made. */
  | { readonly replayed: true; readonly seq: Seq }

export interface Store {
  readonly reads: Reads
  /**
   * Writes one message in the next group commit. Resolves when it is durable and announced.
   * @throws what `decide` throws, idempotency_conflict, storage_full, unavailable
   */
  post(plan: PostPlan): Promise<PostOutcome>
  /**
   * Runs the work in a transaction of the single writer. The work may run again after the failure of another work in
   * its group, so it must have no effects outside the transaction, await only its own queries, and refuse before its
   * first write.
   */
  transact<Result>(work: (tx: Writes) => Promise<Result>): Promise<Result>
  /**
   * Registers a listener for committed events. Listeners run in order of registration, before any write is answered.
   */
  onCommit(listener: (events: readonly LogEvent[]) => void): void
  /** Present if several processes write to the log. */
  readonly shared?: SharedLog
}

/** Decides which process does a job that only one should do. */
export interface Leases {
  /**
   * Acquires or renews the named lease for `seconds`; false while another process holds it. Always true with a single
   * process.
   */
  lease(name: string, seconds: number): Promise<boolean>
  /** Releases a lease. */
  release(name: string): Promise<void>
}

/** Password hashing. Slow on purpose, and off the serving thread. */
export interface Passwords {
  hash(password: string): Promise<string>
  /** False for a wrong password and for a null `hash`; both take the same time. */
  verify(password: string, hash: string | null): Promise<boolean>
  /** Reports whether the hash was made with weaker parameters than the current ones. */
  isWeak(hash: string): boolean
}
