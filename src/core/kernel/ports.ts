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

/** What the core needs of the world outside it. `store/` and `platform/` implement these; nothing else may. */

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
  /** One of its own if it has none. */
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

/** A code with whom it is for, and the token that it was redeemed for. */
export interface PairCodeView {
  readonly code: PairCode
  readonly account: Account
  readonly token: Token | null
}

/** What a reader looks at, in the order of the log. Both ends are exclusive. */
export interface MessageStretch {
  /** The messages of some channels, at most MAX_CHANNEL_FILTER; of a thread, its root included; or of every channel. */
  readonly of: { readonly channelIds: readonly number[] } | { readonly threadRoot: Seq } | 'everything'
  readonly after: Seq
  readonly before: Seq
  readonly order: 'asc' | 'desc'
  readonly limit: number
}

/** Where a message is, deleted or not. */
export interface MessagePlace {
  readonly seq: Seq
  readonly channelId: number
}

/** Where the newest message of a channel is, and of when. */
export interface NewestMessage {
  readonly seq: Seq
  readonly at: Micros
}

/** Filters that are absent do not filter, but deleted messages are left out unless they are asked for. */
export interface MessageFilter {
  readonly senderId?: number
  readonly notSenderId?: number
  readonly kind?: MessageKind
  readonly withMentions?: boolean
  readonly includeDeleted?: boolean
}

/** One epoch of the log: `epoch` counts from `firstSeq` on. */
export interface Epoch {
  readonly epoch: string
  readonly firstSeq: Seq
}

/** One page of a list in the order of its key; `after` is the last key of the page before. */
export interface ListPage {
  readonly after: string
  readonly limit: number
}

/** One page of rows in the order of a number; `after` is the last one of the page before. */
export interface KeyPage {
  readonly after: number
  readonly limit: number
}

/** A membership, named by what the rows of its page differ in: a channel's id or an account's. */
export interface MembershipRow extends Member {
  readonly id: number
  /** Its place in the order of the pages. */
  readonly key: number
}

/** Where a list of memberships stands: a slug and a handle. */
export type MembershipKey = readonly [slug: string, handle: string]

export interface FirstMember {
  readonly id: number
  readonly handle: string
}

export interface MemberCount {
  readonly channelId: number
  readonly members: number
  /** Whether the channel has more that were not counted. */
  readonly isPart: boolean
  /** Seq of the last event of the log as it was counted. */
  readonly asOf: Seq
}

/** Reading. Every answer is of one committed state at least as new as the last announced event. */
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
  /** Tokens that are neither revoked nor over at `now`. */
  countLiveTokens(accountId: number, now: Micros): Promise<number>
  /** Whether a token with `admin:*` lives at `now`, of an account that is not archived. */
  adminTokenExists(now: Micros): Promise<boolean>
  humansWithPassword(): Promise<Account[]>
  session(by: { hash: string } | { uuid: Uuid }): Promise<Session | undefined>
  /** Those that end after `now`, the newest first. */
  listSessions(accountId: number, now: Micros): Promise<Session[]>

  /** The newest first. */
  pairCodes(by: { uuid: Uuid } | { codeHash: string } | { selector: string }): Promise<PairCode[]>
  listPairCodes(page: ListPage): Promise<PairCodeView[]>

  channel(by: { id: number } | { uuid: Uuid } | { slug: string }): Promise<Channel | undefined>
  channelsByIds(ids: readonly number[]): Promise<Channel[]>
  listChannels(page: ListPage): Promise<Channel[]>
  /** Ids of the channels that anybody may know of, archived ones too, after an id and in rising order. */
  publicChannelIds(page: KeyPage): Promise<number[]>
  countChannels(): Promise<number>
  countMembers(channelIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  /**
   * How many active members each of these channels has. Where a statement keeps the serving thread, those of a channel
   * with very many members are not counted (`isPart`): count them by `countActiveIn`, page by page.
   */
  countActive(channelIds: readonly number[]): Promise<MemberCount[]>
  /** The active ones among the next members of a channel. `last` is undefined when there are no more. */
  countActiveIn(channelId: number, page: KeyPage): Promise<MemberCount & { last: number | undefined }>
  /** The memberships of an account, in the order of their keys. */
  membershipsOf(accountId: number, page: KeyPage): Promise<MembershipRow[]>
  /** Those of a channel, by account. */
  membershipsIn(channelId: number, page: KeyPage): Promise<MembershipRow[]>
  /** Active members by handle, in the order of code points, at most `limit`. */
  firstMembers(channelId: number, limit: number): Promise<FirstMember[]>
  /** By channel, then handle; `after` is the last pair of the page before. */
  listMemberships(
    filter: { accountId?: number; channelId?: number },
    page: { after: MembershipKey | null; limit: number },
  ): Promise<MembershipView[]>

  /** The next messages of a stretch; looks at no more than these. */
  messagePlaces(stretch: MessageStretch): Promise<MessagePlace[]>
  message(by: { seq: Seq } | { uuid: Uuid }): Promise<Message | undefined>
  /** Those at these places that pass the filter, without one deleted messages as well; in no order. */
  messagesBySeq(seqs: readonly Seq[], filter?: MessageFilter): Promise<Message[]>
  newestIn(channelIds: readonly number[]): Promise<ReadonlyMap<number, NewestMessage>>
  /** Highest seq whose message was created at or before the pair, by (created_at, id); 0 if none. */
  seqOfMoment(at: Micros, message: Uuid): Promise<Seq>

  /** The changes of settings at these places of the log; or the newest one of each key. */
  settingChanges(which: { readonly seqs: readonly Seq[] } | 'newest'): Promise<SettingChange[]>
  /** Changes before a place of the log, newest first, at most `limit`; of one key, or (null) of all. */
  settingHistory(key: string | null, page: { before: Seq; limit: number }): Promise<SettingChange[]>

  /**
   * Entries of the audit log that fit every filter, before an id and after another, newest first. `action` may be the
   * begin of one. Where a filter is set, what lies between the two is looked at.
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

  /** The retry key of an account, if it was used; without an answer it made a message. */
  usedKey(
    by: Pick<RetryKey, 'accountId' | 'key'>,
  ): Promise<{ readonly requestHash: string; readonly answer: string | null } | undefined>

  /** Names of the endpoints that have rows in the outbox. */
  outboxEndpoints(): Promise<string[]>
  /** Seqs of the first events that an endpoint is still to be told of, in order. */
  outbox(endpoint: string, limit: number): Promise<Seq[]>
  /** Seq of the last event that a projection has applied; 0 before the first. */
  projectionPosition(name: string): Promise<Seq>

  /** Events after `after`, oldest first, at most `limit`. */
  events(after: Seq, limit: number): Promise<EventRecord[]>
  /** Those after `after` and up to `upTo` that are of none of these types. */
  eventsExcept(types: readonly string[], after: Seq, upTo: Seq, limit: number): Promise<EventRecord[]>
  epochs(): Promise<Epoch[]>
  head(): Promise<Seq>
}

/** Reading and writing inside one transaction. What is appended is announced after the commit, and only then. */
export interface Writes extends Reads {
  /** Takes the next seq and instant and appends the event. */
  append(event: EventBody, actor: Account | null): Promise<LogEvent>
  /** The instant that the next event will carry. */
  now(): Micros
  insertAccount(account: NewAccount): Promise<Account>
  updateAccount(id: number, change: AccountChange): Promise<Account>
  insertToken(token: NewToken): Promise<Token>
  revokeToken(id: number): Promise<Token>
  /** Gives a token an end. */
  limitToken(id: number, expiresAt: Micros): Promise<void>
  insertSession(session: NewSession): Promise<Session>
  extendSession(id: number, expiresAt: Micros): Promise<void>
  /** `not`: one that stays. */
  deleteSessions(by: { id: number } | { accountId: number; not?: number | undefined }): Promise<Session[]>
  insertPairCode(code: NewPairCode): Promise<PairCode>
  /** Uses a code up; false if it was not active any more. `tokenId`: what it was redeemed for, if for a token. */
  redeemPairCode(id: number, tokenId: number | null, now: Micros): Promise<boolean>
  updatePairCode(id: number, change: { attempts?: number; state?: PairState }): Promise<void>
  insertChannel(channel: NewChannel): Promise<Channel>
  updateChannel(
    id: number,
    change: Partial<Pick<Channel, 'archivedAt' | 'name' | 'description' | 'kind'>>,
  ): Promise<Channel>
  /** `joined` is the member.joined event that was appended for it. */
  insertMembership(accountId: number, channelId: number, role: Role, joined: LogEvent): Promise<void>
  deleteMembership(accountId: number, channelId: number): Promise<void>
  updateMembership(accountId: number, channelId: number, role: Role): Promise<void>
  insertSettingChange(change: SettingChange): Promise<void>
  /** Adds an entry to the audit log, chained to the one before it. */
  audit(entry: AuditEntry): Promise<void>
  /** When the `n`th latest login attempt of the key was made, of those in a span of time. */
  nthAttempt(key: string, span: { after: Micros; upTo: Micros }, n: number): Promise<Micros | undefined>
  /** Notes a login attempt of each key. */
  insertAttempts(keys: readonly string[], at: Micros): Promise<void>
  /** Deletes up to `limit` attempts outside a span of time; answers how many there were. */
  forgetAttemptsBeyond(span: { after: Micros; upTo: Micros }, limit: number): Promise<number>
  /** Takes back the latest attempt of each key. */
  forgetAttempts(keys: readonly string[]): Promise<void>

  /** Puts an event, which this transaction appends, into the outbox of an endpoint. */
  enqueue(endpoint: string, seq: Seq): Promise<void>
  /** Removes an event that was delivered. */
  dequeue(endpoint: string, seq: Seq): Promise<void>
  /** Moves the position of a projection; false, and nothing is written, if it is not at `from`. */
  moveProjection(name: string, from: Seq, to: Seq): Promise<boolean>

  /** Notes when tokens or sessions, by their ids, were last used: one statement, whatever their number. */
  noteUses(of: 'tokens' | 'sessions', uses: ReadonlyMap<number, Micros>): Promise<void>
  /** Keeps a retry key with what was answered, which is sealed. */
  insertKey(used: RetryKey & { readonly answer: string }): Promise<void>
  /** Forgets up to `limit` retry keys of before `before`; answers how many went. */
  forgetKeys(before: Micros, limit: number): Promise<number>
  /**
   * Forgets those that ended before `before` of up to `limit` sessions after an id. Answers the last id that was looked
   * at; undefined when there are no more.
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
   * Writes one message in the next group commit; resolves when it is durable and announced.
   * @throws what `decide` throws, idempotency_conflict, storage_full, unavailable
   */
  post(plan: PostPlan): Promise<PostOutcome>
  /**
   * Runs the work inside a transaction of the one writer. It may run again after a neighbour's failure, so it has no
   * effect outside the transaction, waits for nothing but its own queries, and refuses before its first write.
   */
  transact<Result>(work: (tx: Writes) => Promise<Result>): Promise<Result>
  /** Registers what is told of committed events, in order of registration, before anybody gets an answer. */
  onCommit(listener: (events: readonly LogEvent[]) => void): void
  /** What is different where other processes write to the same log; absent where nobody else does. */
  readonly shared?: SharedLog
}

/** Who of several processes does a job that only one of them should do. */
export interface Leases {
  /**
   * Takes the lease of that name for `seconds`, or prolongs it; false while another process has it. Always true where
   * there is one process.
   */
  lease(name: string, seconds: number): Promise<boolean>
  /** Gives a lease back. */
  release(name: string): Promise<void>
}

/** Password hashing; slow on purpose, and off the serving thread. */
export interface Passwords {
  hash(password: string): Promise<string>
  /** False for a wrong password, also when `hash` is null: that takes as long. */
  verify(password: string, hash: string | null): Promise<boolean>
  /** Whether the hash was made with weaker parameters than ours. */
  isWeak(hash: string): boolean
}
